"""The server is restarted and killed under load: what was acknowledged stays, and the store goes on by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

import pytest

from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP
from segue.stores.contract import Store, blocking
from segue.stores.contract.examples import NOW, claim, delivery, digest, handle, rotation, session
from segue.stores.postgres import AsyncPostgresStore, PostgresStore
from tests.support.postgres import PostgresServer, started_server
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORKERS = 12
ACTS_BETWEEN = 150
GENERATIONS = 3
ABSENT = -1


@dataclass(slots=True)
class Book:
    """What one worker was told; an act in doubt leaves two truths."""

    truths: dict[int, set[int]] = field(default_factory=dict[int, set[int]])
    """By session: the generations that it may have, or `ABSENT`."""
    revoked: set[int] = field(default_factory=set[int])
    migrated: set[int] = field(default_factory=set[int])
    acknowledged: int = 0
    doubts: int = 0

    def know(self, number: int, truth: int) -> None:
        """It was acknowledged."""
        self.truths[number] = {truth}
        self.acknowledged += 1

    def doubt(self, number: int, truth: int) -> None:
        """It may have become so."""
        self.truths[number] = {*self.truths.get(number, {ABSENT}), truth}
        self.doubts += 1


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One that may be killed."""
    with started_server() as started:
        yield started


@pytest.fixture(params=["psycopg", "asyncpg"])
def store(request: pytest.FixtureRequest, server: PostgresServer) -> Iterator[Store]:
    """An empty one, that soon gives up."""
    database = server.dsn_with_password(server.new_database())
    soon = timedelta(seconds=2)
    if request.param == "psycopg":
        with PostgresStore(database, connect_timeout=soon, statement_timeout=soon) as made:
            yield made
    else:
        with blocking(
            lambda: AsyncPostgresStore(database, connect_timeout=soon, statement_timeout=soon)
        ) as seen_as_blocking:
            yield seen_as_blocking


def work(store: Store, book: Book, first: int, stop: Event) -> None:
    """Make sessions, rotate them, sign some of them out, and write down what is certain."""
    number = first
    while not stop.is_set():
        number += 1
        try:
            _live(store, book, number)
        except StoreUnavailable:
            stop.wait(0.01)  # not to fill the book while the server is away


def _live(store: Store, book: Book, number: int) -> None:
    book.doubt(number, 0)
    if number % 3 == 0:
        assert store.claim_and_create(claim(number), session(number), (delivery(number),)) is None
        book.migrated.add(number)
    else:
        store.create_session(session(number))
    book.know(number, 0)
    for generation in range(1, GENERATIONS + 1):
        book.doubt(number, generation)
        assert store.rotate_family(rotation(number, generation)) is not None
        book.know(number, generation)
    if number % 2 == 0:
        book.doubt(number, ABSENT)
        deleted = store.delete_sessions(PUBLIC_APP, (handle(number),), at=NOW)
        assert deleted == (handle(number),)
        book.know(number, ABSENT)
        book.revoked.add(number)


def check(store: Store, book: Book) -> None:
    """Everything that was acknowledged is there, and what was in doubt is one or the other."""
    for number, truths in book.truths.items():
        stored = store.load_session(PUBLIC_APP, handle(number))
        assert (ABSENT if stored is None else stored.family.generation) in truths, number
    for number in book.migrated:
        assert store.find_claim(PUBLIC_APP, digest(f"claim {number}")) == claim(number)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("end", "rounds"), [(PostgresServer.kill, 20), (PostgresServer.stop, 5)], ids=["killed", "restarted"]
)
def test_server_goes_away_under_load(
    server: PostgresServer, store: Store, end: Callable[[PostgresServer], None], rounds: int
) -> None:
    """Killed or restarted again and again, the server loses nothing that was acknowledged, and the store goes on."""
    books = [Book() for _ in range(WORKERS)]
    stop = Event()

    def progress() -> int:
        return sum(book.acknowledged for book in books)

    with ThreadPoolExecutor(WORKERS) as threads:
        workers = [threads.submit(work, store, book, 100_000 * at, stop) for at, book in enumerate(books)]
        try:
            for _ in range(rounds):
                goal = progress() + ACTS_BETWEEN
                wait_until(
                    lambda goal=goal: progress() > goal or any(each.done() for each in workers),  # type: ignore[misc]
                    what="the workers",
                    within=30,
                )
                end(server)
                server.start()
            goal = progress() + ACTS_BETWEEN
            wait_until(lambda: progress() > goal, what="the workers to go on", within=30)
        finally:
            stop.set()
        for each in workers:
            each.result()
    for book in books:
        check(store, book)
    assert sum(book.doubts - book.acknowledged for book in books) > 0  # it was under load
    revoked = {entry.handle for entry in store.revocations_after(0, limit=10**6)}
    assert revoked >= {handle(number) for book in books for number in book.revoked}
