"""Group commit: one transaction for many, no answer before it is durable, no harm among neighbours."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from threading import Barrier, Event, Thread, main_thread
from typing import TYPE_CHECKING

import pytest

from segue.errors import StoreUnavailable
from segue.flow import ask
from segue.ids import PUBLIC_APP
from segue.stores.contract.examples import handle, session
from segue.stores.sql import session_flows
from segue.stores.sql.session_rows import session_to_row
from segue.stores.sql.statements import Statement, Statements
from segue.stores.sqlite import SqliteStore, upgrade_schema
from segue.stores.sqlite.commit import LARGEST_BATCH, Job, commit_together

if TYPE_CHECKING:
    from pathlib import Path

    from segue.sessions.model import Session


@pytest.fixture
def connection(folder: Path) -> Iterator[sqlite3.Connection]:
    """To write with."""
    upgrade_schema(folder / "segue.sqlite3")
    opened = sqlite3.connect(folder / "segue.sqlite3", isolation_level=None)
    yield opened
    opened.close()


def create(number: int) -> Job[None]:
    """A job that makes session *number*."""
    return Job(lambda: session_flows.create_session(session(number)))


def sessions(connection: sqlite3.Connection) -> list[str]:
    """The handles that are stored."""
    return [name for (name,) in connection.execute("SELECT handle FROM sessions ORDER BY handle")]


def refused(job: Job[None]) -> BaseException:
    """Why the job failed."""
    assert job.settled
    with pytest.raises(StoreUnavailable) as caught:
        job.outcome()
    return caught.value


def test_one_transaction(connection: sqlite3.Connection) -> None:
    """Many jobs cost one transaction and no savepoint."""
    log: list[str] = []
    connection.set_trace_callback(log.append)
    commit_together(connection, [create(number) for number in range(5)])
    connection.set_trace_callback(None)
    assert [line.partition("INTO")[0] for line in log] == ["BEGIN IMMEDIATE", *["INSERT "] * 5, "COMMIT"]


def test_neighbour_fails(connection: sqlite3.Connection) -> None:
    """A job that fails is refused alone, wherever it stands among the others."""
    for place in range(3):
        jobs = [create(10 * place + number) for number in range(1, 3)]
        jobs.insert(place, create(10 * place + 1))
        commit_together(connection, jobs)
        doubled = 1 if place == 0 else place  # the second of the two that make the same session
        assert "UNIQUE" in str(refused(jobs[doubled]))
        for number, job in enumerate(jobs):
            if number != doubled:
                job.outcome()
    assert sessions(connection) == [handle(10 * place + number) for place in range(3) for number in (1, 2)]


def test_neighbour_fails_half_way(connection: sqlite3.Connection) -> None:
    """What a failed job had already written is gone, and what its neighbours wrote is there."""

    async def two_sessions() -> None:
        await ask(Statements.execute, Statement.CREATE_SESSION, session_to_row(session(1)))
        await ask(Statements.execute, Statement.CREATE_SESSION, session_to_row(session(9)))

    commit_together(connection, [create(9)])
    jobs = [create(2), Job(two_sessions), create(3)]
    commit_together(connection, jobs)
    refused(jobs[1])
    assert sessions(connection) == [handle(2), handle(3), handle(9)]


def test_bug_in_a_flow(connection: sqlite3.Connection) -> None:
    """What a flow raises itself reaches its caller unchanged, and nothing of the flow is written."""

    async def faulty() -> None:
        await session_flows.create_session(session(1))
        raise KeyError("bug")

    for jobs in ([Job(faulty)], [create(2), Job(faulty)]):
        commit_together(connection, jobs)
        with pytest.raises(KeyError, match="bug"):
            jobs[-1].outcome()
    assert sessions(connection) == [handle(2)]


def test_commit_fails(connection: sqlite3.Connection) -> None:
    """When the commit itself fails, every caller is refused with an error of his own, and nothing is written."""
    connection.executescript(
        """
        CREATE TABLE parent (x INTEGER PRIMARY KEY) STRICT;
        CREATE TABLE child (x INTEGER REFERENCES parent (x) DEFERRABLE INITIALLY DEFERRED) STRICT;
        CREATE TRIGGER orphan AFTER INSERT ON sessions BEGIN INSERT INTO child VALUES (1); END;
        PRAGMA foreign_keys = ON;
        """
    )
    jobs = [create(1), create(2)]
    commit_together(connection, jobs)
    errors = [refused(job) for job in jobs]
    assert errors[0] is not errors[1]
    assert all(isinstance(error.__cause__, sqlite3.IntegrityError) for error in errors)
    assert sessions(connection) == []
    assert not connection.in_transaction


def test_interrupted(connection: sqlite3.Connection) -> None:
    """When the thread that writes for all is interrupted, it raises, nothing is written and nobody waits on."""

    async def interrupted() -> None:
        await session_flows.create_session(session(1))
        raise KeyboardInterrupt

    jobs = [create(2), Job(interrupted), create(3)]
    with pytest.raises(KeyboardInterrupt):
        commit_together(connection, jobs)
    for job in jobs:
        refused(job)
    assert sessions(connection) == []
    assert not connection.in_transaction


def test_threads_share_a_transaction(folder: Path) -> None:
    """Whoever comes while another one writes waits, and all who wait are written in one transaction."""
    inside, go_on = Event(), Event()

    async def slow() -> None:
        await session_flows.create_session(session(0))
        inside.set()
        go_on.wait(10)

    with SqliteStore(folder / "segue.sqlite3") as store:
        first = Thread(target=store._write, args=(slow,))
        first.start()
        assert inside.wait(10)
        log: list[str] = []
        (connection,) = store._writer.connections()
        connection.set_trace_callback(log.append)
        others = [Thread(target=store.create_session, args=(session(number),)) for number in range(1, 9)]
        for other in others:
            other.start()
        while len(store._writer._waiting) < len(others):  # each is in the queue before it waits
            pass
        assert (
            store.load_session(PUBLIC_APP, handle(0)) is None
        )  # readers neither wait nor see what is not durable
        go_on.set()
        for thread in (first, *others):
            thread.join()
        connection.set_trace_callback(None)
        assert [line.split()[0] for line in log] == ["COMMIT", "BEGIN", *["INSERT"] * 8, "COMMIT"]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, also where whoever started the tests in the background had it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupted_while_waiting(folder: Path) -> None:
    """A caller who is interrupted while others write is not written, and those who wait beside him are."""
    inside, go_on, left = Event(), Event(), Event()

    async def slow() -> None:
        await session_flows.create_session(session(0))
        inside.set()
        go_on.wait(10)

    with SqliteStore(folder / "segue.sqlite3") as store:
        writer = store._writer

        def interrupt_the_first() -> None:
            while len(writer._waiting) < 2:
                pass
            signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
            left.wait(10)
            go_on.set()

        threads = [Thread(target=store._write, args=(slow,)), Thread(target=interrupt_the_first)]
        threads[0].start()
        assert inside.wait(10)
        threads[1].start()
        threads.append(Thread(target=_after_another, args=(store, session(2))))
        threads[2].start()
        with pytest.raises(KeyboardInterrupt):
            store.create_session(session(1))
        left.set()
        for thread in threads:
            thread.join(10)
        assert [bool(store.load_session(PUBLIC_APP, handle(number))) for number in range(3)] == [
            True,
            False,
            True,
        ]
        store.create_session(session(1))


def _after_another(store: SqliteStore, made: Session) -> None:
    while not store._writer._waiting:
        pass
    store.create_session(made)


def test_leader_is_interrupted(folder: Path) -> None:
    """When the thread that writes for all is interrupted, the next one leads."""
    inside, go_on = Event(), Event()

    async def interrupted() -> None:
        inside.set()
        go_on.wait(10)
        raise KeyboardInterrupt

    def lead() -> None:
        with pytest.raises(KeyboardInterrupt):
            store._write(interrupted)

    with SqliteStore(folder / "segue.sqlite3") as store:
        threads = [Thread(target=lead)]
        threads[0].start()
        assert inside.wait(10)
        threads += [Thread(target=store.create_session, args=(session(number),)) for number in range(3)]
        for thread in threads[1:]:
            thread.start()
        while len(store._writer._waiting) < 3:
            pass
        go_on.set()
        for thread in threads:
            thread.join(10)
        assert all(store.load_session(PUBLIC_APP, handle(number)) for number in range(3))


def test_closed_while_others_wait(folder: Path) -> None:
    """Closing lets the transaction under way finish and refuses those who wait for the next."""
    inside, go_on = Event(), Event()
    outcomes: list[str] = []

    async def slow() -> None:
        await session_flows.create_session(session(0))
        inside.set()
        go_on.wait(10)

    def create() -> None:
        try:
            store.create_session(session(1))
        except StoreUnavailable as error:
            outcomes.append(str(error))

    store = SqliteStore(folder / "segue.sqlite3")
    threads = [Thread(target=store._write, args=(slow,))]
    threads[0].start()
    assert inside.wait(10)
    threads += [Thread(target=create) for _ in range(3)]
    for thread in threads[1:]:
        thread.start()
    while len(store._writer._waiting) < 3:
        pass
    threads.append(Thread(target=store.close))
    threads[-1].start()
    while store._writer._refusal is None:
        pass
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert outcomes == ["STORE_UNAVAILABLE: the store is closed"] * 3
    with SqliteStore(folder / "segue.sqlite3") as again:
        assert again.load_session(PUBLIC_APP, handle(0))
        assert again.load_session(PUBLIC_APP, handle(1)) is None


def test_more_than_a_batch(folder: Path) -> None:
    """A queue that is longer than one transaction may be is written in several, and all are answered."""
    callers = 8
    each = LARGEST_BATCH // 4
    start = Barrier(callers)
    with SqliteStore(folder / "segue.sqlite3", synchronous="NORMAL") as store:

        def run(caller: int) -> None:
            start.wait()
            for number in range(each):
                store.create_session(session(1000 * caller + number))

        threads = [Thread(target=run, args=(caller,)) for caller in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for caller in range(callers):
            for number in range(each):
                assert store.load_session(PUBLIC_APP, handle(1000 * caller + number))
