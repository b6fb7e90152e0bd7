"""The state of the user: cut-offs, introspection and the application's word; whoever is not sure lets nobody in."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from segue.errors import (
    AlreadyMigrated,
    ClaimsRefused,
    ConfigurationError,
    FetchFailed,
    SessionError,
    SignatureRefused,
    SignInRevoked,
    StateUnavailable,
    TokenExpired,
    UserBlocked,
    UserDeleted,
    UserUnknown,
)
from segue.migration.credential import BearerToken
from segue.migration.introspection import Introspection
from segue.migration.minting import MigrationResult
from segue.migration.model import Identity
from segue.migration.user_state import KEYS_ONLY, Standing
from segue.migration.web import MAX_BODY, WebRequest, WebResponse
from tests.migration.issuer import (
    API,
    ISSUER,
    NOW,
    PAGE,
    claims,
    key,
    provider,
    seconds,
    signed,
    token,
    welcome,
)
from tests.migration.world import (
    CLIENT,
    FAULTS,
    LATER,
    STRANGER,
    World,
    issuance,
    request,
    revoking,
    run_with_fault,
)

ASK = Introspection(url=f"{ISSUER}/introspect", client_id="api", client_secret="canary-client-secret")
SIGNED_IN = NOW - timedelta(hours=1)


def never(_identity: Identity) -> None:
    """A provider that never cut this user off; the world's `Users` answers for it."""


class Introspecting:
    """A provider that answers about tokens, or does not."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.seen: list[WebRequest] = []

    def exchange(self, request: WebRequest) -> WebResponse:
        """The answer, as it was given."""
        self.seen.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, WebResponse):
            return self.answer
        return WebResponse(status=200, body=json.dumps(self.answer).encode())


def world(answer: object, **rules: Any) -> World:
    """A deployment that introspects and gets this answer."""
    made = World(providers=(revoking(introspection=ASK, **rules),))
    made.issuer = Introspecting(answer)  # type: ignore[assignment]
    return made


# --- introspection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        {"active": True},
        {"active": True, "client_id": PAGE, "sub": "alice", "iss": ISSUER, "exp": seconds(NOW) + 60},
        {"active": True, "scope": "openid", "username": "whatever"},
    ],
    ids=["the least", "all that binds", "what does not"],
)
def test_active(answer: object) -> None:
    """An active token of this client migrates, after one exchange that shows the secret in a header alone."""
    asked = world(answer)
    made = request()
    assert asked.migrate(made).result is MigrationResult.MIGRATED
    (sent,) = asked.issuer.seen
    presented = made.credential
    assert sent.body is not None
    assert isinstance(presented, BearerToken)
    assert (sent.url, sent.method, f"token={presented.text}".encode() in sent.body) == (ASK.url, "POST", True)
    assert ASK.client_secret not in sent.body.decode() + sent.url + repr(sent) + repr(ASK)


def test_t9_inactive() -> None:
    """A token whose session was ended at the provider is refused for good (T9)."""
    asked = world({"active": False})
    with asked.nothing_written(), pytest.raises(SignInRevoked):
        asked.migrate()


@pytest.mark.parametrize(
    "answer",
    [
        {"active": True, "client_id": "another-application"},
        {"active": True, "client_id": None},
        {"active": True, "client_id": [PAGE]},
        {"active": True, "iss": "https://other.example"},
        {"active": True, "sub": "mallory"},
    ],
    ids=["another client", "client null", "clients", "another issuer", "another subject"],
)
def test_t1_active_for_somebody_else(answer: object) -> None:
    """Active, but of another client, issuer or subject: refused (T1)."""
    asked = world(answer)
    with asked.nothing_written(), pytest.raises(ClaimsRefused):
        asked.migrate()


@pytest.mark.parametrize("expires", [seconds(NOW), seconds(NOW) - 1, "soon", True], ids=repr)
def test_active_and_over(expires: object) -> None:
    """Active, and over by its own account: refused."""
    asked = world({"active": True, "exp": expires})
    with asked.nothing_written(), pytest.raises(TokenExpired):
        asked.migrate()


@pytest.mark.parametrize(
    "answer",
    [
        FetchFailed("old.example", "no answer in time"),
        WebResponse(status=500),
        WebResponse(status=401),
        WebResponse(status=429),
        WebResponse(status=204),
        WebResponse(status=200, body=b"<html>"),
        WebResponse(status=200, body=b'{"active": true'),
        WebResponse(status=200, body=b'{"active": true, "active": false}'),
        WebResponse(status=200, body=b'{"active": true, "x": "' + b"x" * MAX_BODY + b'"}'),
        {"active": "true"},
        {"active": 1},
        {"active": None},
        {},
    ],
    ids=[
        "silent",
        "broken",
        "our client refused",
        "too many",
        "no content",
        "a page",
        "torn",
        "both",
        "oversized",
        "text",
        "number",
        "null",
        "nothing",
    ],
)
def test_t12_an_error_is_neither_active_nor_inactive(answer: object) -> None:
    """Whatever is no clear answer lets nobody in and turns nobody away for good; the retry migrates (T12)."""
    asked = world(answer)
    with asked.nothing_written(), pytest.raises(StateUnavailable) as refused:
        asked.migrate()
    assert "canary" not in str(refused.value)
    asked.issuer = Introspecting({"active": True})  # type: ignore[assignment]
    assert asked.migrate(number=2, by=issuance(now=LATER)).result is MigrationResult.MIGRATED


def test_t18_nobody_is_asked_about_a_forged_token() -> None:
    """An authenticated exchange is made for tokens that hold, and for no others (T18)."""
    asked = world({"active": True})
    with pytest.raises(SignatureRefused):
        asked.migrate(request(token=signed(claims(), private=key("https://stranger.example"))))
    with pytest.raises(ClaimsRefused):
        asked.migrate(request(token=token(aud="https://another.example")))
    assert not asked.issuer.seen


def test_t9_signed_out_there_between_migration_and_retry() -> None:
    """A retry is asked about again: who was signed out meanwhile gets no tokens by it (T9)."""
    asked = world({"active": True})
    asked.migrate()
    asked.issuer = Introspecting({"active": False})  # type: ignore[assignment]
    with pytest.raises(SignInRevoked):
        asked.migrate(number=2)


def test_t8_a_strangers_replay_asks_nobody() -> None:
    """Whoever replays a migrated token without its client's key is refused before anybody is asked again (T8, T18)."""
    asked = world({"active": True}, check_user=welcome)
    asked.migrate()
    asked.asked.clear()
    for client_key in (STRANGER, None):
        with pytest.raises(AlreadyMigrated):
            asked.migrate(request(client_key=client_key), number=2)
    assert asked.asked == ["find_claim", "find_claim"]


