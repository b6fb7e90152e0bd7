"""Ending the old session after the first use of the new one: nothing before, nothing lost, no write per request."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from segue import Config, Engine, HttpSettings, Revocation7009
from segue.errors import StoreUnavailable
from segue.http.message import HttpRequest
from segue.ids import SessionHandle
from segue.migration.endings import EndOldSession
from segue.migration.model import DeliveryState
from segue.migration.web import WebRequest, WebResponse
from segue.stores.memory import MemoryStore
from tests.support import issuer
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "a deployment secret for tests, 0123456789"


class Counting(MemoryStore):
    """A store that counts what it is asked, and may refuse one thing."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.refuses: str | None = None

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found):
            return found
        self.asked[name] += 1
        if name == self.refuses:
            raise StoreUnavailable("locked")
        return found


class Provider:
    """The provider on the web: notes what it is told to end."""

    def __init__(self) -> None:
        self.ended: list[WebRequest] = []

    def exchange(self, request: WebRequest) -> WebResponse:
        """Every revocation succeeds."""
        self.ended.append(request)
        return WebResponse(status=200)


class Process:
    """One process of a deployment; several share store and provider."""

    def __init__(self, store: Counting, provider: Provider, clock: ManualClock) -> None:
        revocation = Revocation7009(
            url=f"{issuer.ISSUER}revoke",
            client_id=issuer.CLIENT,
            allowed_token_types=frozenset({"access_token"}),
            when=EndOldSession.AFTER_FIRST_USE,
        )
        self.engine = Engine(
            Config(
                http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
                secrets=(SECRET,),
                providers=(replace(issuer.provider(), revocation=revocation),),
            ),
            store=store,
            web=provider,
            clock=clock,
        )

    def show(self, access: str) -> str:
        """The result for a page that asks again and has the session along."""
        response = self.engine.respond(
            HttpRequest(
                method="POST",
                path="/auth/migrate-session",
                headers=(("authorization", f"Bearer {issuer.token()}"), ("st-auth-mode", "header")),
                body=json.dumps({"session": access}).encode(),
            )
        )
        result: str = json.loads(response.body)["result"]
        return result

    def migrate(self) -> tuple[SessionHandle, str, str]:
        """A session, its access token and its refresh token."""
        response = self.engine.respond(
            HttpRequest(
                method="POST",
                path="/auth/migrate-session",
                headers=(("authorization", f"Bearer {issuer.token()}"), ("st-auth-mode", "header")),
            )
        )
        assert response.status == 200, response.body
        sent = dict(response.headers)
        sent |= dict(response.actions.headers)
        handle = SessionHandle(json.loads(response.body)["sessionHandle"])
        return handle, sent["st-access-token"], sent["st-refresh-token"]


@pytest.fixture
def clock() -> ManualClock:
    """The time of all processes."""
    return ManualClock(issuer.NOW)


@pytest.fixture
def store() -> Counting:
    """The store of all processes."""
    return Counting()


@pytest.fixture
def provider() -> Provider:
    """The provider of all processes."""
    return Provider()


@pytest.fixture
def start(store: Counting, provider: Provider, clock: ManualClock) -> Callable[[], Process]:
    """Starts another process."""
    return lambda: Process(store, provider, clock)


def test_nothing_is_ended_before_the_first_use(
    start: Callable[[], Process], provider: Provider, store: Counting
) -> None:
    """A new session that nobody uses leaves the old one alone; its first use ends it."""
    process = start()
    _, access, _ = process.migrate()
    for _ in range(3):
        process.engine.deliver()
    assert not provider.ended
    process.engine.verify_access_token(access)
    assert process.engine.deliver().done == 1
    assert len(provider.ended) == 1
    assert store.count_deliveries() == {DeliveryState.DONE: 1}


