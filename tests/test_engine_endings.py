"""Old sessions ended by a whole engine: over a real socket in several steps, and by the application's own functions."""

from __future__ import annotations

import asyncio
import json
import logging
from base64 import b64encode
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from segue import AsyncEngine, Config, Engine, HttpSettings
from segue.adapters.web import AsyncHttpWeb, HttpWeb
from segue.http.message import HttpRequest
from segue.migration.endings import ApplicationEnding, Ending, KeycloakAdminEnding, OldTokens
from segue.stores.memory import AsyncMemoryStore, MemoryStore
from tests.adapters.loopback_server import Exchange, serving
from tests.support import issuer
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Generator

SECRET = "a deployment secret for tests, 0123456789"
BASIC = "Basic " + b64encode(b"robot:canary-secret").decode()


def config(ending: Ending) -> Config:
    """A deployment whose one provider is told by *ending*."""
    return Config(
        http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
        secrets=(SECRET,),
        providers=(replace(issuer.provider(), revocation=ending),),
    )


def migration(sid: str) -> HttpRequest:
    """A page that presents the token of this sign-in."""
    token = issuer.token(sid=sid)
    headers = (("authorization", f"Bearer {token}"), ("st-auth-mode", "header"))
    return HttpRequest(method="POST", path="/auth/migrate-session", headers=headers)


class Keycloak:
    """Answers as Keycloak 26 does at the three places that are asked."""

    def __init__(self) -> None:
        self.sessions = {"session-1", "session-2"}
        self.good: str | None = "canary-token-1"
        self.granted = 0
        self.url = ""

    def answer(self, exchange: Exchange) -> None:
        """One exchange."""
        sent = exchange.headers
        if exchange.path == "/realms/shop/protocol/openid-connect/token":
            if sent["authorization"] != BASIC:
                return exchange.reply(401, b'{"error":"invalid_client"}')
            self.granted += 1
            granted = {"access_token": self.good, "token_type": "Bearer", "expires_in": 300}
            return exchange.reply(200, json.dumps(granted).encode())
        if sent["authorization"] != f"Bearer {self.good}":
            return exchange.reply(401, b'{"error":"HTTP 401 Unauthorized"}')
        where, _, session = exchange.path.rpartition("/")
        if exchange.command != "DELETE" or where != "/admin/realms/shop/sessions":
            return exchange.reply(404, b"<html>")
        if session not in self.sessions:
            return exchange.reply(404, b'{"error":"Session not found"}')
        self.sessions.remove(session)
        return exchange.reply(204)


@pytest.fixture
def keycloak() -> Generator[Keycloak]:
    """On a port of this machine."""
    keycloak = Keycloak()
    with serving(keycloak.answer) as server:
        keycloak.url = server.url
        yield keycloak


def ending_at(url: str, *, secret: str) -> KeycloakAdminEnding:
    """Configured for a realm there."""
    return KeycloakAdminEnding(issuer=f"{url}/realms/shop", client_id="robot", client_secret=secret)


@contextmanager
def engine_with(ending: Ending, *, web: HttpWeb | None = None) -> Generator[tuple[Engine, ManualClock]]:
    """An engine with a store of its own."""
    clock = ManualClock(issuer.NOW)
    engine = Engine(config(ending), store=MemoryStore(), web=web, clock=clock)
    with closing(engine):
        yield engine, clock


def test_several_steps_over_a_socket(keycloak: Keycloak, caplog: pytest.LogCaptureFixture) -> None:
    """A client's token is fetched once and ends every session; one that the provider withdraws is fetched anew."""
    ending = ending_at(keycloak.url, secret="canary-secret")
    with caplog.at_level(logging.DEBUG), HttpWeb() as web, engine_with(ending, web=web) as (engine, _):
        for sid in ("session-1", "session-gone"):
            assert engine.respond(migration(sid)).status == 200
        report = engine.deliver()
        assert (report.done, report.failures, keycloak.granted) == (2, (), 1)
        keycloak.good = "canary-token-2"
        assert engine.respond(migration("session-2")).status == 200
        assert engine.deliver().done == 1
        assert (keycloak.sessions, keycloak.granted) == (set(), 2)
        (told,) = engine.report().providers
        assert (told.ending, told.outbox) == ("keycloak_admin: this session, at once", {"done": 3})
        assert told.nothing_ended == {"GONE": 1}
    assert "canary" not in caplog.text


