"""
What an engine has to do beside answering: end old sessions at their providers, learn what was revoked elsewhere, and
delete what is over.

One worker a process; several processes on one store share the work by the leases of the outbox. House rule: nothing
that goes wrong in a round ends the worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

from segue.engine import AsyncEngine
from segue.errors import SessionError

logger = logging.getLogger("segue")

_WORK_EVERY = timedelta(seconds=2)
_CLEAN_EVERY = timedelta(minutes=5)
_LOOK_AHEAD = 0.5
"""Of the revocation lag: asked for this early, no request has to ask."""


class BackgroundWork:
    """Delivers the outbox and keeps the tables small, on the running event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        """*engine*: stays its maker's to close, after the work has ended."""
        self._engine = engine
        self._wake = asyncio.Event()
        self._clean_at = 0.0

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
        workers = [asyncio.create_task(self._work(first)), asyncio.create_task(self._watch())]
        try:
            yield
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _watch(self) -> None:
        pause = max(self._engine.config.revocation_lag.total_seconds() * _LOOK_AHEAD, 0.05)
        while True:
            await asyncio.sleep(pause)
            await _carefully(self._engine.watch_revocations)

    async def _work(self, first: Callable[[], Awaitable[object]] | None) -> None:
        if first is not None:
            await _carefully(first)
        while True:
            await _carefully(self._round)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_WORK_EVERY.total_seconds()):
                    await self._wake.wait()
            self._wake.clear()

    async def _round(self) -> None:
        await self._engine.deliver()
        now = asyncio.get_running_loop().time()
        if now >= self._clean_at:
            self._clean_at = now + _CLEAN_EVERY.total_seconds()
            while await self._engine.clean_up():  # noqa: ASYNC110 - no waiting for anybody: requests go first
                await asyncio.sleep(0)


async def _carefully(step: Callable[[], Awaitable[object]]) -> None:
    try:
        await step()
    except SessionError as error:
        logger.warning("background work will be tried again: %s", error)
    except Exception:
        logger.exception("background work failed and will be tried again")
