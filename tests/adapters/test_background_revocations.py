"""
How a process learns in the background of what another one has revoked: told by PostgreSQL, or looking for itself.

Where it is told, the lag is configured to be an hour: whoever feels a revocation within it was told.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from segue.adapters.background import BackgroundWork
from segue.config import Config
from segue.engine import AsyncEngine
from segue.errors import SessionGone
from segue.http.settings import HttpSettings
from segue.ids import UserId
from segue.sessions.issuing import NewSession
from segue.stores.memory import AsyncMemoryStore
from segue.stores.postgres import AsyncPostgresStore
from tests.support.postgres import started_server

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

    from segue.stores.ports import AsyncStore
    from tests.support.postgres import PostgresServer

HOUR = timedelta(hours=1)
SOON = timedelta(milliseconds=100)
LISTENERS = "FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"


@pytest.fixture(scope="module")
def mortal_server() -> Iterator[PostgresServer]:
    """One that no other test uses, because it is restarted here."""
    with started_server() as server:
        yield server


def engine_on(store: AsyncStore, *, lag: timedelta) -> AsyncEngine:
    """One of several processes on the same sessions."""
    config = Config(
        http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
        secrets=("deployment secret of a test, 0123456789 abcdef",),
        revocation_lag=lag,
    )
    return AsyncEngine(config, store=store)


@asynccontextmanager
async def two_processes(
    database: str, *, lag: timedelta = HOUR, pooler: bool = False
) -> AsyncGenerator[tuple[AsyncEngine, AsyncEngine]]:
    """Two engines with stores of their own; the second one works in the background."""
    here, there = (
        engine_on(AsyncPostgresStore(database, transaction_pooler=pooler), lag=lag) for _ in range(2)
    )
    async with BackgroundWork(there).running():
        if not pooler:
            await until(lambda: listeners(database) == 1)
        yield here, there
    await here.close()
    await there.close()


async def revoked_here_felt_there(here: AsyncEngine, there: AsyncEngine) -> None:
    """A session that was accepted there is revoked here; return when it is refused there."""
    issued = await here.create_session(NewSession(user_id=UserId("ada"), payload={}, data={}))
    await there.verify_access_token(issued.access.text)
    await here.revoke(issued.session.handle)

    async def refused() -> bool:
        try:
            await there.verify_access_token(issued.access.text)
        except SessionGone:
            return True
        return False

    await until(refused)


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    """Return when it holds; a plain function is asked in a thread."""
    async with asyncio.timeout(20):
        while True:
            if inspect.iscoroutinefunction(condition):
                held = await condition()
            else:
                held = await asyncio.to_thread(condition)
            if held:
                return
            await asyncio.sleep(0.01)


def listeners(database: str) -> int:
    """How many connections listen."""
    with psycopg.connect(database) as connection:
        (found,) = connection.execute(f"SELECT count(*) {LISTENERS}").fetchone() or (0,)
    return int(found)


def test_told_by_the_server(postgres_database: str) -> None:
    """What one process revokes, another refuses long before it would have looked."""

    async def run() -> None:
        async with two_processes(postgres_database) as (here, there):
            for _ in range(20):
                await revoked_here_felt_there(here, there)

    asyncio.run(run())


def test_revoked_while_the_connection_was_lost(postgres_database: str) -> None:
    """What was revoked while nobody could be told is caught up with as soon as there is a connection again."""

    def lose() -> None:
        with psycopg.connect(postgres_database) as connection:
            connection.execute(f"SELECT pg_terminate_backend(pid) {LISTENERS}")

    async def run() -> None:
        async with two_processes(postgres_database) as (here, there):
            for _ in range(3):
                await asyncio.to_thread(lose)
                await revoked_here_felt_there(here, there)
                await until(lambda: listeners(postgres_database) == 1)

    asyncio.run(run())


@pytest.mark.processes
def test_server_restarts(mortal_server: PostgresServer, caplog: pytest.LogCaptureFixture) -> None:
    """After the server was away a process is told again, and the log has one line for the loss and one for the end."""
    caplog.set_level(logging.INFO, logger="segue")
    database = mortal_server.dsn(mortal_server.new_database())

    async def run() -> None:
        async with two_processes(database) as (here, there):
            await revoked_here_felt_there(here, there)
            await asyncio.to_thread(mortal_server.stop)
            await until(lambda: "polled for" in caplog.text)
            await asyncio.to_thread(mortal_server.start)
            await until(lambda: listeners(database) == 1)
            await revoked_here_felt_there(here, there)

    asyncio.run(run())
    told = [record.message for record in caplog.records if "of revocations" in record.message]
    assert len(told) == 2
    assert "again" in told[1]


def test_behind_a_pooler(postgres_database: str, caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody can be told, revocations are felt by looking, which the log says once."""
    caplog.set_level(logging.INFO, logger="segue")

    async def run() -> None:
        async with two_processes(postgres_database, lag=SOON, pooler=True) as (here, there):
            for _ in range(3):
                await revoked_here_felt_there(here, there)
            assert listeners(postgres_database) == 0

    asyncio.run(run())
    assert caplog.text.count("polled for") == 1


class SilentStore(AsyncMemoryStore):
    """A store that promises to tell, and never does."""

    async def listen(self, revoked: Callable[[], None]) -> None:
        """See `TellsOfRevocations.listen`."""
        del revoked
        await asyncio.Event().wait()


class BrokenStore(AsyncMemoryStore):
    """A store that promises to tell, and fails."""

    async def listen(self, revoked: Callable[[], None]) -> None:
        """See `TellsOfRevocations.listen`."""
        raise RuntimeError(revoked)


@pytest.mark.parametrize("kind", [SilentStore, BrokenStore])
def test_store_that_tells_nothing(kind: type[AsyncMemoryStore]) -> None:
    """A process looks for itself, however much its store has promised."""

    async def run() -> None:
        store = kind()
        here, there = (engine_on(store, lag=SOON) for _ in range(2))
        async with BackgroundWork(there).running():
            await revoked_here_felt_there(here, there)

    asyncio.run(run())


class StormyStore(AsyncMemoryStore):
    """A store that never stops telling, and counts how often it is asked."""

    reads = 0

    async def listen(self, revoked: Callable[[], None]) -> None:
        """See `TellsOfRevocations.listen`."""
        for _ in range(2000):
            revoked()
            await asyncio.sleep(0)

    async def revocations_after(self, sequence: int, *, limit: int) -> tuple[()]:
        """See the port."""
        del sequence, limit
        self.reads += 1
        return ()


def test_storm_of_notices() -> None:
    """However many notices come in an instant, the store is asked for a few of them."""

    async def run() -> int:
        store = StormyStore()
        async with BackgroundWork(engine_on(store, lag=HOUR)).running():
            await store.listen(lambda: None)  # as long as the storm lasts
        return store.reads

    assert 1 <= asyncio.run(run()) < 20
