"""
Batches for an event loop.

House rule: a caller who is cancelled takes nobody with him.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeAlias

from segue.stores.postgres.batches import Answer, Item, Kind, Settled
from segue.stores.postgres.gathering import Caller, Gathered
from segue.stores.postgres.statements import AnyStatement, Parameter
from segue.stores.sql.statements import Row

Execute: TypeAlias = Callable[[AnyStatement, Sequence[Parameter]], Awaitable[list[Row]]]

SOLOS = 2
"""Callers who go alone at once while no batch is under way: two, so that one who waits for a lock stops nobody."""


class LoopBatcher(Generic[Item, Answer]):
    """Runs one kind of batch on one loop; one batch at a time, because a second would only make both smaller."""

    def __init__(
        self, kind: Kind[Item, Answer], *, execute: Execute, alone: Callable[[Item], Awaitable[Answer]]
    ) -> None:
        """
        Args:
            kind: what is gathered.
            execute: runs one statement.
            alone: does one item by the cheapest statement for one, which may wait for other transactions.
        """
        self._kind = kind
        self._execute = execute
        self._alone = alone
        self._solos = 0
        self._waiting: deque[Caller[Item, Answer]] = deque()
        self._ready: dict[Caller[Item, Answer], asyncio.Future[None]] = {}
        self._drain: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, item: Item) -> Answer:
        """Do the item, perhaps together with others; return when it is committed."""
        if self._drain is None and self._solos < SOLOS:
            return await self._go_alone(item)
        settled = await self._wait(Caller(item))
        return await self._alone(item) if settled is None else settled.answer

    async def finish(self) -> None:
        """Return when nothing is under way any more."""
        await self._idle.wait()

    async def _go_alone(self, item: Item) -> Answer:
        self._solos += 1
        self._idle.clear()
        try:
            return await self._alone(item)
        finally:
            self._solos -= 1
            if self._waiting and self._drain is None:
                self._drain = asyncio.create_task(self._serve_all(), name="segue-postgres-batches")
            self._rest()

    async def _wait(self, caller: Caller[Item, Answer]) -> Settled[Answer] | None:
        self._ready[caller] = future = asyncio.get_running_loop().create_future()
        self._waiting.append(caller)
        try:
            await future
        finally:
            caller.taken = True  # also if cancelled: nobody is there any more to be told
            del self._ready[caller]
        return caller.outcome()

    async def _serve_all(self) -> None:
        """Batch after batch until nobody waits."""
        try:
            while self._waiting:
                await self._serve(Gathered(self._kind, self._waiting))
                await asyncio.sleep(0)  # those who were answered may come again, and the next batch is fuller
        finally:
            self._drain = None
            self._rest()

    def _rest(self) -> None:
        if self._drain is None and not self._solos:
            self._idle.set()

    async def _serve(self, batch: Gathered[Item, Answer]) -> None:
        try:
            rows = await self._execute(self._kind.statement, self._kind.parameters(batch.items))
            batch.settle(rows)
        except Exception as error:  # noqa: BLE001 - it is the callers'
            batch.fail(error)
        finally:
            for caller in batch.callers:
                future = self._ready.get(caller)
                if future is not None and not future.done():
                    future.set_result(None)
