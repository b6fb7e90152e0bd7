"""What callers are told when PostgreSQL is busy, slow, away or not to be reached; and what nobody is ever told."""

from __future__ import annotations

import asyncio
import logging
import os
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest

from segue.errors import ConfigurationError, SessionError, StoreUnavailable
from segue.ids import PUBLIC_APP, SessionHandle, UserId
from segue.stores.contract import Store, blocking
from segue.stores.contract.examples import handle, rotation, session
from segue.stores.postgres import AsyncPostgresStore, PostgresStore
from segue.stores.postgres.listening import listen
from segue.stores.postgres.location import locate
from tests.support.postgres import PASSWORD
from tests.support.processes import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.postgres import PostgresServer

SOON = timedelta(milliseconds=300)
LATE = timedelta(seconds=20)
CANARY = "canary"
END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture(params=[PostgresStore, AsyncPostgresStore])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Store]]:
    """Makes stores of one kind, seen as blocking ones, and closes them."""
    opened: list[Callable[[], object]] = []

    def made(database: str, **settings: object) -> Store:
        if request.param is PostgresStore:
            store: Store = PostgresStore(database, **settings)  # type: ignore[arg-type]
            opened.append(store.close)
            return store
        seen_as_blocking = blocking(lambda: AsyncPostgresStore(database, **settings))  # type: ignore[arg-type]
        opened.append(lambda: seen_as_blocking.__exit__(None, None, None))
        return seen_as_blocking.__enter__()

    yield made
    for close in opened:
        close()


@pytest.fixture
def held(postgres_database: str) -> Iterator[psycopg.Connection]:
    """Another program's connection, that has locked the sessions."""
    with psycopg.connect(postgres_database) as connection:
        connection.execute("LOCK TABLE segue.sessions IN ACCESS EXCLUSIVE MODE")
        yield connection
        connection.rollback()


def load(store: Store) -> object:
    """Any operation."""
    return store.load_session(PUBLIC_APP, handle(1))


@pytest.mark.usefixtures("held")
def test_statement_takes_too_long(make: Callable[..., Store], postgres_database: str) -> None:
    """A statement that takes longer than allowed is refused by the server, and its connection serves again."""
    store = make(postgres_database, statement_timeout=SOON)
    with pytest.raises(StoreUnavailable, match="57014"):
        store.create_session(session(1))
    assert store.last_revocation() == 0


@pytest.mark.usefixtures("held")
def test_all_connections_are_busy(make: Callable[..., Store], postgres_database: str) -> None:
    """Whoever gets no connection in time is told so, while the others go on waiting for the server."""
    store = make(postgres_database, pool_size=1, acquire_timeout=SOON, statement_timeout=timedelta(seconds=2))
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(store.create_session, session(1))
        wait_until(lambda: _waits_for_a_lock(postgres_database), what="the first caller to wait")
        with pytest.raises(StoreUnavailable, match="busy"):
            store.last_revocation()
        with pytest.raises(StoreUnavailable, match="57014"):
            first.result()
    assert store.last_revocation() == 0


def test_connection_dropped_while_idle(make: Callable[..., Store], postgres_database: str) -> None:
    """A connection that the server dropped while nobody used it is replaced, and no caller notices."""
    store = make(postgres_database)
    store.create_session(session(1))
    with psycopg.connect(postgres_database) as administrator:
        administrator.execute(END_OTHERS)
        wait_until(lambda: _alone(administrator), what="the connections to end")
    assert load(store) == session(1)


def test_deadlock_is_tried_again(make: Callable[..., Store], postgres_database: str) -> None:
    """A statement that the server gave up for a deadlock is run again, because nothing of it was written."""
    store = make(postgres_database)
    store.create_session(session(1))
    store.create_session(session(2))
    lock = "SELECT 1 FROM segue.sessions WHERE handle = %s FOR UPDATE"
    with psycopg.connect(postgres_database) as other, ThreadPoolExecutor(1) as threads:
        other.execute("SET deadlock_timeout = '1h'")  # so that it is never this one that gives up
        other.execute(lock, [handle(2)])
        deletion = threads.submit(
            store.delete_sessions, PUBLIC_APP, (handle(1), handle(2)), at=session(1).created_at
        )
        wait_until(
            lambda: _waits_for_a_lock(postgres_database), what="the deletion to wait for the second session"
        )
        other.execute(lock, [handle(1)])
        other.commit()
        assert set(deletion.result()) == {handle(1), handle(2)}


