"""
What an engine has to do beside answering: end old sessions at their providers, learn what was revoked elsewhere,
delete what is over, and look whether providers still publish the keys that were pinned.

One worker a process; several processes on one store share the work by the leases of the outbox. The feed of revocations
is looked at twice within the lag whatever happens, and at once when the store says that there is something new: a store
that says nothing, or cannot any more, costs time and no revocation. House rule: nothing that goes wrong in a round ends
the worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

from segue.engine import AsyncEngine
from segue.errors import SessionError
from segue.stores.ports import TellsOfRevocations

logger = logging.getLogger("segue")

_FLUSH_EVERY = 1.0
"""Seconds."""
_WORK_EVERY = timedelta(seconds=2)
_AT_ONCE = 20
"""Old sessions in one round of the outbox."""
_LANES = 4
"""Rounds side by side after a crowd has come: a provider that takes 0.1 s is told of forty a second, not of ten."""
_CLEAN_EVERY = timedelta(minutes=5)
_COMPARE_EVERY = timedelta(hours=1)
_LOOK_AHEAD = 0.5
"""Of the revocation lag: asked for this early, no request has to ask."""
_REST = 0.01
"""Seconds between two looks at the feed: a storm of notices is a hundred reads a second, no more."""
_LISTEN_AGAIN = 5.0


class BackgroundWork:
    """Delivers the outbox and keeps the tables small, on the running event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        """*engine*: stays its maker's to close, after the work has ended."""
        self._engine = engine
        self._wake = asyncio.Event()
        self._revoked = asyncio.Event()

    def wake(self) -> None:
        """Look at the outbox at once: somebody may have written to it."""
        self._wake.set()

    @contextlib.asynccontextmanager
    async def running(self, *, first: Callable[[], Awaitable[object]] | None = None) -> AsyncGenerator[None]:
        """
        Work while the context lasts.

        Args:
            first: done once before the first round, without holding up the context.
        """
        work = (self._work(first), self._watch(), self._listen())
        workers = [asyncio.create_task(each) for each in work]
        try:
            yield
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _watch(self) -> None:
        pause = max(self._engine.config.revocation_lag.total_seconds() * _LOOK_AHEAD, 0.05)
        while True:
            await _set_or_late(self._revoked, pause)
            await carefully(self._engine.watch_revocations)
            await asyncio.sleep(_REST)

    async def _listen(self) -> None:
        store = self._engine.store
        if not isinstance(store, TellsOfRevocations):
            return
        told = False
        while not told:
            told = await carefully(lambda: store.listen(self._revoked.set))
            await asyncio.sleep(_LISTEN_AGAIN)

    async def _work(self, first: Callable[[], Awaitable[object]] | None) -> None:
        if first is not None:
            await carefully(first)
        await asyncio.gather(self._deliver(), self._clean(), self._compare(), self._flush())

    async def _deliver(self) -> None:
        while True:
            await carefully(self._empty_outbox)
            await _set_or_late(self._wake, _WORK_EVERY.total_seconds())

    async def _empty_outbox(self) -> None:
        """One round; while there is more, and it is taken, round after round in several lanes."""
        if await self._round():
            await asyncio.gather(*(carefully(self._lane) for _ in range(_LANES)))

    async def _lane(self) -> None:
        more = True
        while more:
            more = await self._round()
            await asyncio.sleep(_REST)

    async def _round(self) -> bool:
        """Whether to go on at once: more may be due, and something was settled. What is given up holds up nobody."""
        report = await self._engine.deliver(limit=_AT_ONCE)
        return report.taken == _AT_ONCE and report.postponed < report.taken

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_EVERY)
            await carefully(self._engine.flush)

    async def _clean(self) -> None:
        while True:
            await carefully(lambda: clean_up(self._engine))
            await asyncio.sleep(_CLEAN_EVERY.total_seconds())

    async def _compare(self) -> None:
        while True:
            await carefully(self._engine.check_pins)
            await asyncio.sleep(_COMPARE_EVERY.total_seconds())


async def clean_up(engine: AsyncEngine) -> int:
    """
    Delete all that is over, batch by batch; how many rows went.

    Rests after each batch for half of the time that it took: however slow the disk is, requests get their share of it.
    """
    loop, gone = asyncio.get_running_loop(), 0
    while True:
        begun = loop.time()
        batch = await engine.clean_up()
        if not batch:
            return gone
        gone += batch
        await asyncio.sleep((loop.time() - begun) / 2)


async def _set_or_late(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()


async def carefully(step: Callable[[], Awaitable[object]]) -> bool:
    """Whether it went well; if not, that is in the log."""
    try:
        await step()
    except SessionError as error:
        logger.warning("background work will be tried again: %s", error)
    except Exception:
        logger.exception("background work failed and will be tried again")
    else:
        return True
    return False
