"""
Refreshes on a filled table, timed one by one, and clean-up beside them.

House rule: a client goes on with the token it got; which session comes next is chance, from a seed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from statistics import quantiles

from benchmarks import scene
from segue import AsyncEngine
from segue.adapters.background import clean_up
from segue.stores.ports import AsyncStore
from segue.tokens.algorithms import Algorithm


@dataclass(slots=True)
class Timings:
    """How long each of many operations took, and what they cost together."""

    seconds: list[float] = field(default_factory=list[float])
    cpu: float = 0.0
    """Seconds of this process."""
    server_cpu: float = 0.0
    """Seconds of the database's processes."""
    wall: float = 0.0

    def percentile(self, percent: int) -> float:
        """Milliseconds."""
        return quantiles(self.seconds, n=100)[percent - 1] * 1e3

    def summary(self) -> dict[str, float]:
        """For the report."""
        count = len(self.seconds)
        return {
            "operations": count,
            "p50_ms": round(self.percentile(50), 3),
            "p99_ms": round(self.percentile(99), 3),
            "per_second": round(count / self.wall, 1),
        }

    def cost(self) -> dict[str, float]:
        """Microseconds of CPU for each, here and in the database; where nothing else was done meanwhile."""
        count = len(self.seconds)
        return {
            "cpu_us": round(self.cpu / count * 1e6, 1),
            "database_cpu_us": round(self.server_cpu / count * 1e6, 1),
        }


class Table:
    """A filled table and the clients of its real sessions."""

    def __init__(
        self, store: AsyncStore, tokens: list[str], *, luck: Random, server_cpu: Callable[[], float]
    ) -> None:
        """Close it with `close`."""
        self.engine = AsyncEngine(scene.config(Algorithm.ES256), store=store)
        self._tokens = tokens
        self._luck = luck
        self._server_cpu = server_cpu
        self._order: list[int] = []
        self._made = 0

    async def refresh(self) -> None:
        """Some session's; all once before any twice, so that most rows are met cold."""
        if not self._order:
            self._order = list(range(len(self._tokens)))
            self._luck.shuffle(self._order)
        chosen = self._order.pop()
        self._tokens[chosen] = (await self.engine.refresh(self._tokens[chosen])).refresh.text

    async def create(self) -> None:
        """One more session."""
        self._made += 1
        await self.engine.create_session(scene.somebody(self._made))

    async def turn(self, into: Timings, *, count: int, callers: int) -> None:
        """So many refreshes by so many callers at once."""
        left = iter(range(count))

        async def caller() -> None:
            for _ in left:
                await _timed(self.refresh, into)

        cpu, server, wall = time.process_time(), self._server_cpu(), time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(callers)))
        into.cpu += time.process_time() - cpu
        into.server_cpu += self._server_cpu() - server
        into.wall += time.perf_counter() - wall

    async def clean_up_under_load(self, *, callers: int) -> tuple[Timings, Timings, int]:
        """
        Refresh and create at full speed, every second caller each, while clean-up runs to its end.

        Returns the refreshes, the creations, and how many rows clean-up took away.
        """
        refreshes, creations, over = Timings(), Timings(), asyncio.Event()

        async def caller(number: int) -> None:
            operation, into = (self.create, creations) if number % 2 else (self.refresh, refreshes)
            while not over.is_set():
                await _timed(operation, into)

        started = time.perf_counter()
        tasks = [asyncio.create_task(caller(number)) for number in range(callers)]
        gone = await clean_up(self.engine)
        refreshes.wall = creations.wall = time.perf_counter() - started
        over.set()
        await asyncio.gather(*tasks)
        return refreshes, creations, gone

    async def only_load(self, *, callers: int, seconds: float) -> tuple[Timings, Timings]:
        """The same without clean-up."""
        refreshes, creations = Timings(), Timings()
        started = time.perf_counter()

        async def caller(number: int) -> None:
            operation, into = (self.create, creations) if number % 2 else (self.refresh, refreshes)
            while time.perf_counter() < started + seconds:
                await _timed(operation, into)

        await asyncio.gather(*(caller(number) for number in range(callers)))
        refreshes.wall = creations.wall = time.perf_counter() - started
        return refreshes, creations

    async def close(self) -> None:
        """Close the store."""
        await self.engine.close()


async def _timed(operation: Callable[[], Awaitable[None]], into: Timings) -> None:
    started = time.perf_counter()
    await operation()
    into.seconds.append(time.perf_counter() - started)
