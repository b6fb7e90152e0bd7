"""The revocation feed of several instances: complete for whoever reads on, and told by the server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

import psycopg
import pytest

from segue.ids import PUBLIC_APP, UserId, to_milliseconds
from segue.sessions.model import ByUser
from segue.stores.contract.examples import NOW, handle, session, sign_out
from segue.stores.postgres import AsyncPostgresStore, PostgresStore
from segue.stores.postgres.listening import listen
from segue.stores.postgres.location import locate
from segue.stores.postgres.statements import TEXTS
from segue.stores.sql.statements import Statement
from segue.stores.sql.values import list_to_text
from tests.support.postgres import PASSWORD, USER
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.ids import SessionHandle
    from tests.support.postgres import PostgresServer

USERS = 8
ROUNDS = 25


@pytest.fixture
def store(postgres_database: str) -> Iterator[PostgresStore]:
    """An empty one."""
    with PostgresStore(postgres_database) as made:
        yield made


def delete(store: PostgresStore, number: int) -> None:
    """Sign session *number* out."""
    store.delete_sessions(PUBLIC_APP, (handle(number),), at=NOW)


def read_on(store: PostgresStore, after: int) -> tuple[int, list[SessionHandle]]:
    """What a process does every second: the last sequence it now knows, and what is new."""
    entries = store.revocations_after(after, limit=1000)
    return entries[-1].sequence if entries else after, [entry.handle for entry in entries]


def test_deletion_that_is_committed_late(postgres_database: str, store: PostgresStore) -> None:
    """While one deletion is not committed yet, no later one can be seen, so that a reader never passes one by."""
    store.create_session(session(1))
    store.create_session(session(2))
    with psycopg.connect(postgres_database, cursor_factory=psycopg.RawCursor) as slow:
        parameters = (PUBLIC_APP, list_to_text([handle(1)]), to_milliseconds(NOW))
        slow.execute(TEXTS[Statement.DELETE_SESSIONS].encode(), parameters)
        with ThreadPoolExecutor(1) as threads:
            fast = threads.submit(delete, store, 2)
            wait_until(
                lambda: fast.done() or _waits_for_a_lock(postgres_database), what="the second deletion"
            )
            last, first_seen = read_on(store, 0)
            slow.commit()
            fast.result()
    _, then_seen = read_on(store, last)
    assert first_seen + then_seen == [handle(1), handle(2)]


def test_reader_among_those_who_delete(store: PostgresStore) -> None:
    """A reader who always goes on from the last entry he saw gets every one, however many delete at once."""
    for user in range(USERS):
        for number in range(ROUNDS):
            store.create_session(session(1000 * user + number, user_id=UserId(f"user {user}")))
    done = Event()

    def leave(user: int) -> None:
        for number in range(ROUNDS - 5):
            delete(store, 1000 * user + number)
        sign_out(store, ByUser(user_id=UserId(f"user {user}")))

    def read() -> list[SessionHandle]:
        last = 0
        seen: list[SessionHandle] = []
        while True:
            over = done.is_set()
            last, new = read_on(store, last)
            seen += new
            if over and not new:
                return seen

    with ThreadPoolExecutor(USERS + 1) as threads:
        reading = threads.submit(read)
        list(threads.map(leave, range(USERS)))
        done.set()
        seen = reading.result()
    assert sorted(seen) == [handle(1000 * user + number) for user in range(USERS) for number in range(ROUNDS)]
    assert store.last_revocation() == USERS * ROUNDS


# --- being told -------------------------------------------------------------------------------------------------------


class Told:
    """What a listener was told."""

    def __init__(self) -> None:
        self._notices: asyncio.Queue[None] = asyncio.Queue()

    def __call__(self) -> None:
        self._notices.put_nowait(None)

    @property
    def more(self) -> bool:
        """Something that was not waited for."""
        return not self._notices.empty()

    async def once(self) -> None:
        """Wait for the next notice."""
        await asyncio.wait_for(self._notices.get(), 20)


def test_told_of_a_revocation(postgres_database: str, store: PostgresStore) -> None:
    """A listener is told of what any process revokes, and not of what is merely created or cleaned up."""
    store.create_session(session(1))

    async def run() -> None:
        async with AsyncPostgresStore(postgres_database) as listener:
            told = Told()
            listening = asyncio.create_task(listener.listen(told))
            await told.once()  # the connection is new
            await asyncio.to_thread(store.create_session, session(2))
            await asyncio.to_thread(delete, store, 99)
            await asyncio.to_thread(delete, store, 1)
            await told.once()
            assert len(await listener.revocations_after(0, limit=10)) == 1
        await asyncio.wait_for(listening, 10)
        assert not told.more

    asyncio.run(run())


def test_connection_for_listening_is_lost(postgres_database: str, store: PostgresStore) -> None:
    """A listener that lost its connection gets a new one, and is told to look at the feed."""
    store.create_session(session(1))

    async def run() -> None:
        async with AsyncPostgresStore(postgres_database) as listener:
            told = Told()
            listening = asyncio.create_task(listener.listen(told))
            await told.once()
            await asyncio.to_thread(_end_listeners, postgres_database)
            await told.once()
            await asyncio.to_thread(delete, store, 1)
            await told.once()
            listening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await listening

    asyncio.run(run())


def test_heartbeats_keep_the_connection(postgres_database: str) -> None:
    """A silent connection that is there is asked again and again, and stays the same one."""

    async def run() -> None:
        location = locate(
            postgres_database,
            pool_size=1,
            connect_timeout=timedelta(seconds=20),
            statement_timeout=timedelta(seconds=20),
            acquire_timeout=timedelta(seconds=20),
            transaction_pooler=False,
        )
        stop, told = asyncio.Event(), Told()
        beat = timedelta(milliseconds=10)
        listening = asyncio.create_task(listen(location, told, until=stop, heartbeat=beat))
        await told.once()
        beats = set[tuple[int, datetime]]()
        while len(beats) < 3:
            beats |= await asyncio.to_thread(_heartbeats, postgres_database)
            assert not told.more, "the connection was replaced"
        stop.set()
        await asyncio.wait_for(listening, 10)
        assert len({process for process, _ in beats}) == 1

    asyncio.run(asyncio.wait_for(run(), 30))


def _heartbeats(database: str) -> set[tuple[int, datetime]]:
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT pid, query_start FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND query = 'SELECT 1'"
        )
        return {(int(process), began) for process, began in found}


def _waits_for_a_lock(database: str) -> bool:
    with psycopg.connect(database) as connection:
        waiting = connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return waiting.fetchone() is not None


def _end_listeners(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        )


class Gate:
    """What lies between us and the server: passes everything on, until it passes nothing on and says nothing."""

    def __init__(self, folder: str) -> None:
        self._server = folder
        self._dead: list[asyncio.Event] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A new connection; those that come after `die` live."""
        dead = asyncio.Event()
        self._dead.append(dead)
        server_reader, server_writer = await asyncio.open_unix_connection(self._server)
        try:
            await asyncio.gather(_pass_on(reader, server_writer, dead), _pass_on(server_reader, writer, dead))
        finally:
            for each in (writer, server_writer):
                each.transport.abort()

    def die(self) -> None:
        """From now on nothing passes on the connections that there are, and neither end is told."""
        for dead in self._dead:
            dead.set()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dead: asyncio.Event) -> None:
    while heard := await reader.read(65536):
        if not dead.is_set():
            writer.write(heard)
    if not dead.is_set():
        writer.transport.abort()


def test_connection_for_listening_dies_silently(
    postgres_server: PostgresServer, store: PostgresStore
) -> None:
    """A connection that nobody closed but on which nothing arrives any more is replaced."""
    store.create_session(session(1))
    database = postgres_server.clean_database().partition("@/")[2].partition("?")[0]

    async def listen_through_a_gate() -> None:
        gate, stop, told = Gate(str(postgres_server.socket)), asyncio.Event(), Told()
        async with await asyncio.start_server(gate.connected, "127.0.0.1") as between:
            port = between.sockets[0].getsockname()[1]
            location = locate(
                f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/{database}?sslmode=disable",
                pool_size=1,
                connect_timeout=timedelta(seconds=20),
                statement_timeout=timedelta(milliseconds=50),
                acquire_timeout=timedelta(seconds=20),
                transaction_pooler=False,
            )
            beat = timedelta(milliseconds=50)
            listening = asyncio.create_task(listen(location, told, until=stop, heartbeat=beat))
            await told.once()
            gate.die()
            await told.once()  # by the next connection
            stop.set()
            await asyncio.wait_for(listening, 10)

    asyncio.run(listen_through_a_gate())
