"""
The schema of a file: which version it has, and the way up.

Versions are numbered scripts, applied forward only, all in one transaction that takes the write lock first: of two
instances that start at once the second finds the work done. What a newer schema means to an older program says
`segue.stores.sql.schema`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from segue.errors import ConfigurationError
from segue.stores.sql.schema import NO_SCHEMA, SchemaChange, SchemaVersion, check_version, versions
from segue.stores.sql.statements import load_schema
from segue.stores.sqlite.connection import Location, locate, open_writer, unavailable, warn_of_others

SCRIPTS = load_schema("sqlite")
"""What makes version 1, version 2 …"""

_MAKE_VERSIONS = """
    CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, compatible_since INTEGER NOT NULL) STRICT
"""
_ADD_VERSION = "INSERT INTO schema_version (version, compatible_since) VALUES (?, ?)"
_NEWEST_VERSION = "SELECT version, compatible_since FROM schema_version ORDER BY version DESC LIMIT 1"


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
    warn_of_others(location.path)
    with closing(open_writer(location)) as connection:
        if upgrade:
            upgrade_connection(connection)
        else:
            check_version(schema_version(connection), known=len(SCRIPTS))


def upgrade_connection(connection: sqlite3.Connection, scripts: tuple[str, ...] = SCRIPTS) -> SchemaChange:
    """As `upgrade_schema`, on a connection and to the last of *scripts*."""
    try:
        before = found = schema_version(connection)
        if before.number < len(scripts):
            connection.execute("BEGIN IMMEDIATE")
            before = schema_version(connection)  # again: another instance may have been faster
            found = _apply(connection, scripts, before)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise unavailable(error) from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    check_version(found, known=len(scripts))
    return SchemaChange(before=before.number, after=found.number)


def schema_version(connection: sqlite3.Connection) -> SchemaVersion:
    """
    What the file says; `NO_SCHEMA` for a new one.

    Raises:
        ConfigurationError: there are tables, but not ours.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        return NO_SCHEMA
    if "schema_version" not in tables:
        raise ConfigurationError("the file holds another program's tables; segue needs a file of its own")
    newest = connection.execute(_NEWEST_VERSION).fetchone()
    return NO_SCHEMA if newest is None else SchemaVersion(number=newest[0], compatible_since=newest[1])


def _apply(connection: sqlite3.Connection, scripts: tuple[str, ...], before: SchemaVersion) -> SchemaVersion:
    connection.execute(_MAKE_VERSIONS)
    made = before
    for script, made in list(zip(scripts, versions(scripts), strict=True))[before.number :]:
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(_ADD_VERSION, (made.number, made.compatible_since))
    return made


def _statements(script: str) -> Iterator[str]:
    """Apart, because `executescript` would commit first."""
    statement = ""
    for part in script.split(";")[:-1]:
        statement += part + ";"
        if sqlite3.complete_statement(statement):  # not inside a text, a comment or a trigger
            yield statement
            statement = ""
