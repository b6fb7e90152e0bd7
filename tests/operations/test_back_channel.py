"""The back-channel logout route through whole engines, on every store: who signs out there is signed out here."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from segue import AsyncEngine, Engine
from segue.errors import SessionGone, StoreUnavailable
from segue.http.message import HttpRequest, HttpResponse
from segue.ids import AppId, Digest
from segue.stores.memory import AsyncMemoryStore, MemoryStore
from segue.stores.postgres import PostgresStore
from segue.stores.sqlite import SqliteStore
from tests.migration.issuer import ABSENT, NOW, provider, token
from tests.migration.logout_tokens import logout_token, telling
from tests.operations.watched import code_of, config, request
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue.migration.model import Claim
    from segue.stores.ports import Store

ROUTE = "/auth/backchannel-logout"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    made: Store
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "segue.sqlite3")
    else:
        made = PostgresStore(request.getfixturevalue("postgres_database"))
    yield made
    made.close()


def posted(body: str, *, content_type: str = FORM, path: str = ROUTE) -> HttpRequest:
    """What the provider's server sends."""
    headers = (("host", "localhost:8000"), ("content-type", content_type))
    return HttpRequest(method="POST", path=path, headers=headers, body=body.encode())


def said(engine: Engine, text: str) -> HttpResponse:
    """The answer to a logout token."""
    return engine.respond(posted(urlencode({"logout_token": text})))


def engine_on(store: Store) -> Engine:
    """One that believes the provider."""
    return Engine(config(telling()), store=store, clock=ManualClock(NOW))


def test_migrated_session_is_ended(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """The session is gone for a check of the database and, in this process, for every request; the log names nobody."""
    caplog.set_level(logging.INFO, logger="segue")
    engine = engine_on(store)
    migrated = engine.respond(request(token(), st_auth_mode="cookie"))
    access = next(cookie.value for cookie in migrated.actions.cookies if cookie.name == "sAccessToken")
    assert engine.verify_access_token(access).user_id == "alice"
    answer = said(engine, logout_token())
    assert (answer.status, dict(answer.headers)["cache-control"]) == (200, "no-store")
    with pytest.raises(SessionGone):
        engine.verify_access_token(access)
    assert code_of(engine.respond(request(token()))) == "SIGN_IN_REVOKED"
    assert "back-channel logout of old: 1 session(s) ended" in caplog.text
    assert "alice" not in caplog.text


def test_whole_person(store: Store) -> None:
    """A logout of the person ends every sign-in, whoever was moved before, and refuses those who come later."""
    engine = engine_on(store)
    for sid in ("sign-in-1", "sign-in-2"):
        assert code_of(engine.respond(request(token(sid=sid)))) == "MIGRATED"
    assert said(engine, logout_token(sid=ABSENT)).status == 200
    assert said(engine, logout_token(sid=ABSENT)).status == 200, "the provider may say it twice"
    assert code_of(engine.respond(request(token(sid="sign-in-3")))) == "SIGN_IN_REVOKED"
    assert engine.report().providers[0].total.migrated == 2


def test_forged(caplog: pytest.LogCaptureFixture) -> None:
    """What is not believed is 400 without a word about anybody; nothing is ended (T27)."""
    engine = engine_on(MemoryStore())
    engine.respond(request(token()))
    answer = said(engine, logout_token(aud="other"))
    assert (answer.status, code_of(answer)) == (400, "TOKEN_CLAIMS_INVALID")
    assert b"alice" not in answer.body
    assert code_of(engine.respond(request(token()))) == "ALREADY_MIGRATED"
    assert "back-channel logout refused: TOKEN_CLAIMS_INVALID" in caplog.text


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (posted("logout_token"), "REQUEST_INVALID"),
        (posted("logout_token="), "TOKEN_MISSING"),
        (posted("other=1"), "TOKEN_MISSING"),
        (posted('{"logout_token": "x"}', content_type="application/json"), "REQUEST_INVALID"),
        (posted("logout_token=a&logout_token=b"), "REQUEST_INVALID"),
        (posted("logout_token=" + "a" * 20_000), "REQUEST_INVALID"),
        (posted("logout_token=%ff"), "TOKEN_MALFORMED"),
        (posted("logout_token=junk"), "TOKEN_MALFORMED"),
    ],
    ids=["no value", "empty", "another field", "JSON", "two", "huge", "no text", "junk"],
)
def test_bad_form(made: HttpRequest, expected: str) -> None:
    """Anything but one token in a form is 400 with a code."""
    answer = engine_on(MemoryStore()).respond(made)
    assert (answer.status, code_of(answer)) == (400, expected)


def test_not_there_unless_configured() -> None:
    """Without a provider that is believed the address is the application's."""
    engine = Engine(config(provider()), store=MemoryStore(), clock=ManualClock(NOW))
    assert not engine.answers(posted(""))
    assert engine_on(MemoryStore()).answers(posted(""))


class _Broken(AsyncMemoryStore):
    async def find_claim(self, app_id: AppId, claim_id: Digest) -> Claim | None:
        """Fail."""
        raise StoreUnavailable(f"as told, for {app_id} and {len(claim_id)} bytes")


def test_store_does_not_answer() -> None:
    """The provider is told to try again, and not that it was done."""
    engine = AsyncEngine(config(telling()), store=_Broken(), clock=ManualClock(NOW))
    answer = asyncio.run(engine.respond(posted(urlencode({"logout_token": logout_token()}))))
    assert answer.status == 503
    assert "retry-after" in dict(answer.headers)
