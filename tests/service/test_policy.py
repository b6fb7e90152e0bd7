"""The policy in effect, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.service.policy import http_rules, policy_of, summary_of
from tests.service.files import PROVIDER, SMALLEST, load

if TYPE_CHECKING:
    from pathlib import Path

PINNED = (
    "[provider.keys]\npem = '''\n-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n'''\n"
)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (PROVIDER.replace('["https://api.example.com"]', '"any"'), "GIVEN UP: the audience"),
        (PROVIDER.replace('["spa"]', '"any"'), "GIVEN UP: the authorised party"),
        (PROVIDER + 'maximum_age = "90d"\n', "until 90d after they were issued"),
        (PROVIDER, "the old session is not ended"),
        (PROVIDER + 'carried_claims = ["role"]\n', "carried claims stay"),
        (PROVIDER + PINNED, "pinned keys without an end"),
    ],
)
def test_what_is_given_up_is_named(tmp_path: Path, given: str, sentence: str) -> None:
    """Each check that does not hold has its sentence, in the summary too."""
    (provider,) = load(tmp_path, SMALLEST + given).config.providers
    assert [text for text in policy_of(provider).given_up if sentence in text] != []
    assert sentence in summary_of(provider)


def test_pinned_keys_with_an_end_are_not_complained_of(tmp_path: Path) -> None:
    """A cut-over instant bounds what a leaked old key is good for."""
    text = SMALLEST + PROVIDER + "issued_before = 2030-01-01T00:00:00Z\n" + PINNED
    (provider,) = load(tmp_path, text).config.providers
    assert [text for text in policy_of(provider).given_up if "without an end" in text] == []


def test_nothing_is_given_up_by_default(tmp_path: Path) -> None:
    """With revocation and all else as it comes there is no such sentence."""
    revocation = '[provider.revocation]\nurl = "https://login.example.org/revoke"\nclient_id = "spa"\n'
    (provider,) = load(tmp_path, SMALLEST + PROVIDER + revocation).config.providers
    assert policy_of(provider).given_up == ()


def test_cookies_across_sites(tmp_path: Path) -> None:
    """What follows from the two addresses is said: cookies that cross sites, and the proof they need."""
    text = SMALLEST.replace("https://example.com", "https://example.net")
    rules = dict(http_rules(load(tmp_path, text).config))
    assert rules["cookies"] == "SameSite=None, Secure, HttpOnly, of the host alone"
    assert rules["proof against other sites"] == "a custom header"
