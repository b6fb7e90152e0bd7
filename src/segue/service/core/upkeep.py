"""
What the core service does beside answering: delete what is over, empty removed apps, make signing keys ahead of need.

House rule: nothing that goes wrong in a round ends the work; every round is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

from segue.adapters.background import carefully
from segue.core import app_flows
from segue.flow import ask
from segue.ids import PUBLIC_APP
from segue.migration.ports import Ledger
from segue.service.core.service import CoreService
from segue.sessions.ports import SessionIndex

_CLEAN_EVERY = timedelta(minutes=5)
_KEYS_EVERY = timedelta(seconds=1)
_BATCH = 200
_FEED_KEPT = timedelta(days=7)
"""How long revocations are told of: not to us, but to engines on the same database, whose tokens may live long."""


class CoreUpkeep:
    """The work of one process."""

    def __init__(self, service: CoreService) -> None:
        """*service*: knows the apps and drives the flows."""
        self._service = service

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Work while the context lasts."""
        workers = [asyncio.create_task(each) for each in (self._keys(), self._clean())]
        try:
            yield
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def make_keys(self) -> None:
        """Have the keys at hand of the public app, and of every app that was asked for: the next key is due early."""
        now = self._service.now()
        for known in self._service.apps:
            if known.app_id == PUBLIC_APP or known.keys.plan is not None:
                await self._service.ready(known, now)

    async def clean_up(self) -> int:
        """Delete what is over, batch by batch, resting half as long as it works; how much there was to do."""
        loop, gone = asyncio.get_running_loop(), 0
        while True:
            begun = loop.time()
            batch = await self._service.run(_delete_expired(self._service.now()))
            if not batch:
                return gone
            gone += batch
            await asyncio.sleep((loop.time() - begun) / 2)

    async def _keys(self) -> None:
        while True:
            await carefully(self.make_keys)
            await asyncio.sleep(_KEYS_EVERY.total_seconds())

    async def _clean(self) -> None:
        while True:
            await carefully(self.clean_up)
            await asyncio.sleep(_CLEAN_EVERY.total_seconds())


async def _delete_expired(now: datetime) -> int:
    removed = await app_flows.clear_removals(now=now, limit=_BATCH)
    sessions = await ask(
        SessionIndex.delete_expired, at=now, revocations_before=now - _FEED_KEPT, limit=_BATCH
    )
    return removed + sessions + await ask(Ledger.delete_claims, kept_until_before=now, limit=_BATCH)