def test_several_steps_on_an_event_loop(keycloak: Keycloak) -> None:
    """An engine on an event loop does the same; a client that is refused waits to be mended."""

    async def story() -> None:
        store, clock = AsyncMemoryStore(), ManualClock(issuer.NOW)
        async with AsyncHttpWeb() as web:
            wrong, right = (
                AsyncEngine(config(ending_at(keycloak.url, secret=secret)), store=store, web=web, clock=clock)
                for secret in ("wrong", "canary-secret")
            )
            assert (await wrong.respond(migration("session-1"))).status == 200
            assert (await wrong.deliver()).failures == (("old", "CLIENT_REFUSED"),)
            (told,) = (await wrong.report()).providers
            assert told.failing == {"CLIENT_REFUSED": 1}
            clock.advance(timedelta(minutes=1))
            assert (await right.deliver()).done == 1
            (told,) = (await right.report()).providers
            assert (told.failing, told.outbox) == ({}, {"done": 1})

    asyncio.run(story())
    assert keycloak.sessions == {"session-2"}


def test_redirect_is_not_followed() -> None:
    """A provider that sends us elsewhere does not get our client's secret taken there."""
    with (
        serving(lambda exchange: exchange.reply(200)) as elsewhere,
        serving(lambda exchange: exchange.reply(307, location=f"{elsewhere.url}/x")) as server,
        HttpWeb() as web,
        engine_with(ending_at(server.url, secret="canary"), web=web) as (engine, _),
    ):
        assert engine.respond(migration("session-1")).status == 200
        assert engine.deliver().failures == (("old", "FETCH_FAILED"),)
        assert elsewhere.requests == []


def test_own_function_of_an_application() -> None:
    """A plain function is told of the old session once the new one is there, and again when it failed."""
    told: list[OldTokens] = []

    def end(old: OldTokens) -> None:
        told.append(old)
        if len(told) == 1:
            raise RuntimeError("the database is away")

    with engine_with(ApplicationEnding(end_session=end)) as (engine, clock):
        assert engine.respond(migration("session-1")).status == 200
        assert engine.deliver().failures == (("old", "APPLICATION_FAILED"),)
        clock.advance(timedelta(minutes=1))
        assert engine.deliver().done == 1
    assert [(old.subject, old.session_id) for old in told] == [("alice", "session-1")] * 2


def test_own_coroutine_function() -> None:
    """Under an event loop it may be a coroutine function; elsewhere the delivery waits until that is mended."""
    told: list[str | None] = []

    async def end(old: OldTokens) -> None:
        told.append(old.session_id)

    ending = ApplicationEnding(end_session=end)

    async def story() -> None:
        engine = AsyncEngine(config(ending), store=AsyncMemoryStore(), clock=ManualClock(issuer.NOW))
        assert (await engine.respond(migration("session-1"))).status == 200
        assert (await engine.deliver()).done == 1

    asyncio.run(story())
    assert told == ["session-1"]
    with engine_with(ending) as (engine, _):
        assert engine.respond(migration("session-1")).status == 200
        assert engine.deliver().failures == (("old", "CONFIGURATION_INVALID"),)


def test_what_was_given_up_is_in_the_report() -> None:
    """A session that nobody can end is dead at once, and the report says how many and why."""
    ending = ending_at("https://kc.example", secret="x")
    with HttpWeb() as web, engine_with(ending, web=web) as (engine, _):
        assert engine.respond(migration("../../users/1")).status == 200
        assert engine.deliver().dead == 1
        (told,) = engine.report().providers
    assert (told.given_up, told.outbox) == ({"ID_NOT_USABLE": 1}, {"dead": 1})
    assert "1 dead in the outbox" in told.waiting_for
