"""Batches: who is gathered, what each is told, and that a neighbour's failure is nobody else's."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import psycopg
import pytest
from msgspec.structs import replace

from segue.errors import StoreUnavailable
from segue.flow import drive_async
from segue.ids import PUBLIC_APP, UserId
from segue.migration.model import DeliveryState
from segue.stores.contract.examples import MOMENT, claim, delivery, digest, handle, rotation, session
from segue.stores.postgres import AsyncPostgresStore
from segue.stores.postgres.async_pool import AsyncPool
from segue.stores.postgres.batches import CREATIONS, ROTATIONS, Settled
from segue.stores.postgres.faults import unavailable
from segue.stores.postgres.gathering import LARGEST_BATCH, Caller, Gathered
from segue.stores.postgres.location import Location, locate
from segue.stores.postgres.loop_batcher import LoopBatcher
from segue.stores.postgres.pool import Pool
from segue.stores.postgres.thread_batcher import ThreadBatcher
from segue.stores.sql import session_flows
from segue.stores.sql.session_rows import session_to_row
from segue.stores.sql.statements import Statement
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from segue.flow import Ask
    from segue.sessions.model import Rotation, Session
    from segue.stores.postgres.statements import AnyStatement, Parameter
    from segue.stores.sql.statements import Row

T = TypeVar("T")
SECONDS = timedelta(seconds=10)
END_WHO_WAITS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
CALLERS = 40


class _DriverError(Exception):
    sqlstate: str | None


def failed(state: str | None) -> StoreUnavailable:
    """As a pool raises it."""
    cause = _DriverError()
    cause.sqlstate = state
    error = unavailable(cause)
    error.__cause__ = cause
    return error


def gathered(
    *rotations: Rotation,
) -> tuple[Gathered[Rotation, Session | None], list[Caller[Rotation, Session | None]]]:
    """A batch of these, and their callers."""
    callers: list[Caller[Rotation, Session | None]] = [Caller(each) for each in rotations]
    return Gathered(ROTATIONS, deque(callers)), callers


def new_callers(count: int) -> deque[Caller[Session, None]]:
    """So many, each with a session to create."""
    return deque(Caller(session(number)) for number in range(count))


def test_rows_are_in_one_order() -> None:
    """Whoever comes first, the rows of a batch are in the order of their handles, so two batches cannot deadlock."""
    batch, _ = gathered(rotation(3, 1), rotation(1, 1), rotation(2, 1))
    assert [each.handle for each in batch.items] == [handle(1), handle(2), handle(3)]


def test_a_batch_is_bounded() -> None:
    """Not more rows go into a batch than its bound; the others stay for the next one."""
    waiting = new_callers(LARGEST_BATCH + 3)
    batch = Gathered(CREATIONS, waiting)
    assert len(batch.items) == LARGEST_BATCH
    assert [caller.item.handle for caller in waiting] == [handle(LARGEST_BATCH + each) for each in range(3)]


def test_same_token_twice() -> None:
    """Of two with one token in a batch the first rotates, and the second is told None without another statement."""
    batch, (first, second) = gathered(rotation(1, 1), replace(rotation(1, 1), successor=digest("other")))
    assert batch.items == [first.item]
    batch.settle([session_to_row(session(1))])
    assert first.outcome() == Settled(session(1))
    assert second.outcome() == Settled(None)


def test_another_token_of_the_same_session() -> None:
    """A rider with another token, perhaps the successor that the leader has just made, has to ask for himself."""
    batch, (leader, rider) = gathered(rotation(1, 1), rotation(1, 2))
    batch.settle([session_to_row(session(1))])
    assert leader.outcome() is not None
    assert rider.outcome() is None


def test_leader_did_not_win() -> None:
    """Where the statement did not settle the leader, neither he nor his riders are told anything."""
    batch, callers = gathered(rotation(1, 1), replace(rotation(1, 1), at=rotation(1, 1).at - MOMENT))
    batch.settle([])
    assert [caller.outcome() for caller in callers] == [None, None]


@pytest.mark.parametrize("state", ["23505", "40P01", "22021"])
def test_statement_refused(state: str) -> None:
    """When one row's fault is all, everybody may try alone."""
    error = failed(state)
    batch, callers = gathered(rotation(1, 1), rotation(2, 1))
    batch.fail(error)
    assert [caller.outcome() for caller in callers] == [None, None]


@pytest.mark.parametrize("state", [None, "57P01", "57014", "53300"])
def test_statement_in_doubt(state: str | None) -> None:
    """When the connection went or the server has no time, nobody tries again: each is told by an error of his own."""
    error = failed(state)
    batch, callers = gathered(rotation(1, 1), rotation(2, 1))
    batch.fail(error)
    raised: list[StoreUnavailable] = []
    for caller in callers:
        with pytest.raises(StoreUnavailable) as caught:
            caller.outcome()
        raised.append(caught.value)
    assert raised[0] is not raised[1]
    assert all(each.__cause__ is error.__cause__ for each in raised)


# --- on a server ------------------------------------------------------------------------------------------------------


