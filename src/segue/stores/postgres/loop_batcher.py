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
"""Callers who go alone at once while no batch is under way; whoever comes besides begins a batch."""


class _Task(Caller[Item, Answer]):
    """One that waits on a loop."""

    __slots__ = ("ready",)

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def gone(self) -> bool:
        """Cancelled."""
        return self.ready.cancelled()

    def wake(self) -> None:
        """Let his task go on."""
        if not self.ready.done():
            self.ready.set_result(None)


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
        self._drain: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, item: Item) -> Answer:
        """Do the item, perhaps together with others; return when it is committed."""
        if self._drain is None and self._solos < SOLOS:
            return await self._go_alone(item)
        settled = await self._wait(_Task(item))
        return await self._go_alone(item) if settled is None else settled.answer

    async def finish(self) -> None:
        """Return when nothing is under way any more."""
        while not self._idle.is_set():
            await self._idle.wait()
            await asyncio.sleep(0)  # one whom a batch could not settle begins anew

    async def _go_alone(self, item: Item) -> Answer:
        self._solos += 1
        self._idle.clear()
        try:
            return await self._alone(item)
        finally:
            self._solos -= 1
            self._rest()

    async def _wait(self, caller: _Task[Item, Answer]) -> Settled[Answer] | None:
        self._waiting.append(caller)
        if self._drain is None:
            # Runs when this turn of the loop is over: whoever comes in the same turn is in the first batch.
            self._drain = asyncio.create_task(self._serve_all(), name="segue-postgres-batches")
        await caller.ready
        return caller.outcome()

    async def _serve_all(self) -> None:
        """Batch after batch until nobody waits."""
        try:
            while self._waiting:
                batch = Gathered(self._kind, self._waiting)
                if batch.items:  # else all were cancelled
                    await self._serve(batch)
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
                caller.wake()
