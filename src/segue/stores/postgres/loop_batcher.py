"""
Batches for an event loop.

House rule: a caller who is cancelled takes nobody with him.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeAlias

from segue.stores.postgres.batches import Answer, Item, Kind
from segue.stores.postgres.gathering import Caller, Gathered
from segue.stores.postgres.statements import AnyStatement, Parameter
from segue.stores.sql.statements import Row

Execute: TypeAlias = Callable[[AnyStatement, Sequence[Parameter]], Awaitable[list[Row]]]

LANES = 2
"""Batches under way at once: one is being written to disk while the next is put together."""


class LoopBatcher(Generic[Item, Answer]):
    """Runs one kind of batch on one loop."""

    def __init__(
        self,
        kind: Kind[Item, Answer],
        *,
        execute: Execute,
        alone: Callable[[Item], Awaitable[Answer]],
        lanes: int = LANES,
    ) -> None:
        """
        Args:
            kind: what is gathered.
            execute: runs one statement.
            alone: does one item, for whom a batch could not settle.
            lanes: how many batches may be under way.
        """
        self._kind = kind
        self._execute = execute
        self._alone = alone
        self._free = lanes
        self._waiting: deque[Caller[Item, Answer]] = deque()
        self._ready: dict[Caller[Item, Answer], asyncio.Future[None]] = {}
        self._draining: set[asyncio.Task[None]] = set()

    async def run(self, item: Item) -> Answer:
        """Do the item, perhaps together with others; return when it is committed."""
        caller: Caller[Item, Answer] = Caller(item)
        self._waiting.append(caller)
        if self._free:
            await self._go()
        else:
            await self._wait(caller)
        settled = caller.outcome()
        return await self._alone(item) if settled is None else settled.answer

    async def finish(self) -> None:
        """Return when nobody waits any more."""
        while self._draining:
            await asyncio.wait(self._draining)

    async def _go(self) -> None:
        """On a free lane, in the caller's own task."""
        self._free -= 1
        try:
            await self._serve(Gathered(self._kind, self._waiting))
        finally:
            if self._waiting:
                task = asyncio.create_task(self._drain(), name="segue-postgres-batches")
                self._draining.add(task)
                task.add_done_callback(self._draining.discard)
            else:
                self._free += 1

    async def _wait(self, caller: Caller[Item, Answer]) -> None:
        self._ready[caller] = future = asyncio.get_running_loop().create_future()
        try:
            await future
        finally:
            caller.taken = True  # also if cancelled: nobody is there any more to be told
            del self._ready[caller]

    async def _drain(self) -> None:
        """Batch after batch until nobody waits; then the lane is free again."""
        try:
            while self._waiting:
                await self._serve(Gathered(self._kind, self._waiting))
                await asyncio.sleep(0)  # those who were answered may come again, and the next batch is fuller
        finally:
            self._free += 1

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
