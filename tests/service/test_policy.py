"""The policy in effect, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.errors import ConfigurationError
from segue.migration.key_sources import PinnedKeys
from segue.migration.provider import Provider
from segue.service.policy import http_rules, policy_of, summary_of
from tests.service.files import ASKED, PROVIDER, SMALLEST, load

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
        (
            ASKED.replace("[provider.i", 'maximum_age = "90d"\n[provider.i'),
            "until 90d after they were issued",
        ),
        (
            PROVIDER,
            "GIVEN UP: keys alone decide; who is blocked or signed out at the provider still migrates for 1d",
        ),
        (PROVIDER, "the old session is not ended"),
        (PROVIDER + 'carried_claims = ["role"]\n', "carried claims stay"),
        (
            PROVIDER
            + '[[provider.carried_roles]]\nclaim = ["realm_access", "roles"]\nsession_claim = "st-role"\n'
            + 'maximum_age = "1h"\n',
            "st-role stays as it was at the provider for 1h",
        ),
        (PROVIDER + "issued_before = 2030-01-01T00:00:00Z\n" + PINNED, "a key that the provider withdraws"),
    ],
)
def test_what_is_given_up_is_named(tmp_path: Path, given: str, sentence: str) -> None:
    """Each check that does not hold has its sentence, in the summary too."""
    (provider,) = load(tmp_path, SMALLEST + given).config.providers
    assert [text for text in policy_of(provider).given_up if sentence in text] != []
    assert sentence in summary_of(provider)


@pytest.mark.parametrize(
    "end",
    ["issued_before = 2030-01-01T00:00:00Z\n", "deadline = 2030-01-01T00:00:00Z\n", "not_after"],
    ids=["issued_before", "deadline", "not_after"],
)
def test_t25_pinned_keys_have_an_end(tmp_path: Path, end: str) -> None:
    """Each of the three bounds what a leaked old key is good for; without one the settings are refused (T25)."""
    text = SMALLEST + PROVIDER + PINNED
    with pytest.raises(ConfigurationError, match="pinned keys without an end"):
        load(tmp_path, text)
    at_the_end = "not_after = 2030-01-01T00:00:00Z\n" if end == "not_after" else ""
    before = "" if at_the_end else end
    (provider,) = load(tmp_path, SMALLEST + PROVIDER + before + PINNED + at_the_end).config.providers
    assert isinstance(provider, Provider)
    assert isinstance(provider.keys, PinnedKeys)


def test_nothing_is_given_up_by_default(tmp_path: Path) -> None:
    """With introspection, revocation and all else as it comes there is no such sentence."""
    revocation = '[provider.revocation]\nurl = "https://login.example.org/revoke"\nclient_id = "spa"\n'
    (provider,) = load(tmp_path, SMALLEST + ASKED + revocation).config.providers
    assert policy_of(provider).given_up == ()


def test_cookies_across_sites(tmp_path: Path) -> None:
    """What follows from the two addresses is said: cookies that cross sites, and the proof they need."""
    text = SMALLEST.replace("https://example.com", "https://example.net")
    rules = dict(http_rules(load(tmp_path, text).config))
    assert rules["cookies"] == "SameSite=None, Secure, HttpOnly, of the host alone"
    assert rules["proof against other sites"] == "a custom header"