# --- cut-offs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("configured", [True, False], ids=["for all", "for the user"])
@pytest.mark.parametrize(
    ("cut_off", "stands"),
    [
        (SIGNED_IN - timedelta(seconds=1), True),
        (SIGNED_IN, True),
        (SIGNED_IN + timedelta(milliseconds=1), False),
        (NOW + timedelta(days=1), False),
    ],
    ids=["before the sign-in", "at the sign-in", "just after it", "in the future"],
)
def test_t9_tokens_valid_since(*, configured: bool, cut_off: datetime, stands: bool) -> None:
    """A sign-in from before the cut-off is void, although its token was renewed after it (T9, T12)."""
    rules: dict[str, Any] = {"sign_ins_since": cut_off} if configured else {"valid_since": never}
    asked = World(providers=(revoking(**rules),))
    asked.users.since = None if configured else cut_off
    renewed = request(token=token(iat=seconds(NOW), auth_time=seconds(SIGNED_IN)))
    if stands:
        assert asked.migrate(renewed).result is MigrationResult.MIGRATED
    else:
        with asked.nothing_written(), pytest.raises(SignInRevoked):
            asked.migrate(renewed)


@pytest.mark.parametrize("answer", [NOW.replace(tzinfo=None), 1700000000, "2026-11-23", False], ids=repr)
def test_t12_cut_off_that_is_no_instant(answer: object) -> None:
    """A hook that answers anything but an instant or None lets nobody in (T12)."""
    asked = World(providers=(revoking(valid_since=never),))
    asked.users.since = answer
    with asked.nothing_written(), pytest.raises(ConfigurationError, match="valid_since"):
        asked.migrate()


# --- the application's word ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "refusal"),
    [
        (Standing.BLOCKED, UserBlocked),
        (Standing.DELETED, UserDeleted),
        (Standing.UNKNOWN, UserUnknown),
        (None, ConfigurationError),
        (True, ConfigurationError),
        ("active", ConfigurationError),
    ],
    ids=repr,
)
def test_t12_user_deleted_or_blocked(standing: object, refusal: type[SessionError]) -> None:
    """A user whom the application does not clearly want gets no session until it does (T12)."""
    asked = World(providers=(revoking(check_user=welcome),))
    asked.users.standing = standing
    with asked.nothing_written(), pytest.raises(refusal):
        asked.migrate()
    asked.users.standing = Standing.ACTIVE
    assert asked.migrate().result is MigrationResult.MIGRATED


@pytest.mark.parametrize("at", range(4), ids=["find_claim", "valid_since", "introspection", "check_user"])
@pytest.mark.parametrize("done", [True, False], ids=["after", "before"])
def test_t26_asking_fails(at: int, *, done: bool) -> None:
    """Whichever question fails, nothing is written, and the retry migrates (T26)."""
    asked = world({"active": True}, valid_since=never, check_user=welcome)
    with asked.nothing_written():
        error = run_with_fault(asked.flow(request()), asked.perform, at=at, done=done, stopped=False)
    assert error is not None
    assert error.code in {StateUnavailable.code, *(fault.code for fault in FAULTS.values())}
    assert asked.migrate(request(client_key=CLIENT), number=2).result is MigrationResult.MIGRATED


# --- what must be said -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"live_check": None}, "KEYS_ONLY"),
        ({"live_check": KEYS_ONLY, "check_user": welcome}, "somebody is"),
        ({"live_check": KEYS_ONLY, "maximum_age": timedelta(hours=25)}, "at most 24 hours"),
        ({"sign_ins_since": NOW.replace(tzinfo=None)}, "time zone"),
    ],
    ids=["nobody asked, silently", "nobody and somebody", "for too long", "no time zone"],
)
def test_t12_keys_only_is_said_by_name(changes: dict[str, Any], said: str) -> None:
    """Trusting signatures alone is a choice by name, and for a day at most (T12, T24)."""
    with pytest.raises(ConfigurationError, match=said):
        provider(**{"check_user": None, **changes})


@pytest.mark.parametrize(
    "changes",
    [{"url": "http://old.example/introspect"}, {"client_id": ""}, {"client_secret": ""}],
    ids=["plain http", "no client", "no secret"],
)
def test_t24_introspection_that_cannot_be_safe(changes: dict[str, str]) -> None:
    """An endpoint without TLS or without a client of ours is refused when it is configured (T24)."""
    good = {"url": f"{API}/introspect", "client_id": "api", "client_secret": "x"}
    with pytest.raises(ConfigurationError):
        Introspection(**{**good, **changes})
