"""What an engine does beside answering: clean-up takes all that is over, the outbox of a crowd is emptied at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from segue.adapters.background import BackgroundWork, clean_up
from segue.config import Config
from segue.engine import AsyncEngine
from segue.http.settings import HttpSettings
from segue.ids import UserId
from segue.migration.model import DeliveryState
from segue.migration.web import WebRequest, WebResponse
from segue.sessions.issuing import NewSession
from segue.sessions.policy import Lifetimes
from segue.stores.contract.examples import MOMENT, NOW, claim, delivery, session
from segue.stores.memory import AsyncMemoryStore
from tests.migration import issuer
from tests.migration.world import revoking
from tests.operations.watched import config, request, users
from tests.support.clock import ManualClock

SESSIONS = 350
LIFETIME = timedelta(days=1)


def someone(user: str) -> NewSession:
    """A session to be created."""
    return NewSession(user_id=UserId(user), payload={}, data={})


def engine_on(store: AsyncMemoryStore, clock: ManualClock) -> AsyncEngine:
    """An engine whose sessions live for a day."""
    return AsyncEngine(
        Config(
            http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
            secrets=("deployment secret of a test, 0123456789 abcdef",),
            lifetimes=Lifetimes(refresh=LIFETIME),
        ),
        store=store,
        clock=clock,
    )


def test_settled_deliveries_are_kept_for_a_month() -> None:
    """What was done is forgotten after thirty days; what was given up and what waits never by itself."""
    clock, store = ManualClock(NOW), AsyncMemoryStore()
    engine = engine_on(store, clock)
    states = (DeliveryState.DONE, DeliveryState.DEAD)

    async def life() -> list[int]:
        await store.claim_and_create(claim(1), session(1), tuple(map(delivery, range(3))))
        for number, state in enumerate(states):
            await store.settle_delivery(
                delivery(number).delivery_id, state=state, at=NOW, due_at=NOW, last_error=None
            )
        counts: list[int] = []
        for _ in range(2):
            clock.advance(timedelta(days=30))
            await clean_up(engine)
            counts.append(sum((await store.count_deliveries()).values()))
            clock.advance(MOMENT)
        return counts

    assert asyncio.run(life()) == [3, 2]
    assert asyncio.run(store.count_deliveries()) == {DeliveryState.DEAD: 1, DeliveryState.PENDING: 1}


def test_clean_up_of_more_than_one_batch() -> None:
    """However many sessions are over, one call takes them all; those that live stay, and a batch is bounded."""
    clock = ManualClock(datetime(2026, 11, 5, 9, 30, tzinfo=UTC))
    engine = engine_on(AsyncMemoryStore(), clock)

    async def life() -> tuple[int, int]:
        for number in range(SESSIONS):
            await engine.create_session(someone(f"over-{number}"))
        clock.advance(LIFETIME)
        await engine.create_session(someone("ada"))
        first = await engine.clean_up()
        return first, await clean_up(engine)

    first, rest = asyncio.run(life())
    assert 0 < first < SESSIONS
    assert first + rest == SESSIONS
    assert asyncio.run(engine.list_sessions(UserId("ada")))


CROWD = 250


class Told:
    """The provider's revocation endpoint: it takes tokens while it is there, and refuses some as junk."""

    def __init__(self, *, until: int, junk_each: int = CROWD + 1) -> None:
        self.until = until
        """From this request on it answers 503."""
        self.junk_each = junk_each
        """Every so often it is asked about junk."""
        self.asked = 0

    async def exchange(self, request: WebRequest) -> WebResponse:
        """See `AsyncWeb.exchange`."""
        assert request.method == "POST"
        self.asked += 1
        if self.asked > self.until:
            return WebResponse(status=503)
        return WebResponse(status=200 if self.asked % self.junk_each else 400)


def emptied(provider: Told) -> dict[DeliveryState, int]:
    """What has become of a crowd's old sessions after one look at the outbox."""
    store = AsyncMemoryStore()
    engine = AsyncEngine(config(revoking()), store=store, clock=ManualClock(issuer.NOW), web=provider)

    async def life() -> dict[DeliveryState, int]:
        for token in users(CROWD):
            assert (await engine.respond(request(token))).status == 200
        await BackgroundWork(engine)._empty_outbox()
        return await store.count_deliveries()

    return asyncio.run(life())


def test_outbox_of_a_crowd() -> None:
    """However many old sessions wait, one look ends them all, each once."""
    provider = Told(until=CROWD)
    assert emptied(provider) == {DeliveryState.DONE: CROWD}
    assert provider.asked == CROWD


def test_provider_fails_while_a_crowd_waits() -> None:
    """A provider that fails is left alone after the rounds that are under way; the rest have not used up a try."""
    provider = Told(until=50)
    assert emptied(provider) == {DeliveryState.DONE: 50, DeliveryState.PENDING: CROWD - 50}
    assert provider.asked <= 50 + 2 * 4 * 20


def test_junk_among_a_crowd() -> None:
    """Tokens that the provider refuses for good are given up, and hold nobody else up."""
    provider = Told(until=CROWD, junk_each=10)
    assert emptied(provider) == {DeliveryState.DONE: CROWD - 25, DeliveryState.DEAD: 25}
