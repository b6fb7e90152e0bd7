"""
Connections of psycopg for threads: at most so many, opened when needed, the last used first.

psycopg has a pool of its own; while the server is down it lets every caller wait out his time, and reconnects at
intervals that grow, where a refused connection can be told at once. House rule: a connection that leaves an operation
in doubt is closed.
"""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from threading import BoundedSemaphore

from psycopg.pq import TransactionStatus

from segue.errors import StoreUnavailable
from segue.flow import Flow, T
from segue.stores.postgres.connection import Connection, connect, fetch, in_transaction
from segue.stores.postgres.faults import ATTEMPTS, RETRIED, is_lost, sqlstate
from segue.stores.postgres.location import IDLE_LIMIT, Location
from segue.stores.postgres.statements import AnyStatement, Parameter
from segue.stores.sql.statements import Row


class Pool:
    """Safe for threads, and for processes that fork: a child opens connections of its own."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._free = BoundedSemaphore(location.pool_size)
        self._idle: deque[tuple[Connection, float]] = deque()
        self._closed = False

    def execute(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        """Run one statement as a transaction of its own; one that met a deadlock is run again."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self._execute(statement, parameters)
            except StoreUnavailable as error:
                if sqlstate(error.__cause__) not in RETRIED:
                    raise
        return self._execute(statement, parameters)

    def read(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        """Run one statement that writes nothing; once more if the connection is found to be gone."""
        try:
            return self.execute(statement, parameters)
        except StoreUnavailable as error:
            if not is_lost(error):
                raise
        return self.execute(statement, parameters)

    def transact(self, make: Callable[[], Flow[T]]) -> T:
        """Run a flow of several statements as one transaction; one that met a deadlock is run again."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self._transact(make)
            except StoreUnavailable as error:
                if sqlstate(error.__cause__) not in RETRIED:
                    raise
        return self._transact(make)

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """One that nobody else uses meanwhile."""
        if not self._free.acquire(timeout=self._location.acquire_timeout.total_seconds()):
            raise StoreUnavailable("all connections to PostgreSQL are busy")
        try:
            connection = self._usable() or connect(self._location)
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close those that are idle; the others close when they come back."""
        self._closed = True
        while True:
            try:
                self._idle.pop()[0].close()
            except IndexError:
                return

    def _execute(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        with self.connection() as connection:
            return fetch(connection, statement, parameters)

    def _transact(self, make: Callable[[], Flow[T]]) -> T:
        with self.connection() as connection:
            return in_transaction(connection, make)

    def _usable(self) -> Connection | None:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        while True:
            try:
                connection, _ = self._idle.pop()
            except IndexError:
                return None
            if _is_quiet(connection):
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        now = time.monotonic()
        if connection.info.transaction_status is TransactionStatus.IDLE and not self._closed:
            self._idle.append((connection, now))
        else:
            connection.close()
        self._close_stale(now - IDLE_LIMIT.total_seconds())

    def _close_stale(self, before: float) -> None:
        try:
            while self._idle[0][1] < before:
                self._idle.popleft()[0].close()
        except IndexError:
            return


def _is_quiet(connection: Connection) -> bool:
    """An idle server says nothing; what can be read is its farewell, or the end of the connection."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
