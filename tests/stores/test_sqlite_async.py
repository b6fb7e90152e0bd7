"""The asynchronous SQLite store: one writer for all tasks, reads that do not wait for it, cancellation."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING

import pytest

from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP, PUBLIC_TENANT
from segue.sessions.model import ByTenant
from segue.stores.contract.examples import NOW, handle, session
from segue.stores.sql import session_flows
from segue.stores.sqlite import AsyncSqliteStore

if TYPE_CHECKING:
    from pathlib import Path


class Pause:
    """A write that stays in its transaction until it is let go."""

    def __init__(self) -> None:
        self.inside = Event()
        self.go_on = Event()

    async def flow(self) -> None:
        """The write: session 0."""
        await session_flows.create_session(session(0))
        self.inside.set()
        self.go_on.wait(10)


@pytest.fixture
def path(folder: Path) -> Path:
    """Of a file to be made."""
    return folder / "segue.sqlite3"


def test_tasks_share_a_transaction(path: Path) -> None:
    """Writes that come while one is being written are all in the next transaction."""

    async def life() -> list[str]:
        async with AsyncSqliteStore(path) as store:
            pause, log = Pause(), list[str]()
            first = asyncio.create_task(store._write(pause.flow))
            await asyncio.to_thread(pause.inside.wait, 10)
            (connection,) = store._writer.connections()
            connection.set_trace_callback(log.append)
            others = [asyncio.create_task(store.create_session(session(number))) for number in range(1, 65)]
            await asyncio.sleep(0)  # each has put its write into the queue
            pause.go_on.set()
            await asyncio.gather(first, *others)
            connection.set_trace_callback(None)
            return log

    log = asyncio.run(life())
    assert [line.split()[0] for line in log] == ["COMMIT", "BEGIN", *["INSERT"] * 64, "COMMIT"]


def test_reads_do_not_wait_for_writes(path: Path) -> None:
    """While a transaction is open, reads answer, and see nothing of it."""

    async def life() -> None:
        async with AsyncSqliteStore(path) as store:
            await store.create_session(session(1))
            pause = Pause()
            writing = asyncio.create_task(store._write(pause.flow))
            await asyncio.to_thread(pause.inside.wait, 10)
            assert await store.load_session(PUBLIC_APP, handle(1)) == session(1)
            assert await store.load_session(PUBLIC_APP, handle(0)) is None
            found = await store.list_sessions(
                PUBLIC_APP, ByTenant(tenant_id=PUBLIC_TENANT), at=NOW, limit=1000
            )
            assert found == (session(1),)
            assert not writing.done()
            pause.go_on.set()
            await writing
            assert await store.load_session(PUBLIC_APP, handle(0)) == session(0)

    asyncio.run(life())


def test_cancelled_while_waiting(path: Path) -> None:
    """A caller that is cancelled while it waits is not written, and its neighbours are answered."""

    async def life() -> None:
        async with AsyncSqliteStore(path) as store:
            pause = Pause()
            first = asyncio.create_task(store._write(pause.flow))
            await asyncio.to_thread(pause.inside.wait, 10)
            others = [asyncio.create_task(store.create_session(session(number))) for number in range(1, 5)]
            await asyncio.sleep(0)
            others[1].cancel()
            await asyncio.sleep(0)
            pause.go_on.set()
            results = await asyncio.gather(first, *others, return_exceptions=True)
            assert [type(result) for result in results if result] == [asyncio.CancelledError]
            assert await store.load_session(PUBLIC_APP, handle(2)) is None
            assert await store.load_session(PUBLIC_APP, handle(4)) == session(4)

    asyncio.run(life())


def test_cancelled_while_written(path: Path) -> None:
    """A caller that is cancelled while it is being written breaks nothing; what was written stays."""

    async def life() -> None:
        async with AsyncSqliteStore(path) as store:
            pause = Pause()
            first = asyncio.create_task(store._write(pause.flow))
            await asyncio.to_thread(pause.inside.wait, 10)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            pause.go_on.set()
            await store.create_session(session(1))
            assert await store.load_session(PUBLIC_APP, handle(0)) == session(0)

    asyncio.run(life())


def test_several_loops(path: Path) -> None:
    """One store serves several loops, one after the other and at the same time."""
    store = AsyncSqliteStore(path)

    async def create(start: int) -> None:
        await asyncio.gather(*(store.create_session(session(start + number)) for number in range(10)))

    async def at_once() -> None:
        await asyncio.gather(
            *(asyncio.to_thread(asyncio.run, create(100 * number)) for number in range(1, 5))
        )

    asyncio.run(create(0))
    asyncio.run(at_once())

    async def end() -> None:
        found = await store.list_sessions(PUBLIC_APP, ByTenant(tenant_id=PUBLIC_TENANT), at=NOW, limit=1000)
        assert len(found) == 50
        await store.close()

    asyncio.run(end())


def test_loop_that_ends_before_its_answer(path: Path) -> None:
    """A loop that is closed while its write is under way harms no other loop."""
    store, pause = AsyncSqliteStore(path), Pause()

    async def leave() -> None:
        writing = asyncio.create_task(store._write(pause.flow))
        await asyncio.to_thread(pause.inside.wait, 10)
        writing.cancel()

    async def stay() -> None:
        await store.create_session(session(1))
        await store.close()

    asyncio.run(leave())
    pause.go_on.set()
    asyncio.run(stay())


def test_close_writes_what_waits(path: Path) -> None:
    """Closing finishes every write that was begun, and refuses the next."""

    async def life() -> None:
        store = AsyncSqliteStore(path)
        pause = Pause()
        writes = [asyncio.create_task(store._write(pause.flow))]
        await asyncio.to_thread(pause.inside.wait, 10)
        writes += [asyncio.create_task(store.create_session(session(number))) for number in range(1, 5)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        pause.go_on.set()
        await asyncio.gather(closing, *writes)
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.create_session(session(9))
        async with AsyncSqliteStore(path) as again:
            assert await again.load_session(PUBLIC_APP, handle(4)) == session(4)

    asyncio.run(life())
