"""Refresh durably on SQLite: 64 callers that share commits, against the same code committing each alone (goal 6)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import limits, scene
from benchmarks.measuring import alternate, here, times
from benchmarks.reporting import Goal, Report, main
from benchmarks.waiting import LOOP, alone, waiters
from segue import AsyncEngine
from segue.flow import Flow, T
from segue.stores.sqlite import AsyncSqliteStore
from segue.stores.sqlite.commit import Job
from segue.stores.sqlite.writer_thread import WriterThread, _Caller
from segue.tokens.algorithms import Algorithm

WAITERS = 64


class OneByOne(WriterThread):
    """The same thread and the same transactions, for one caller each and without gathering."""

    async def run(self, make: Callable[[], Flow[T]]) -> T:
        """As `WriterThread.run`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._enqueue([_Caller(job=Job(make), loop=loop, future=future)])
        return await future

    def _next_batch(self) -> list[_Caller[object]]:
        first = self._queue.get()
        return [] if first is None else [first]


class UnbatchedStore(AsyncSqliteStore):
    """Every write a commit of its own."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._writer = OneByOne(self._location)


def refreshing(store: AsyncSqliteStore) -> Callable[[int, int], Awaitable[object]]:
    """`AsyncEngine.refresh`; each caller has a session of its own and goes on with the token it got."""
    engine = AsyncEngine(scene.config(Algorithm.ES256), store=store)

    async def sign_in() -> list[str]:
        return [(await engine.create_session(scene.somebody(n))).refresh.text for n in range(WAITERS)]

    tokens = LOOP.run_until_complete(sign_in())

    async def refresh(caller: int, _number: int) -> None:
        tokens[caller] = (await engine.refresh(tokens[caller])).refresh.text

    return refresh


def measure(report: Report, rounds: int) -> None:
    """64 callers and one, gathered and each alone, in one process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        together, apart = (
            AsyncSqliteStore(folder / "together.sqlite3"),
            UnbatchedStore(folder / "apart.sqlite3"),
        )
        gathered, single = refreshing(together), refreshing(apart)
        found = alternate(
            [
                waiters("segue, 64 callers, commits shared", gathered, callers=WAITERS, count=3_000),
                waiters("segue, 64 callers, each its own commit", single, callers=WAITERS, count=600),
                alone("segue, 1 caller (wall: p50)", gathered, count=300),
                alone("segue, 1 caller, nothing gathered (wall: p50)", single, count=300),
                here("raw P-256 sign", limits.p256_sign(), count=3_000),
                here("bare SQLite commit, FULL", limits.sqlite_inserts(folder, batch=1), count=500),
                here(
                    "bare SQLite rows, FULL, 64 a commit",
                    limits.sqlite_inserts(folder, batch=64),
                    count=6_400,
                ),
            ],
            rounds=rounds,
        )
        for store in (together, apart):
            LOOP.run_until_complete(store.close())
    report.add(found)
    shared, own = found["segue, 64 callers, commits shared"], found["segue, 64 callers, each its own commit"]
    one, bare = found["segue, 1 caller (wall: p50)"], found["segue, 1 caller, nothing gathered (wall: p50)"]
    report.figures["64 callers: CPU of each its own commit over shared"] = times(own, shared)
    report.goals = [
        Goal(
            number=6,
            text="64 callers: rate of shared over own commits",
            value=times(own, shared, wall=True),
            bar=5,
        ),
        Goal(
            number=6,
            text="1 caller: p50 over that without gathering",
            value=times(one, bare, wall=True),
            bar=1.1,
            at_least=False,
        ),
    ]


if __name__ == "__main__":
    main("refresh", measure)
