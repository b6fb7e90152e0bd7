"""What an engine does beside answering: clean-up takes all that is over, batch by batch, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from segue.adapters.background import clean_up
from segue.config import Config
from segue.engine import AsyncEngine
from segue.http.settings import HttpSettings
from segue.ids import UserId
from segue.sessions.issuing import NewSession
from segue.sessions.policy import Lifetimes
from segue.stores.memory import AsyncMemoryStore
from tests.support.clock import ManualClock

SESSIONS = 350
LIFETIME = timedelta(days=1)


def someone(user: str) -> NewSession:
    """A session to be created."""
    return NewSession(user_id=UserId(user), payload={}, data={})


def test_clean_up_of_more_than_one_batch() -> None:
    """However many sessions are over, one call takes them all; those that live stay, and a batch is bounded."""
    clock = ManualClock(datetime(2026, 11, 5, 9, 30, tzinfo=UTC))
    engine = AsyncEngine(
        Config(
            http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
            secrets=("deployment secret of a test, 0123456789 abcdef",),
            lifetimes=Lifetimes(refresh=LIFETIME),
        ),
        store=AsyncMemoryStore(),
        clock=clock,
    )

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
