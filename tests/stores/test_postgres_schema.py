"""The schema of a PostgreSQL database: forward only, once, and never a newer one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Protocol

import psycopg
import pytest
from psycopg import sql

from segue.errors import ConfigurationError, StoreUnavailable
from segue.stores.postgres import AsyncPostgresStore, PostgresStore, SchemaChange, upgrade_schema
from segue.stores.postgres.pool import in_transaction
from segue.stores.postgres.schema import SCRIPTS, upgrade
from segue.stores.sql.schema import check_version

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

NEWEST = len(SCRIPTS)


class Opening(Protocol):
    """Opens a store and closes it."""

    def __call__(self, database: str, *, upgrade: bool = True) -> None: ...


@pytest.fixture
def empty(postgres_server: PostgresServer) -> str:
    """Address of a database without our schema."""
    return postgres_server.dsn(postgres_server.empty_database())


def run(database: str, statement: str) -> None:
    """As an administrator would."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement.encode())


def versions(database: str) -> list[int]:
    """What the database says was applied."""
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT version FROM segue.schema_version ORDER BY version").fetchall()
    return [version for (version,) in rows]


def open_async(database: str, *, upgrade: bool = True) -> None:
    """Open an asynchronous store and close it."""

    async def opened() -> None:
        async with AsyncPostgresStore(database, upgrade=upgrade) as store:
            assert await store.last_revocation() == 0

    asyncio.run(opened())


def open_blocking(database: str, *, upgrade: bool = True) -> None:
    """Open a store and close it."""
    with PostgresStore(database, upgrade=upgrade) as store:
        assert store.last_revocation() == 0


each_store = pytest.mark.parametrize("opening", [open_blocking, open_async])


def test_upgrade_tells_what_it_did(empty: str) -> None:
    """An empty database gets every version; the second upgrade finds nothing to do."""
    assert upgrade_schema(empty) == SchemaChange(before=0, after=NEWEST)
    assert upgrade_schema(empty) == SchemaChange(before=NEWEST, after=NEWEST)
    assert versions(empty) == list(range(1, NEWEST + 1))


@each_store
def test_opening_makes_the_schema(empty: str, opening: Opening) -> None:
    """A store that is opened on an empty database makes what it needs, and the next one finds it."""
    opening(empty)
    opening(empty, upgrade=False)


@each_store
def test_no_leave_to_upgrade(empty: str, opening: Opening) -> None:
    """Without leave to upgrade an empty database is refused, and stays empty."""
    with pytest.raises(ConfigurationError, match="segue db upgrade"):
        opening(empty, upgrade=False)
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'segue'").fetchall() == []


@each_store
@pytest.mark.parametrize("upgrade", [True, False])
def test_newer_schema(empty: str, opening: Opening, *, upgrade: bool) -> None:
    """A database that a newer program has upgraded is refused and left as it is."""
    upgrade_schema(empty)
    run(empty, "INSERT INTO segue.schema_version SELECT max(version) + 1 FROM segue.schema_version")
    with pytest.raises(ConfigurationError, match="install the newer segue"):
        opening(empty, upgrade=upgrade)
    with pytest.raises(ConfigurationError, match="install the newer segue"):
        upgrade_schema(empty)
    assert versions(empty)[-1] == NEWEST + 1


def test_schema_of_another_program(empty: str) -> None:
    """A schema `segue` that somebody else made is not touched."""
    run(empty, "CREATE SCHEMA segue; CREATE TABLE segue.sessions (id text)")
    with pytest.raises(ConfigurationError, match="another program"):
        upgrade_schema(empty)


def test_schema_made_by_an_administrator(empty: str) -> None:
    """Where the administrator made an empty schema, because we may not, it is used."""
    run(empty, "CREATE SCHEMA segue")
    assert upgrade_schema(empty).after == NEWEST


def test_tables_of_the_application(empty: str) -> None:
    """The application's own tables beside ours do not matter, whatever their names."""
    run(empty, "CREATE TABLE sessions (id text); CREATE TABLE schema_version (version text)")
    assert upgrade_schema(empty) == SchemaChange(before=0, after=NEWEST)


def apply(database: str, *scripts: str) -> SchemaChange:
    """Upgrade to the last of these, as a later version of this program would."""
    with psycopg.connect(database, autocommit=True, cursor_factory=psycopg.RawCursor) as connection:
        return in_transaction(connection, partial(upgrade, scripts))


def test_scripts_of_a_later_version(empty: str) -> None:
    """Each script is applied once, in its order, and on top of what is there."""
    upgrade_schema(empty)
    later, last = "CREATE TABLE segue.more (x bigint)", "INSERT INTO segue.more VALUES (2); SELECT 1"
    assert apply(empty, *SCRIPTS, later, last) == SchemaChange(before=NEWEST, after=NEWEST + 2)
    assert apply(empty, *SCRIPTS, later, last) == SchemaChange(before=NEWEST + 2, after=NEWEST + 2)
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT x FROM segue.more").fetchall() == [(2,)]


def test_script_that_fails(empty: str) -> None:
    """If one script fails, none of them has happened."""
    upgrade_schema(empty)
    later = "CREATE TABLE segue.more (x bigint)"
    with pytest.raises(StoreUnavailable, match="42P07"):
        apply(empty, *SCRIPTS, later, later)
    assert versions(empty) == list(range(1, NEWEST + 1))
    assert apply(empty, *SCRIPTS, later).after == NEWEST + 1


def test_instances_that_start_at_once(empty: str) -> None:
    """However many instances start on an empty database, the schema is made once and all of them work."""
    instances = 12
    start = Barrier(instances)

    def begin(number: int) -> None:
        start.wait()
        (open_async if number % 2 else open_blocking)(empty)

    with ThreadPoolExecutor(instances) as threads:
        list(threads.map(begin, range(instances)))
    assert versions(empty) == list(range(1, NEWEST + 1))


@each_store
def test_user_who_may_not(postgres_server: PostgresServer, empty: str, opening: Opening) -> None:
    """One who may make no schema is told so as a fault of the configuration."""
    name = f"visitor_{postgres_server.port}"
    with psycopg.connect(empty, autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
        if exists is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    with pytest.raises(ConfigurationError, match="42501"):
        opening(empty.replace("//segue@", f"//{name}@"))


@pytest.mark.parametrize("version", [0, 3])
def test_versions_that_do_not_fit(version: int) -> None:
    """An older database is told how to be upgraded, a newer one to install the newer program."""
    with pytest.raises(ConfigurationError, match="upgrade" if version < 2 else "newer"):
        check_version(version, known=2)