def test_a_page_that_shows_the_session_has_it(start: Callable[[], Process], provider: Provider) -> None:
    """`segue-web` asks a second time as its proof: that is a use, whichever process hears it."""
    _, access, _ = start().migrate()
    other = start()
    assert other.show(access) == "ALREADY"
    assert other.engine.deliver().done == 1
    assert len(provider.ended) == 1


def test_no_write_per_request(start: Callable[[], Process], store: Counting) -> None:
    """However often a session is used, the outbox is told once, by the next round."""
    process = start()
    _, access, _ = process.migrate()
    process.engine.verify_access_token(access)
    store.asked.clear()
    for _ in range(100):
        process.engine.verify_access_token(access)
    assert not store.asked
    for _ in range(3):
        process.engine.deliver()
    assert store.asked["release_deliveries"] == 1


@pytest.mark.parametrize("use", ["verify", "refresh", "refresh route"])
def test_used_in_another_process(start: Callable[[], Process], provider: Provider, use: str) -> None:
    """Whichever process sees the session used, by whatever: it knows from the store what is awaited."""
    _, access, refresh = start().migrate()
    other = start()
    other.engine.deliver()
    if use == "verify":
        other.engine.verify_access_token(access)
    elif use == "refresh":
        other.engine.refresh(refresh)
    else:
        headers = (("authorization", f"Bearer {refresh}"), ("st-auth-mode", "header"))
        answer = other.engine.respond(
            HttpRequest(method="POST", path="/auth/session/refresh", headers=headers)
        )
        assert answer.status == 200
    other.engine.deliver()
    assert len(provider.ended) == 1


def test_t26_process_dies_between_use_and_delivery(start: Callable[[], Process], provider: Provider) -> None:
    """What a process noticed and did not tell is noticed again at the next use (T26)."""
    process = start()
    _, access, refresh = process.migrate()
    process.engine.verify_access_token(access)
    del process
    after = start()
    after.engine.deliver()
    assert not provider.ended
    after.engine.refresh(refresh)
    after.engine.deliver()
    assert len(provider.ended) == 1


@pytest.mark.parametrize("refuses", ["release_deliveries", "held_sessions", "take_deliveries"])
def test_t26_store_fails_in_a_round(
    start: Callable[[], Process], store: Counting, provider: Provider, refuses: str
) -> None:
    """A round that fails loses nothing: the next one tells what was used (T26)."""
    process = start()
    _, access, _ = process.migrate()
    process.engine.verify_access_token(access)
    store.refuses = refuses
    with pytest.raises(StoreUnavailable):
        process.engine.deliver()
    store.refuses = None
    process.engine.deliver()
    assert len(provider.ended) == 1


def test_t9_sign_out_of_the_new_session_ends_the_old_one(
    start: Callable[[], Process], provider: Provider, clock: ManualClock
) -> None:
    """Who signs out before any use has his old session ended at once, and its token buys nothing (T9)."""
    process = start()
    handle, _, _ = process.migrate()
    other = start()
    assert other.engine.revoke(handle) == (handle,)
    other.engine.deliver()
    assert len(provider.ended) == 1
    clock.advance(timedelta(seconds=1))
    again = HttpRequest(
        method="POST",
        path="/auth/migrate-session",
        headers=(("authorization", f"Bearer {issuer.token()}"), ("st-auth-mode", "header")),
    )
    answer = other.engine.respond(again)
    assert (answer.status, json.loads(answer.body)["code"]) == (409, "ALREADY_MIGRATED")


def test_never_used(start: Callable[[], Process], provider: Provider, clock: ManualClock) -> None:
    """A new session that is never used takes the old one with it when that would have ended anyway."""
    process = start()
    process.migrate()
    lifetime = issuer.provider().session_lifetime
    clock.advance(lifetime - timedelta(minutes=15))
    process.engine.deliver()
    assert not provider.ended
    clock.advance(timedelta(minutes=15))
    process.engine.deliver()
    assert len(provider.ended) == 1
