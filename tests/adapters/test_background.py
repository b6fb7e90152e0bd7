"""What an engine does beside answering: clean-up takes all that is over, batch by batch, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from segue.adapters.background import clean_up
from segue.config import Config
from segue.engine import AsyncEngine
from segue.http.settings import HttpSettings
from segue.ids import UserId
from segue.migration.model import DeliveryState
from segue.sessions.issuing import NewSession
from segue.sessions.policy import Lifetimes
from segue.stores.contract.examples import MOMENT, NOW, claim, delivery, session
from segue.stores.memory import AsyncMemoryStore
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
