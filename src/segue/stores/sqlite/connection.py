"""
How a database file is opened, and what SQLite's errors mean here.

House rule: a connection belongs to one process; every fault of SQLite leaves as `StoreUnavailable`, every file that
can never work as `ConfigurationError`.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Literal, TypeAlias

import msgspec

from segue.errors import ConfigurationError, StoreUnavailable
from segue.flow import Ask, Perform
from segue.stores.sql.statements import Row, SqlValue, Statement, load_statements

logger = logging.getLogger("segue")

Synchronous: TypeAlias = Literal["FULL", "NORMAL"]

OLDEST_SQLITE = (3, 37, 0)
"""STRICT tables; `RETURNING` is older."""

_TEXTS = load_statements("sqlite")
_making = Lock()
"""Held from making a file to connecting to it, for the reason that `_make_file` gives."""
_JOURNAL_LIMIT = 64 * 1024 * 1024
_WAL_ATTEMPTS = 10


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Which file, and how it is to be used."""

    path: Path
    synchronous: Synchronous
    busy_timeout: timedelta
    """How long to wait for another process that writes."""


def locate(path: str | os.PathLike[str], *, synchronous: Synchronous, busy_timeout: timedelta) -> Location:
    """
    Check what can be checked without opening anything.

    Raises:
        ConfigurationError: an in-memory database, a folder that is not there, an SQLite that is too old.
    """
    if os.fspath(path) in {"", ":memory:"}:
        raise ConfigurationError(
            "an SQLite store needs a file; for sessions in memory use segue.stores.memory"
        )
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ConfigurationError(f"SQLite {sqlite3.sqlite_version} is too old; 3.37 or newer is needed")
    file = Path(path).absolute()
    if not file.parent.is_dir():
        raise ConfigurationError(f"cannot keep a database in {file.parent}: there is no such folder")
    if file.is_dir():
        raise ConfigurationError(f"cannot keep a database in {file}: it is a folder, not a file")
    return Location(path=file, synchronous=synchronous, busy_timeout=busy_timeout)


def open_writer(location: Location) -> sqlite3.Connection:
    """
    A connection that may write, to a file that is made if need be, readable by its owner alone.

    Raises:
        StoreUnavailable: locked for too long, or not a database.
        ConfigurationError: the file system cannot do WAL.
    """
    with _making:
        _make_file(location.path)
        connection = _connect(location)
    try:
        use_wal(connection, location.path)
        connection.execute(f"PRAGMA synchronous = {location.synchronous}")
        connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_LIMIT}")
    except sqlite3.Error as error:
        connection.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise ConfigurationError(f"{location.path} is not an SQLite database") from error
        raise unavailable(error) from error
    except ConfigurationError:
        connection.close()
        raise
    return connection


def warn_of_others(path: Path) -> None:
    """One line in the log if others than its owner can read or replace a file that is there."""
    try:
        file, folder = path.stat().st_mode, path.parent.stat().st_mode
    except OSError:
        return
    if file & (stat.S_IRWXG | stat.S_IRWXO):
        logger.warning("%s is open to others than its owner (mode %o): chmod 600", path, stat.S_IMODE(file))
    elif folder & (stat.S_IWGRP | stat.S_IWOTH) and not folder & stat.S_ISVTX:
        logger.warning(
            "others may replace files in %s (mode %o): chmod go-w", path.parent, stat.S_IMODE(folder)
        )


def open_reader(location: Location) -> sqlite3.Connection:
    """A connection that cannot write, to a file that exists."""
    connection = _connect(location)
    try:
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        connection.close()
        raise unavailable(error) from error
    return connection


def use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """
    Switch the file to write-ahead logging, unless it is.

    Raises:
        sqlite3.OperationalError: locked for too long.
        ConfigurationError: the file system cannot do it.
    """
    # Two processes that switch a new file at once can get "locked" without any wait. A write transaction does wait.
    for attempt in range(_WAL_ATTEMPTS):
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError:
            if attempt + 1 == _WAL_ATTEMPTS:
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            continue
        if mode != "wal":
            raise ConfigurationError(f"{path} is on a file system that cannot share memory (WAL)")
        return


def performer_on(connection: sqlite3.Connection) -> Perform:
    """Answer `Statements.execute` on this connection."""
    run = connection.execute

    def perform(step: Ask[object]) -> list[Row]:
        statement: Statement
        parameters: Sequence[SqlValue]
        statement, parameters = step.args
        try:
            return run(_TEXTS[statement], parameters).fetchall()
        except sqlite3.Error as error:
            raise unavailable(error) from error

    return perform


def unavailable(error: sqlite3.Error) -> StoreUnavailable:
    """What an error of SQLite is to the caller; its text names tables and columns, never values."""
    return StoreUnavailable(f"SQLite: {error}")


def _make_file(path: Path) -> None:
    """
    Make the file, readable by its owner alone, unless it is there.

    A file that is there is not opened here: closing any descriptor of a file drops every lock that this process holds
    on it (fcntl(2)). Another process would then take itself for the only user and delete the journal we write to.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise ConfigurationError(f"cannot open {path}: {error.strerror}") from error


def _connect(location: Location) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            location.path,
            timeout=location.busy_timeout.total_seconds(),
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise unavailable(error) from error
