"""
Connections of psycopg for threads: at most so many, opened when needed, the last used first.

psycopg has a pool of its own; while the server is down it lets every caller wait out his time, and reconnects at
intervals that grow, where a refused connection can be told at once. House rule: a connection that leaves an operation
in doubt is closed, and every fault leaves as `StoreUnavailable`.
"""

from __future__ import annotations

import copy
import select
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import BoundedSemaphore
from typing import TypeAlias

import psycopg
from psycopg.abc import Dumper
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.types.array import ListBinaryDumper
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from segue.errors import ConfigurationError, StoreUnavailable
from segue.flow import Ask, Flow, T, drive
from segue.stores.postgres.faults import ATTEMPTS, RETRIED, is_lost, sqlstate, unavailable, unfit
from segue.stores.postgres.location import APPLICATION_NAME, GRACE, IDLE_LIMIT, REFUSAL, Location
from segue.stores.postgres.schema import PostgresScripts
from segue.stores.postgres.statements import TEXTS, AnyStatement, Parameter
from segue.stores.sql.statements import Row

Connection: TypeAlias = psycopg.Connection[Row]

_DUMPERS: tuple[tuple[type, type[Dumper]], ...] = (
    # One type for all integers: else 1 and 2**40 make two prepared statements, and a list takes that of its first.
    (int, Int8Dumper),
    (int, Int8BinaryDumper),
    (list, ListBinaryDumper),
)
_TEXTS = {name: text.encode() for name, text in TEXTS.items()}


def connect(location: Location) -> Connection:
    """
    A new connection, on which every statement is a transaction unless one is begun.

    Raises:
        StoreUnavailable: refused, or not there in time.
    """
    try:
        connection = psycopg.connect(
            _conninfo(location),
            autocommit=True,
            cursor_factory=psycopg.RawCursor,
            # A pooler gives every transaction another connection, where the name of a statement means nothing.
            prepare_threshold=None if location.transaction_pooler else 0,
        )
    except psycopg.Error as error:
        refused = _refusal(error)
    else:
        return _adapted(connection)
    raise refused


def _adapted(connection: Connection) -> Connection:
    for kind, dumper in _DUMPERS:
        connection.adapters.register_dumper(kind, dumper)
    return connection


def fetch(connection: Connection, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
    """
    Run one statement.

    Raises:
        StoreUnavailable: the server refused or does not answer.
        ValueError: a value that it cannot keep.
    """
    try:
        cursor = connection.execute(_TEXTS[statement], parameters, binary=True)
        return cursor.fetchall() if cursor.description else []
    except (psycopg.DataError, UnicodeEncodeError):
        raise unfit() from None
    except psycopg.Error as error:
        refused = _refusal(error)
    raise refused


def in_transaction(connection: Connection, make: Callable[[], Flow[T]]) -> T:
    """Run a flow in one transaction; return when it is durable."""

    def perform(step: Ask[object]) -> object:
        if step.port == PostgresScripts.__name__:
            (script,) = step.args
            return connection.execute(script.encode(), prepare=False)
        return fetch(connection, *step.args)

    try:
        with connection.transaction():
            return drive(make(), perform)
    except psycopg.Error as error:  # of BEGIN, COMMIT or a script
        refused = _refusal(error)
    raise refused


def _refusal(error: psycopg.Error) -> StoreUnavailable:
    """
    See `segue.stores.postgres.faults.unavailable`; to be raised where the error is not being handled any more.

    An error of psycopg carries the connection (`pgconn`), whose text shows the password. Its copy does not, by the same
    rule by which it can be pickled.
    """
    cause = copy.copy(error)
    first_line = (str(error).splitlines() or [""])[0]
    refused = unavailable(cause, error.diag.message_primary or first_line)
    refused.__cause__ = cause
    return refused


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


def _conninfo(location: Location) -> str:
    """The address with our limits; what it says itself about the server's options stays."""
    patience = location.statement_timeout + GRACE
    given = _parsed(location.dsn)
    if given is None:
        raise ConfigurationError(REFUSAL)
    options = str(given.get("options") or "")
    if location.server_timeout is not None:
        options += f" -c statement_timeout={location.server_timeout}"
    return make_conninfo(
        location.dsn,
        application_name=str(given.get("application_name") or APPLICATION_NAME),
        connect_timeout=max(1, location.connect_timeout // timedelta(seconds=1)),
        # Without it a thread would wait many minutes for a server that fell silent.
        tcp_user_timeout=patience // timedelta(milliseconds=1),
        options=options.strip() or None,
    )


def _parsed(dsn: str) -> Mapping[str, object] | None:
    try:
        return conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return None  # and nobody sees the driver's text, which may quote the password
