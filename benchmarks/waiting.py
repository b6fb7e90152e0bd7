"""Many callers on one event loop, each waiting for its own answer before it asks again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

from benchmarks.measuring import Contender, Sample

LOOP = asyncio.new_event_loop()
"""Of all contenders: a store's futures belong to one loop."""


def waiters(
    name: str, operation: Callable[[int, int], Awaitable[object]], *, callers: int, count: int
) -> Contender:
    """*operation* gets the number of its caller and its own; *count* of them in all, a turn."""

    async def run() -> None:
        left = iter(range(count))

        async def caller(number: int) -> None:
            for mine in left:
                await operation(number, mine)

        await asyncio.gather(*(caller(number) for number in range(callers)))

    def turn() -> Sample:
        cpu, wall = time.process_time(), time.perf_counter()
        LOOP.run_until_complete(run())
        return Sample((time.process_time() - cpu) / count * 1e6, (time.perf_counter() - wall) / count * 1e6)

    return Contender(name, turn)


def alone(name: str, operation: Callable[[int, int], Awaitable[object]], *, count: int) -> Contender:
    """One caller; its wall time is the median of single operations."""

    async def run() -> list[float]:
        spent: list[float] = []
        for number in range(count):
            started = time.perf_counter()
            await operation(0, number)
            spent.append(time.perf_counter() - started)
        return spent

    def turn() -> Sample:
        cpu = time.process_time()
        spent = LOOP.run_until_complete(run())
        return Sample((time.process_time() - cpu) / count * 1e6, median(spent) * 1e6)

    return Contender(name, turn)