@pytest.mark.parametrize("text", ["\0", "\ud800"], ids=["NUL", "half a character"])
def test_text_that_cannot_be_kept(make: Callable[..., Store], postgres_database: str, text: str) -> None:
    """A text that PostgreSQL cannot keep is the caller's mistake, not an outage, and does not show in the refusal."""
    store = make(postgres_database)
    refused = session(1, user_id=UserId(CANARY + text))
    with pytest.raises(ValueError, match="NUL") as caught:
        store.create_session(refused)
    with pytest.raises(ValueError, match="NUL"):
        store.load_session(PUBLIC_APP, SessionHandle(text))
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    store.create_session(session(1))
    assert load(store) == session(1)


def test_closed(make: Callable[..., Store], postgres_database: str) -> None:
    """A store that was closed refuses everything."""
    store = make(postgres_database)
    load(store)
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        load(store)
    with pytest.raises(StoreUnavailable, match="closed"):
        store.rotate_family(rotation(1, 1))


# --- not to be reached ------------------------------------------------------------------------------------------------


def test_nobody_listens(make: Callable[..., Store]) -> None:
    """Where there is no server, that is told at once."""
    with pytest.raises(StoreUnavailable):
        load(make(f"postgresql://segue@127.0.0.1:{free_port()}/segue"))


@pytest.mark.parametrize("what", ["password", "database"])
def test_wrong(postgres_server: PostgresServer, what: str) -> None:
    """A wrong password, or a database that is not there, is a fault of the configuration; psycopg can only cite it."""
    right = what != "password"
    address = postgres_server.dsn_with_password("nowhere", password=PASSWORD if right else "wrong")
    with pytest.raises(ConfigurationError, match="3D000" if right else "28P01"):
        asyncio.run(AsyncPostgresStore(address).open())
    with pytest.raises(StoreUnavailable, match="does not exist" if right else "authentication failed"):
        PostgresStore(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "segue.sqlite3",
        "mysql://segue@localhost/segue",
        "host=localhost dbname=segue password=canary",
        "postgresql://segue:ca/nary@localhost/segue",
        "postgresql://segue:ca@nary@localhost/segue",
        "postgresql://segue:ca#nary@localhost/segue",
        "postgresql://segue:canary@[::1/segue",
        "postgresql://segue@localhost:canary/segue",
    ],
)
@pytest.mark.parametrize("kind", [PostgresStore, AsyncPostgresStore])
def test_no_address(kind: type[PostgresStore | AsyncPostgresStore], address: str) -> None:
    """What is no address of PostgreSQL is refused at once, and is not repeated in the refusal."""
    with pytest.raises(ConfigurationError) as caught:
        kind(address)
    text = "".join(traceback.format_exception(caught.value))
    assert "nary" not in text.replace(traceback.format_tb(caught.tb)[0], "")


