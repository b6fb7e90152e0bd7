"""Sessions that are made without the user doing anything: what they may continue, and what is told of them (T14)."""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from segue.errors import SessionError
from segue.http.message import HttpRequest
from segue.http.overlap import OnTheSpot
from segue.http.verify import Source
from segue.ids import PUBLIC_APP
from tests.migration.issuer import NOW, claims, key, provider, seconds, signed, token
from tests.operations.watched import API, Watched, client_key

if TYPE_CHECKING:
    from segue.http.flows import Authenticated
    from segue.http.overlap import OldSignIn

ROUTE = "migration route"
DOORS = (ROUTE, "on the spot")
ASSURANCE: dict[str, Any] = {
    "acr": "urn:mace:incommon:iap:silver",
    "amr": ["pwd", "mfa"],
    "st-mfa": {"v": True, "c": {"totp": 1}},
    "st-ev": {"v": True, "t": 1},
    "st-role": {"v": ["admin"], "t": 1},
    "roles": ["admin"],
    "email_verified": True,
}
NO_SIGN_IN = {
    "none": "",
    "one that was never there": signed(claims(), private=key("https://stranger.example")),
    "one whose token is over": token(exp=seconds(NOW) - 60),
    "one that is over": token(auth_time=seconds(NOW) - 31 * 86400),
}


def visit(process: Watched, text: str, *, key: str) -> Authenticated | OldSignIn | None:
    """A page is opened while the old sign-in is all that the browser has."""
    headers = [("authorization", f"Bearer {text}")] if text else []
    page = HttpRequest(
        method="GET", path="/api/me", headers=(*headers, ("idempotency-key", key), ("origin", API))
    )
    return process.engine.authenticate_either(page, required=False, migrate=OnTheSpot.SAFELY)


def enter(process: Watched, door: str, text: str, *, key: str) -> None:
    """Have a browser's user moved by one of the ways that need nothing of him; refusals are for the caller to count."""
    if door == ROUTE:
        process.ask(text, key=key)
        return
    try:
        visit(process, text, key=key)
    except SessionError as error:
        assert error.code  # noqa: PT017 - any refusal will do; what counts is that nothing was made


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("missing", NO_SIGN_IN)
def test_t14_there_is_nothing_to_continue(door: str, missing: str) -> None:
    """Without a sign-in at the provider that still stands no session is made, whatever the page asks (T14)."""
    process = Watched()
    enter(process, door, NO_SIGN_IN[missing], key=client_key())
    assert not process.sessions()
    assert "MIGRATED" not in process.codes


@pytest.mark.parametrize("door", DOORS)
def test_t14_a_session_made_silently_says_so(door: str) -> None:
    """It names the sign-in that it goes on with, keeps its time, and ends no later than that would have (T14)."""
    process = Watched()
    enter(process, door, token(), key=client_key())
    (session,) = process.sessions()
    assert session.provenance is not None
    assert seconds(session.provenance.authenticated_at) == claims()["auth_time"]
    assert session.absolute_expires_at is not None
    lifetime = provider().session_lifetime
    assert session.absolute_expires_at <= session.provenance.authenticated_at + lifetime


@pytest.mark.parametrize("door", DOORS)
def test_t14_never_more_assured_than_the_sign_in(door: str) -> None:
    """Of factors, verified addresses and roles that the old token tells, the new session tells nothing (T14)."""
    process = Watched()
    enter(process, door, token(**ASSURANCE), key=client_key())
    (session,) = process.sessions()
    assert session.payload.keys() == {"iss"}
    assert session.data == {}


@pytest.mark.parametrize("door", DOORS)
def test_t14_one_audited_event(door: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each session is one event, one line and one record of the store, however often it is asked for (T14)."""
    caplog.set_level(logging.INFO, "segue")
    process, keys = Watched(), [client_key() for _ in range(3)]
    for number, each in enumerate(keys):
        text = token(sub=f"user-{number}", sid=f"sign-in-{number}")
        for _ in range(3):
            enter(process, door, text, key=each)
        enter(process, door, text, key=client_key())  # somebody else
    made = [event for event in process.events if event.outcome.code == "MIGRATED"]
    assert len(process.sessions()) == len(made) == len({event.session for event in made}) == len(keys)
    lines = Counter(
        json.loads(record.getMessage().removeprefix("migration "))["code"]
        for record in caplog.records
        if record.getMessage().startswith("migration ")
    )
    stored = {
        each.outcome.code: each.count for each in process.store.count_attempts(PUBLIC_APP) if each.count
    }
    assert lines["MIGRATED"] == stored["MIGRATED"] == len(keys)


def test_t14_a_look_at_a_page_is_no_sign_in() -> None:
    """A browser that has neither session nor old credential stays a stranger, and leaves no trace (T14)."""
    process = Watched()
    assert visit(process, "", key=client_key()) is None
    assert (process.sessions(), process.events) == ((), [])


def test_t14_moved_on_the_spot_is_told_apart() -> None:
    """The application is told that this very answer made the session, so that it can show it to its user (T14)."""
    process = Watched()
    found = visit(process, token(), key=client_key())
    assert found is not None
    assert found.source is Source.MIGRATED
