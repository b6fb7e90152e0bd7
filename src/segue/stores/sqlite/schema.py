"""
The schema of a file: which version it has, and the way up.

Versions are numbered scripts, applied forward only, all in one transaction that takes the write lock first: of two
instances that start at once the second finds the work done. House rule: a file from a newer program is refused, never
guessed at.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from segue.errors import ConfigurationError
from segue.stores.sql.schema import SchemaChange, check_version
from segue.stores.sql.statements import load_schema
from segue.stores.sqlite.connection import Location, locate, open_writer, unavailable

SCRIPTS = load_schema("sqlite")
"""What makes version 1, version 2 …"""

_MAKE_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT"


def upgrade_schema(
    path: str | os.PathLike[str], *, busy_timeout: timedelta = timedelta(seconds=5)
) -> SchemaChange:
    """
    Bring a file, new or old, to the schema of this program.

    Raises:
        ConfigurationError: the file is newer than this program, or belongs to another one.
        StoreUnavailable: locked for longer than *busy_timeout*.
    """
    with closing(open_writer(locate(path, synchronous="FULL", busy_timeout=busy_timeout))) as connection:
        return upgrade_connection(connection)


def prepare_file(location: Location, *, upgrade: bool) -> None:
    """Make the file usable, or refuse as `upgrade_schema` and `check_version` do."""
    with closing(open_writer(location)) as connection:
        if upgrade:
            upgrade_connection(connection)
        else:
            check_version(schema_version(connection), known=len(SCRIPTS))


def upgrade_connection(connection: sqlite3.Connection, scripts: tuple[str, ...] = SCRIPTS) -> SchemaChange:
    """As `upgrade_schema`, on a connection and to the last of *scripts*."""
    try:
        before = schema_version(connection)
        if before < len(scripts):
            connection.execute("BEGIN IMMEDIATE")
            before = schema_version(connection)  # again: another instance may have been faster
            _apply(connection, scripts, before)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise unavailable(error) from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    check_version(max(before, len(scripts)), known=len(scripts))
    return SchemaChange(before=before, after=len(scripts))


def schema_version(connection: sqlite3.Connection) -> int:
    """
    Number of the last script that was applied; 0 for a new file.

    Raises:
        ConfigurationError: there are tables, but not ours.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        return 0
    if "schema_version" not in tables:
        raise ConfigurationError("the file holds another program's tables; segue needs a file of its own")
    (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()
    return int(version)


def _apply(connection: sqlite3.Connection, scripts: tuple[str, ...], before: int) -> None:
    connection.execute(_MAKE_VERSIONS)
    for number, script in enumerate(scripts[before:], start=before + 1):
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version (version) VALUES (?)", (number,))


def _statements(script: str) -> Iterator[str]:
    """Apart, because `executescript` would commit first."""
    statement = ""
    for part in script.split(";")[:-1]:
        statement += part + ";"
        if sqlite3.complete_statement(statement):  # not inside a text, a comment or a trigger
            yield statement
            statement = ""
