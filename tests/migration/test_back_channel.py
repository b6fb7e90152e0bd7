"""Which logout tokens are believed: the provider's own, fresh, for us, and nothing else that it signs (T27)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from segue.errors import ConfigurationError, SessionError
from segue.flow import drive, performer
from segue.migration.back_channel import EVENT, BackChannelLogout, SignOut
from segue.migration.claim_rules import ClaimRules, SubjectRule
from segue.migration.credential import BearerToken
from segue.migration.verifying import verify, verify_logout_token
from tests.migration.issuer import ABSENT, ISSUER, NOW, PAGE, key, provider, seconds, token
from tests.migration.logout_tokens import LOGOUT, logout_token, telling
from tests.migration.world import World


def believed(text: str) -> SignOut:
    """What is taken from it."""
    world = World(providers=(telling(),))
    _, said = drive(verify_logout_token(text, world.migration, now=NOW), performer({}))
    return said


def code(text: str) -> str:
    """How it is refused."""
    with pytest.raises(SessionError) as caught:
        believed(text)
    return caught.value.code


def test_good_token() -> None:
    """It names a person, a sign-in and an instant."""
    said = believed(logout_token())
    assert (said.issuer, said.subject, said.session_id) == (ISSUER, "alice", "sign-in-1")
    assert said.at == NOW - timedelta(seconds=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"header": {"typ": "JWT"}},
        {"header": {"typ": ABSENT}},
        {"header": {"typ": "application/logout+jwt"}},
        {"exp": ABSENT},
        {"aud": ["somebody", PAGE]},
        {"events": {EVENT: {}, "https://example.com/other": {}}},
    ],
    ids=["untyped", "no typ", "whole media type", "no exp", "several audiences", "several events"],
)
def test_token_of_an_older_provider(changes: dict[str, Any]) -> None:
    """What providers leave out, or add, without saying anything else."""
    assert believed(logout_token(**changes)).subject == "alice"


def test_whole_person() -> None:
    """Without a session id everything of the person is meant."""
    assert believed(logout_token(sid=ABSENT)).session_id is None


FORGED: dict[str, tuple[dict[str, Any], str]] = {
    "another key": ({"private": key("https://other.example")}, "TOKEN_SIGNATURE_INVALID"),
    "another issuer": ({"iss": "https://other.example"}, "TOKEN_CLAIMS_INVALID"),
    "another client": ({"aud": "other"}, "TOKEN_CLAIMS_INVALID"),
    "nobody's": ({"aud": ABSENT}, "TOKEN_CLAIMS_INVALID"),
    "an access token": ({"header": {"typ": "at+jwt"}}, "TOKEN_CLAIMS_INVALID"),
    "no event": ({"events": ABSENT}, "TOKEN_CLAIMS_INVALID"),
    "another event": ({"events": {"https://example.com/other": {}}}, "TOKEN_CLAIMS_INVALID"),
    "an event without substance": ({"events": {EVENT: None}}, "TOKEN_CLAIMS_INVALID"),
    "events as a list": ({"events": [EVENT]}, "TOKEN_CLAIMS_INVALID"),
    "an ID token's nonce": ({"nonce": "n"}, "TOKEN_CLAIMS_INVALID"),
    "no jti": ({"jti": ABSENT}, "TOKEN_CLAIMS_INVALID"),
    "no iat": ({"iat": ABSENT}, "TOKEN_CLAIMS_INVALID"),
    "of nobody": ({"sub": ABSENT, "sid": ABSENT}, "TOKEN_CLAIMS_INVALID"),
    "a session id alone": ({"sub": ABSENT}, "TOKEN_CLAIMS_INVALID"),
    "stale": ({"iat": seconds(NOW - timedelta(minutes=3))}, "TOKEN_EXPIRED"),
    "over": ({"exp": seconds(NOW - timedelta(seconds=11))}, "TOKEN_EXPIRED"),
    "from the future": ({"iat": seconds(NOW + timedelta(seconds=30))}, "TOKEN_NOT_ACTIVE"),
    "a truth for a time": ({"iat": True}, "TOKEN_CLAIMS_INVALID"),
    "a number for a person": ({"sub": 7}, "TOKEN_CLAIMS_INVALID"),
}


@pytest.mark.parametrize(("changes", "expected"), FORGED.values(), ids=FORGED)
def test_t27_forged_logout(changes: dict[str, Any], expected: str) -> None:
    """A token that is forged, stale, or of another kind or client ends nobody's session (T27)."""
    assert code(logout_token(**changes)) == expected


def test_t27_access_token_as_logout() -> None:
    """A user's own token signs nobody out (T27)."""
    assert code(token()) == "TOKEN_CLAIMS_INVALID"


def test_t27_no_signature() -> None:
    """Neither a token without a signature nor one with half of it (T27)."""
    whole = logout_token()
    assert code(whole.rpartition(".")[0] + ".") in {"TOKEN_MALFORMED", "TOKEN_SIGNATURE_INVALID"}
    assert code("junk") == "TOKEN_MALFORMED"


def test_t2_logout_token_as_credential() -> None:
    """A logout token is no credential, although it is of the right issuer and person (T2)."""
    world = World(providers=(telling(),))
    flow = verify(
        BearerToken(text=logout_token(aud="https://api.example", azp=PAGE)), world.migration, now=NOW
    )
    with pytest.raises(SessionError) as caught:
        world.drive(flow)
    assert caught.value.code == "TOKEN_CLAIMS_INVALID"


def test_provider_that_is_not_believed() -> None:
    """Without the setting a logout token of the provider is nobody's."""
    world = World(providers=(provider(),))
    with pytest.raises(SessionError):
        drive(verify_logout_token(logout_token(), world.migration, now=NOW), performer({}))


def test_addressed_to_nobody() -> None:
    """Audiences are a set of exact client ids."""
    for wrong in (frozenset[str](), frozenset({""}), "page"):
        with pytest.raises(ConfigurationError, match="audiences"):
            BackChannelLogout(audiences=wrong)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "changes",
    [{"user_claim": "uid"}, {"rules": ClaimRules(subject=SubjectRule(claims=("oid",)))}],
    ids=["another claim", "a rule"],
)
def test_people_known_by_something_else(changes: dict[str, Any]) -> None:
    """Where people are not known by sub, a logout token would name others."""
    with pytest.raises(ConfigurationError, match="back_channel_logout"):
        provider(back_channel_logout=LOGOUT, **changes)
