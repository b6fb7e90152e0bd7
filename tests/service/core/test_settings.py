"""Settings by the reference's names: what they become, and the sentence with which a wrong one is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue.core.mapping_flows import KnownUsers
from segue.core.settings import read_app_settings
from segue.errors import ConfigurationError

if TYPE_CHECKING:
    from segue.json import JsonObject, JsonValue

INTERVAL = "access_token_dynamic_signing_key_update_interval"


def test_defaults() -> None:
    """Nothing configured is what the reference has."""
    found = read_app_settings({})
    assert found.lifetimes.access == timedelta(hours=1)
    assert found.lifetimes.refresh == timedelta(days=100)
    assert found.lifetimes.grace == timedelta(seconds=30)
    assert found.keys.update_interval == timedelta(days=7)
    assert (found.api_keys, found.mild_reuse, found.static_keys, found.check_database) == (
        (),
        False,
        False,
        False,
    )
    assert found.known_users is KnownUsers.EVERY_ID


@pytest.mark.parametrize("value", [1800, 1800.0, "1800", " 1800 "])
def test_numbers_as_text(value: JsonValue) -> None:
    """A number may be text."""
    assert read_app_settings({"access_token_validity": value}).lifetimes.access == timedelta(minutes=30)


@pytest.mark.parametrize("value", [True, "true", "TRUE"])
def test_switches_as_text(value: JsonValue) -> None:
    """So may true and false."""
    assert read_app_settings({"access_token_blacklisting": value}).check_database


def test_development() -> None:
    """In development a signing key may sign for seconds, and its successor is published a fifth before."""
    with pytest.raises(ConfigurationError, match="between 1 and"):
        read_app_settings({INTERVAL: 0.001})
    keys = read_app_settings({INTERVAL: "0.001"}, development=True).keys
    assert keys.update_interval == timedelta(seconds=3.6)
    assert keys.overlap == timedelta(seconds=0.72)
    with pytest.raises(ConfigurationError):
        read_app_settings({INTERVAL: 0.0001}, development=True)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"access_token_validity": 0}, "a whole number between 1 and 86400000 \\(seconds\\)"),
        ({"access_token_validity": 1.5}, "a whole number"),
        ({"access_token_validity": "x"}, "a whole number"),
        ({"access_token_validity": []}, "a whole number"),
        ({"access_token_validity": False}, "a whole number"),
        ({"access_token_validity": 10**400}, "a whole number"),
        ({"refresh_token_validity": "nan"}, "a number between"),
        ({"refresh_token_validity": "inf"}, "a number between"),
        ({"refresh_token_validity": 60}, "must be longer than access_token_validity"),
        ({"access_token_validity_jitter": 0.3}, "between 0 and 0.25"),
        ({"refresh_token_rotation_grace_period": 301}, "between 0 and 300"),
        ({"recent_token_reuse_behaviour": "NOTHING"}, "one of TOKEN_THEFT, UNAUTHORISED"),
        ({"access_token_blacklisting": "yes"}, "must be true or false"),
        ({"api_keys": "tooshort"}, "at least 20 of the characters"),
        ({"api_keys": "a-key-of-twenty-characters,x"}, "at least 20 of the characters"),
        ({"api_keys": "a key of twenty characters with blanks"}, "at least 20 of the characters"),
        ({"api_keys": 12345678901234567890}, "must be text"),
        ({"ip_deny_regex": "["}, "no regular expression"),
        ({"supertokens_min_cdi_version": "5"}, "a version such as 5.4"),
        ({"acess_token_validity": 5}, "called acess_token_validity; did you mean access_token_validity"),
        ({"<access_token_validity": 5}, "no setting of the name given; did you mean"),
        ({"ip_deny_regex": "(.*)*"}, "ip_deny_regex must not repeat a group"),
    ],
)
def test_refusals(config: JsonObject, words: str) -> None:
    """A value that cannot work is refused with what would."""
    with pytest.raises(ConfigurationError, match=words):
        read_app_settings(config)


def test_names_without_meaning() -> None:
    """What the reference has beside sessions is passed over."""
    assert read_app_settings({"password_reset_token_lifetime": 5, "bcrypt_log_rounds": "11"}).api_keys == ()


def test_keys_are_not_shown() -> None:
    """The text form of settings holds no key."""
    found = read_app_settings({"api_keys": "a-key-of-twenty-characters, another-key-of-twenty-characters"})
    assert len(found.api_keys) == 2
    assert "twenty" not in repr(found)