@pytest.fixture
def location(postgres_database: str) -> Location:
    """Of an empty database."""
    return locate(
        postgres_database,
        pool_size=8,
        connect_timeout=SECONDS,
        statement_timeout=SECONDS,
        acquire_timeout=SECONDS,
        transaction_pooler=False,
    )


@pytest.fixture
def held(postgres_database: str) -> Iterator[psycopg.Connection]:
    """Another program's connection, in a transaction."""
    with psycopg.connect(postgres_database) as connection:
        yield connection
        connection.rollback()


@dataclass(slots=True)
class Tasks:
    """Batches on a loop, and what they asked the server for."""

    pool: AsyncPool
    asked: Counter[str] = field(default_factory=Counter[str])

    async def execute(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        """Run and count."""
        self.asked[str(statement)] += 1
        return await self.pool.execute(statement, parameters)

    async def create_alone(self, made: Session) -> None:
        """Without others."""
        await self.execute(Statement.CREATE_SESSION, session_to_row(made))

    async def rotate_alone(self, tried: Rotation) -> Session | None:
        """Without others."""

        async def perform(step: Ask[object]) -> object:
            return await self.execute(*step.args)

        return await drive_async(session_flows.rotate_family(tried), perform)

    async def create(self, *sessions: Session) -> list[BaseException | None]:
        """All at once; what each was told."""
        batcher = LoopBatcher(CREATIONS, execute=self.execute, alone=self.create_alone)
        return await asyncio.gather(*map(batcher.run, sessions), return_exceptions=True)

    async def rotate(self, *rotations: Rotation) -> list[Session | None]:
        """All at once; what each was told."""
        batcher = LoopBatcher(ROTATIONS, execute=self.execute, alone=self.rotate_alone)
        return await asyncio.gather(*map(batcher.run, rotations))


def on_a_loop(location: Location, do: Callable[[Tasks], Coroutine[None, None, T]]) -> tuple[T, Counter[str]]:
    """Run with a pool of connections; what it returned, and the statements."""

    async def run() -> tuple[T, Counter[str]]:
        tasks = Tasks(AsyncPool(location))
        try:
            return await do(tasks), tasks.asked
        finally:
            await tasks.pool.close()

    return asyncio.run(run())


def stored(database: str) -> set[str]:
    """Handles that are there, as another connection sees them."""
    with psycopg.connect(database) as connection:
        return {row[0] for row in connection.execute("SELECT handle FROM segue.sessions")}


def test_tasks_share_a_statement(location: Location) -> None:
    """Two go at once, and all who come meanwhile share one statement."""
    answers, asked = on_a_loop(location, lambda tasks: tasks.create(*map(session, range(CALLERS))))
    assert answers == [None] * CALLERS
    assert stored(location.dsn) == {handle(number) for number in range(CALLERS)}
    assert asked == {"create_session": 2, "create_sessions": 1}


def test_one_in_a_batch_is_refused(location: Location) -> None:
    """A handle that is there already is refused to the one who brought it, and to nobody else."""
    on_a_loop(location, lambda tasks: tasks.create(session(7)))
    answers, _ = on_a_loop(location, lambda tasks: tasks.create(*map(session, range(CALLERS))))
    assert [number for number, answer in enumerate(answers) if answer is not None] == [7]
    assert isinstance(answers[7], StoreUnavailable)
    assert len(stored(location.dsn)) == CALLERS


def test_one_in_a_batch_cannot_be_kept(location: Location) -> None:
    """A value that fails the whole statement is refused to who brought it; the others are written one by one."""
    sessions = [session(number, user_id=UserId("\0" if number == 7 else "ada")) for number in range(CALLERS)]
    answers, _ = on_a_loop(location, lambda tasks: tasks.create(*sessions))
    assert [number for number, answer in enumerate(answers) if answer is not None] == [7]
    assert isinstance(answers[7], ValueError)
    assert len(stored(location.dsn)) == CALLERS - 1


def test_tasks_race_with_one_token(location: Location) -> None:
    """However many tasks present one token, one wins, and the losers cost no statement each."""
    on_a_loop(location, lambda tasks: tasks.create(session(1)))
    tried = [replace(rotation(1, 1), successor=digest(f"of {each}")) for each in range(CALLERS)]
    answers, asked = on_a_loop(location, lambda tasks: tasks.rotate(*tried))
    assert sum(answer is not None for answer in answers) == 1
    assert asked.total() <= 2 + 1 + CALLERS  # two alone, a batch, and those whom it could not settle


def test_riders_of_a_winner(location: Location) -> None:
    """When the first of those who wait wins, the others are told without asking the server."""
    on_a_loop(location, lambda tasks: tasks.create(*map(session, range(3))))
    busy = [rotation(0, 1), rotation(1, 1)]
    riders = [replace(rotation(2, 1), successor=digest(f"of {each}")) for each in range(CALLERS)]
    answers, asked = on_a_loop(location, lambda tasks: tasks.rotate(*busy, *riders))
    assert [answer is not None for answer in answers] == [True, True, True] + [False] * (CALLERS - 1)
    assert asked == {"rotate_family": 2, "rotate_families": 1}


def test_locked_rows_stop_nobody_else(location: Location, held: psycopg.Connection) -> None:
    """While another transaction holds some sessions, all others rotate; those do when they are let go."""
    locked = {0, 1, 7}  # two who go alone, and one of a batch

    async def do(tasks: Tasks) -> list[Session | None]:
        await tasks.create(*map(session, range(CALLERS)))
        held.execute(
            "SELECT 1 FROM segue.sessions WHERE handle = ANY (%s) FOR UPDATE",
            [[handle(each) for each in locked]],
        )
        batcher = LoopBatcher(ROTATIONS, execute=tasks.execute, alone=tasks.rotate_alone)
        rotating = [asyncio.create_task(batcher.run(rotation(number, 1))) for number in range(CALLERS)]
        await asyncio.gather(*(task for number, task in enumerate(rotating) if number not in locked))
        assert not any(rotating[number].done() for number in locked)
        held.rollback()
        return await asyncio.gather(*rotating)

    answers, _ = on_a_loop(location, do)
    assert all(answers)


def test_cancelled_while_waiting(location: Location) -> None:
    """One who is cancelled before his batch goes is not written, and the others are."""

    async def do(tasks: Tasks) -> list[BaseException | None]:
        batcher = LoopBatcher(CREATIONS, execute=tasks.execute, alone=tasks.create_alone)
        all_of_them = [asyncio.create_task(batcher.run(session(number))) for number in range(CALLERS)]
        await asyncio.sleep(0)
        all_of_them[7].cancel()
        return await asyncio.gather(*all_of_them, return_exceptions=True)

    answers, _ = on_a_loop(location, do)
    assert isinstance(answers.pop(7), asyncio.CancelledError)
    assert answers == [None] * (CALLERS - 1)
    assert stored(location.dsn) == {handle(number) for number in range(CALLERS) if number != 7}


def test_connection_lost_with_a_batch(location: Location, held: psycopg.Connection) -> None:
    """When the server drops the connection of a batch, all in it are told, and nothing is tried a second time."""
    held.execute("LOCK TABLE segue.sessions IN ACCESS EXCLUSIVE MODE")

    async def do(tasks: Tasks) -> list[BaseException | None]:
        creating = asyncio.create_task(tasks.create(*map(session, range(CALLERS))))
        with psycopg.connect(location.dsn, autocommit=True) as administrator:
            while not creating.done():
                await asyncio.to_thread(administrator.execute, END_WHO_WAITS)
        return await creating

    answers, asked = on_a_loop(location, do)
    assert all(isinstance(answer, StoreUnavailable) for answer in answers)
    assert asked == {"create_session": 2, "create_sessions": 1}


def test_threads_share_a_statement(location: Location, held: psycopg.Connection) -> None:
    """While two threads wait for the server and a third leads, all others gather, and one statement serves them."""
    asked: Counter[str] = Counter()
    pool = Pool(location)

    def execute(statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        asked[str(statement)] += 1
        return pool.execute(statement, parameters)

    def alone(made: Session) -> None:
        execute(Statement.CREATE_SESSION, session_to_row(made))

    batcher = ThreadBatcher(CREATIONS, execute=execute, alone=alone)
    held.execute("LOCK TABLE segue.sessions IN ACCESS EXCLUSIVE MODE")
    with ThreadPoolExecutor(CALLERS) as threads:
        answers = [threads.submit(batcher.run, session(number)) for number in range(CALLERS)]
        wait_until(lambda: batcher.waiting == CALLERS - 3, what="the others to gather")
        held.rollback()
        assert [answer.result() for answer in answers] == [None] * CALLERS
    pool.close()
    assert stored(location.dsn) == {handle(number) for number in range(CALLERS)}
    assert asked == {"create_session": 2, "create_sessions": 2}


@pytest.mark.parametrize("deliveries", [0, 2])
def test_migrations_in_one_statement(postgres_database: str, deliveries: int) -> None:
    """Migrations with and without sessions and deliveries share a statement; each is whole."""

    async def migrate(store: AsyncPostgresStore) -> None:
        await store.create_session(session(0))
        answers = await asyncio.gather(
            *(
                store.claim_and_create(
                    claim(number, session_number=number if number % 2 else 0),
                    session(number) if number % 2 else None,
                    tuple(delivery(100 * number + each) for each in range(deliveries)),
                )
                for number in range(1, CALLERS)
            )
        )
        assert answers == [None] * (CALLERS - 1)
        for number in range(1, CALLERS):
            assert await store.load_session(PUBLIC_APP, handle(number)) == (
                session(number) if number % 2 else None
            )
            found = await store.find_claim(PUBLIC_APP, digest(f"claim {number}"))
            assert found == claim(number, session_number=number if number % 2 else 0)
        pending = await store.list_deliveries(state=DeliveryState.PENDING, limit=1000)
        assert len(pending) == deliveries * (CALLERS - 1)

    async def run() -> None:
        async with AsyncPostgresStore(postgres_database) as store:
            await migrate(store)

    asyncio.run(run())