@pytest.mark.parametrize(
    "setting",
    [
        {"pool_size": 0},
        {"connect_timeout": timedelta(0)},
        {"statement_timeout": -SOON},
        {"acquire_timeout": timedelta(0)},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_limit_that_is_none(setting: dict[str, object]) -> None:
    """A limit that would let nobody through is refused."""
    with pytest.raises(ConfigurationError):
        AsyncPostgresStore("postgresql://segue@localhost/segue", **setting)  # type: ignore[arg-type]


# --- nobody is told ---------------------------------------------------------------------------------------------------


def test_password_is_never_shown(
    make: Callable[..., Store], postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong, no error, no log line and no `repr` holds the password."""
    caplog.set_level(logging.DEBUG)
    database = postgres_server.new_database()
    store = make(postgres_server.dsn_with_password(database), statement_timeout=timedelta(seconds=1))
    load(store)
    shown = [repr(store), str(vars(store))]
    with psycopg.connect(postgres_server.dsn(database)) as other:
        other.execute("LOCK TABLE segue.sessions IN ACCESS EXCLUSIVE MODE")
        shown.append(refusal(lambda: load(store)))
        with ThreadPoolExecutor(1) as threads:
            writing = threads.submit(store.create_session, session(1))
            wait_until(lambda: _waits_for_a_lock(postgres_server.dsn(database)), what="the writer to wait")
            other.execute(END_OTHERS)
            shown.append(refusal(writing.result))
    addresses = (
        postgres_server.dsn_with_password("nowhere"),
        postgres_server.dsn_with_password(database, password=PASSWORD + "x"),
        f"postgresql://segue:{PASSWORD}@127.0.0.1:{free_port()}/segue",
        f"postgresql://segue:{PASSWORD}@127.0.0.1:{postgres_server.port}/{database}?sslmode=nonsense",
        f"postgresql://segue:{PASSWORD}@127.0.0.1:{postgres_server.port}/{database}?sslmode=verify-full",
        f"postgresql://segue:{PASSWORD}@no-such-host.invalid/{database}",
        f"postgresql://segue:{PASSWORD}%@127.0.0.1:{postgres_server.port}/{database}",
    )
    shown += [refusal(partial(open_and_load, make, address)) for address in addresses]
    shown += [record.getMessage() + str(record.exc_text) for record in caplog.records]
    assert not [text for text in shown if PASSWORD in text]


def open_and_load(make: Callable[..., Store], address: str) -> object:
    """The asynchronous store looks only at its first use."""
    return load(make(address))


def refusal(act: Callable[[], object]) -> str:
    """The whole text of the error, its causes and their attributes, without the lines of this file."""
    with pytest.raises(SessionError) as caught:
        act()
    text, error = "", caught.value.with_traceback(None)
    while error is not None:
        text += f"{error!r} {error} {error.args} {vars(error)} {getattr(error, 'pgconn', None)!r}"
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return text


# --- processes and loops ----------------------------------------------------------------------------------------------


def test_used_before_the_process_forks(postgres_database: str) -> None:
    """A store that was used before the process forked works on both sides, each with connections of its own."""
    with PostgresStore(postgres_database) as store:
        store.create_session(session(1))
        child = os.fork()
        if child == 0:
            try:
                store.create_session(session(2))
                store.close()
            except BaseException:  # noqa: BLE001 - the parent is told by the exit code
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert load(store) == session(1)
        assert store.load_session(PUBLIC_APP, handle(2)) == session(2)


def test_close_writes_what_waits(postgres_database: str) -> None:
    """Closing lets everybody finish who has come before."""

    async def run() -> None:
        store = AsyncPostgresStore(postgres_database)
        await store.open()
        writing = [asyncio.create_task(store.create_session(session(number))) for number in range(20)]
        await asyncio.sleep(0)
        await store.close()
        assert await asyncio.gather(*writing, return_exceptions=True) == [None] * 20

    asyncio.run(run())
    with PostgresStore(postgres_database) as store:
        assert store.load_session(PUBLIC_APP, handle(19)) == session(19)


def test_another_loop(postgres_database: str) -> None:
    """A store serves the loop on which it was used first, and tells any other one so."""
    store = AsyncPostgresStore(postgres_database)
    asyncio.run(store.open())
    with pytest.raises(StoreUnavailable, match="another event loop"):
        asyncio.run(store.last_revocation())


def test_listener_without_a_server() -> None:
    """A listener whose server is away goes on trying until it is cancelled, and meanwhile says nothing."""
    location = locate(
        f"postgresql://segue@127.0.0.1:{free_port()}/segue",
        pool_size=1,
        connect_timeout=SOON,
        statement_timeout=SOON,
        acquire_timeout=SOON,
        transaction_pooler=False,
    )

    async def run() -> None:
        stop = asyncio.Event()
        told: list[None] = []
        listening = asyncio.create_task(listen(location, lambda: told.append(None), until=stop))
        done, _ = await asyncio.wait([listening], timeout=0.3)
        assert not done
        stop.set()
        await asyncio.wait_for(listening, 10)
        assert told == []

    asyncio.run(run())


def _waits_for_a_lock(database: str) -> bool:
    with psycopg.connect(database) as connection:
        waiting = connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return waiting.fetchone() is not None


def _alone(connection: psycopg.Connection) -> bool:
    connection.commit()  # what is known of other connections is that of the transaction's beginning
    others = connection.execute(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return others.fetchone() is None
