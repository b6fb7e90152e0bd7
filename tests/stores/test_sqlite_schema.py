"""The way from every schema to the newest, and what is refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from segue.errors import ConfigurationError, StoreUnavailable
from segue.stores.contract.examples import rotation, session
from segue.stores.sqlite import AsyncSqliteStore, SchemaChange, SqliteStore, upgrade_schema
from segue.stores.sqlite.connection import use_wal
from segue.stores.sqlite.schema import SCRIPTS, schema_version, upgrade_connection

if TYPE_CHECKING:
    from pathlib import Path

NEWEST = len(SCRIPTS)


def raw(path: Path) -> closing[sqlite3.Connection]:
    """A plain connection to the file."""
    return closing(sqlite3.connect(path, isolation_level=None))


def make(path: Path, scripts: tuple[str, ...]) -> None:
    """A file as a program left it that knew only these scripts."""
    with raw(path) as connection:
        upgrade_connection(connection, scripts)


def tables(path: Path) -> set[tuple[str, str]]:
    """Every object of the file with its text."""
    with raw(path) as connection:
        rows = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_schema")
        return {(name, " ".join(sql.split())) for name, sql in rows}


@pytest.mark.parametrize("version", range(NEWEST + 1))
def test_upgrade_from_each_version(folder: Path, version: int) -> None:
    """A file of any released schema becomes one like a new file, and the store works on it."""
    old, new = folder / "old.sqlite3", folder / "new.sqlite3"
    make(old, SCRIPTS[:version])
    assert upgrade_schema(old) == SchemaChange(before=version, after=NEWEST)
    assert upgrade_schema(old) == SchemaChange(before=NEWEST, after=NEWEST)
    upgrade_schema(new)
    assert tables(old) == tables(new)
    with SqliteStore(old, upgrade=False) as store:
        assert store.last_revocation() == 0


def test_scripts_in_their_order(folder: Path) -> None:
    """Each script sees what the earlier ones made, and is applied once."""
    later = (
        "CREATE TABLE more (x INTEGER) STRICT; INSERT INTO more VALUES (1);\n-- a comment; with a semicolon\n"
    )
    last = "UPDATE more SET x = x + 1;\n"
    path = folder / "segue.sqlite3"
    make(path, SCRIPTS)
    with raw(path) as connection:
        for _ in range(2):
            upgrade_connection(connection, (*SCRIPTS, later, last))
        assert schema_version(connection).number == NEWEST + 2
        assert connection.execute("SELECT x FROM more").fetchall() == [(2,)]


def test_script_that_fails(folder: Path) -> None:
    """If one script fails, none of them has happened."""
    path = folder / "segue.sqlite3"
    make(path, SCRIPTS)
    before = tables(path)
    with raw(path) as connection:
        with pytest.raises(StoreUnavailable):
            upgrade_connection(connection, (*SCRIPTS, "CREATE TABLE more (x);\n", "CREATE TABLE more (x);\n"))
        assert schema_version(connection).number == NEWEST
    assert tables(path) == before


@pytest.mark.parametrize("store", [SqliteStore, AsyncSqliteStore])
def test_older_schema_without_leave_to_upgrade(
    folder: Path, store: type[SqliteStore | AsyncSqliteStore]
) -> None:
    """With `upgrade=False` an older schema is refused, left as it is, and the command named that helps."""
    path = folder / "segue.sqlite3"
    with pytest.raises(ConfigurationError, match="segue db upgrade"):
        store(path, upgrade=False)
    assert tables(path) == set()


@pytest.mark.parametrize("upgrade", [True, False])
def test_newer_schema(folder: Path, *, upgrade: bool) -> None:
    """A file of a newer program is refused whatever was asked, and left as it is."""
    path = folder / "segue.sqlite3"
    make(path, (*SCRIPTS, "CREATE TABLE from_the_future (x);\n"))
    before = tables(path)
    with pytest.raises(ConfigurationError, match="newer segue"):
        SqliteStore(path, upgrade=upgrade)
    assert tables(path) == before


@pytest.mark.parametrize("upgrade", [True, False])
def test_newer_schema_that_is_compatible(folder: Path, *, upgrade: bool) -> None:
    """A file of a newer program that says older ones may work on it is worked on, and left as it is."""
    path = folder / "segue.sqlite3"
    more = f"-- compatible since: {NEWEST}\nCREATE TABLE from_the_future (x);\n"
    make(path, (*SCRIPTS, more))
    before = tables(path)
    with SqliteStore(path, upgrade=upgrade) as store:
        store.create_session(session(1))
        assert store.rotate_family(rotation(1, 1)) is not None
    assert upgrade_schema(path) == SchemaChange(before=NEWEST + 1, after=NEWEST + 1)
    assert tables(path) == before


def test_one_script_shuts_out_for_good(folder: Path) -> None:
    """What one script has shut out no later one lets in again."""
    path = folder / "segue.sqlite3"
    compatible = f"-- compatible since: {NEWEST}\n"
    make(path, (*SCRIPTS, "CREATE TABLE more (x);\n", compatible + "CREATE TABLE yet_more (x);\n"))
    with pytest.raises(ConfigurationError, match="newer segue"):
        SqliteStore(path)


def test_tables_of_another_program(folder: Path) -> None:
    """A file with tables that are not ours is refused and left as it is."""
    path = folder / "other.sqlite3"
    with raw(path) as connection:
        connection.execute("CREATE TABLE sessions (x)")
    with pytest.raises(ConfigurationError, match="file of its own"):
        SqliteStore(path)
    assert {name for name, _ in tables(path)} == {"sessions"}


def test_another_instance_is_faster(folder: Path) -> None:
    """An instance that finds an old schema, and gets the write lock after another has upgraded, changes nothing."""
    path = folder / "segue.sqlite3"
    make(path, ())
    log: list[str] = []
    with raw(path) as other, raw(path) as connection:

        def just_before(statement: str) -> None:
            log.append(statement)
            if statement == "BEGIN IMMEDIATE":
                upgrade_connection(other)

        connection.set_trace_callback(just_before)
        assert upgrade_connection(connection) == SchemaChange(before=NEWEST, after=NEWEST)
        connection.set_trace_callback(None)
    assert "BEGIN IMMEDIATE" in log
    assert not [line for line in log if line.startswith("CREATE TABLE sessions")]


def test_switch_to_wal_while_another_instance_writes(folder: Path) -> None:
    """A new file that another instance is just writing to is waited for, although SQLite says "locked" at once."""
    path = folder / "segue.sqlite3"
    log: list[str] = []
    with raw(path) as other, raw(path) as connection:
        other.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY) STRICT")
        other.execute("BEGIN IMMEDIATE")

        def just_before(statement: str) -> None:
            log.append(statement)
            if statement == "BEGIN IMMEDIATE":
                other.execute("ROLLBACK")

        connection.set_trace_callback(just_before)
        use_wal(connection, path)
        connection.set_trace_callback(None)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert "BEGIN IMMEDIATE" in log


def test_upgrade_while_another_instance_upgrades(folder: Path) -> None:
    """An upgrade waits for the write lock, and gives up when that takes too long."""
    path = folder / "segue.sqlite3"
    make(path, ())
    with raw(path) as other, raw(path) as connection:
        other.execute("BEGIN IMMEDIATE")
        connection.execute("PRAGMA busy_timeout = 1")
        with pytest.raises(StoreUnavailable, match="locked"):
            upgrade_connection(connection, SCRIPTS)
        other.execute("ROLLBACK")
        assert upgrade_connection(connection, SCRIPTS).before == 0
