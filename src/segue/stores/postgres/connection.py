"""
One connection of psycopg: how it is made, how a statement or a transaction runs on it, and what its errors mean here.

House rule: every fault leaves as `StoreUnavailable`, without the connection it happened on, whose text shows the
password.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

import psycopg
from psycopg.abc import Dumper
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.array import ListBinaryDumper
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from segue.errors import ConfigurationError, StoreUnavailable
from segue.flow import Ask, Flow, T, drive
from segue.stores.postgres.faults import unavailable, unfit
from segue.stores.postgres.location import APPLICATION_NAME, GRACE, REFUSAL, Location
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
