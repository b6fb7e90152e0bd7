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
from segue.ids import PUBLIC_APP
from segue.sessions.model import ByUser
from segue.stores.contract.examples import (
    MOMENT,
    NOW,
    claim,
    delivery,
    handle,
    rotation,
    session,
    sign_out,
    signing_key,
)
from segue.stores.postgres import AsyncPostgresStore, PostgresStore, SchemaChange, upgrade_schema
from segue.stores.postgres.connection import in_transaction
from segue.stores.postgres.schema import SCRIPTS, upgrade
from segue.stores.sql.schema import SchemaVersion, check_version
from segue.stores.sql.schema import versions as all_versions
from segue.stores.sql.statements import load_schema

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


@pytest.fixture(scope="module")
def visitor(postgres_server: PostgresServer) -> str:
    """Name of a role that may do nothing."""
    postgres_server.administer(sql.SQL("CREATE ROLE visitor LOGIN"))
    return "visitor"


def as_role(database: str, role: str) -> str:
    """The same address for somebody else."""
    return database.replace("//segue@", f"//{role}@")


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
    run(
        empty,
        "INSERT INTO segue.schema_version SELECT max(version) + 1, max(version) + 1 FROM segue.schema_version",
    )
    with pytest.raises(ConfigurationError, match="install the newer segue"):
        opening(empty, upgrade=upgrade)
    with pytest.raises(ConfigurationError, match="install the newer segue"):
        upgrade_schema(empty)
    assert versions(empty)[-1] == NEWEST + 1


@each_store
@pytest.mark.parametrize("upgrade", [True, False])
def test_newer_schema_that_is_compatible(empty: str, opening: Opening, *, upgrade: bool) -> None:
    """A database of a newer program that says older ones may work on it is worked on, and left as it is."""
    apply(empty, *SCRIPTS, f"-- compatible since: {NEWEST}\nCREATE TABLE segue.from_the_future (x bigint)")
    opening(empty, upgrade=upgrade)
    assert upgrade_schema(empty) == SchemaChange(before=NEWEST + 1, after=NEWEST + 1)
    with PostgresStore(empty, upgrade=upgrade) as store:
        store.create_session(session(1))
        assert store.rotate_family(rotation(1, 1)) is not None
    assert versions(empty) == list(range(1, NEWEST + 2))


def test_schema_of_another_program(empty: str) -> None:
    """A schema `segue` that somebody else made is not touched."""
    run(empty, "CREATE SCHEMA segue; CREATE TABLE segue.sessions (id text)")
    with pytest.raises(ConfigurationError, match="another program"):
        upgrade_schema(empty)


def test_schema_made_by_an_administrator(empty: str, visitor: str) -> None:
    """A role that may not create a schema uses the one that an administrator made for it."""
    run(empty, f"CREATE SCHEMA segue AUTHORIZATION {visitor}")
    assert upgrade_schema(as_role(empty, visitor)).after == NEWEST


def test_role_that_may_only_work(empty: str, visitor: str) -> None:
    """A role that may read and write our tables, but not change them, is enough where others upgrade."""
    upgrade_schema(empty)
    run(empty, f"GRANT USAGE ON SCHEMA segue TO {visitor}")
    run(empty, f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA segue TO {visitor}")
    with PostgresStore(as_role(empty, visitor), upgrade=False) as store:
        store.claim_and_create(claim(1), session(1), (delivery(1),))
        assert store.add_signing_key(PUBLIC_APP, signing_key("k"), if_newest=None)
        assert sign_out(store, ByUser(user_id=session(1).user_id)) == (handle(1),)
        assert store.delete_expired(at=NOW, revocations_before=NOW + MOMENT, limit=1) == 1


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
def test_user_who_may_not(empty: str, visitor: str, opening: Opening) -> None:
    """A role that may make no schema, and finds none, is told so as a fault of the configuration."""
    with pytest.raises(ConfigurationError, match="42501"):
        opening(as_role(empty, visitor))


@pytest.mark.parametrize(
    ("number", "compatible_since", "match"),
    [(0, 0, "upgrade"), (1, 1, "upgrade"), (3, 3, "newer"), (9, 3, "newer")],
)
def test_versions_that_do_not_fit(number: int, compatible_since: int, match: str) -> None:
    """An older database is told how to be upgraded, an incompatible one to install the newer program."""
    with pytest.raises(ConfigurationError, match=match):
        check_version(SchemaVersion(number=number, compatible_since=compatible_since), known=2)


@pytest.mark.parametrize(("number", "compatible_since"), [(2, 1), (2, 2), (3, 2), (9, 1)])
def test_versions_that_fit(number: int, compatible_since: int) -> None:
    """The schema that a program knows will do, and so will a newer one that is compatible with it."""
    check_version(SchemaVersion(number=number, compatible_since=compatible_since), known=2)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_scripts_say_the_same_on_both_databases(database: str) -> None:
    """Both databases have the same versions, which shut out the same programs."""
    assert all_versions(load_schema(database)) == all_versions(SCRIPTS)
