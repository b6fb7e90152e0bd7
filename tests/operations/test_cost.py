"""What one migration costs: a database transaction, and with warm keys nothing is asked of anybody else."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from segue import Engine, LiveKeys
from segue.migration.endings import Revocation7009
from segue.stores.postgres import PostgresStore
from segue.stores.sql.statements import load_texts
from segue.stores.sqlite import SqliteStore
from tests.migration.issuer import ISSUER, NOW, provider, token
from tests.migration.world import Issuer
from tests.operations.watched import client_key, code_of, config, request
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue.migration.provider import Provider
    from segue.stores.ports import Store
    from tests.support.postgres import PostgresServer

PROVIDERS = {
    "ledger alone": provider(keys=LiveKeys(issuer=ISSUER)),
    "with an ending": provider(
        keys=LiveKeys(issuer=ISSUER),
        revocation=Revocation7009(url=f"{ISSUER}/revoke", client_id="segue", client_secret="canary-2a90"),
    ),
}
_LOGGED = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)")


@pytest.fixture(params=sorted(PROVIDERS))
def old(request: pytest.FixtureRequest) -> Provider:
    """A provider whose keys are fetched, with and without somebody to be told of the migration."""
    return PROVIDERS[request.param]


def warm(store: Store, old: Provider, web: Issuer) -> Engine:
    """A process that has migrated somebody already."""
    engine = Engine(config(old), store=store, web=web, clock=ManualClock(NOW))
    assert migrate(engine, "first") == "MIGRATED"
    assert web.seen, "keys that were never fetched would be no warm ones"
    web.seen.clear()
    return engine


def migrate(engine: Engine, subject: str) -> str:
    """One more person's first migration."""
    return code_of(engine.respond(request(token(sub=subject, sid=f"of {subject}"), key=client_key())))


def test_one_transaction_on_sqlite(tmp_path: Path, old: Provider) -> None:
    """One migration is one transaction of the writing connection, reads nothing on another, and asks nobody."""
    web, log = Issuer(), list[str]()
    with SqliteStore(tmp_path / "segue.sqlite3") as store:
        engine = warm(store, old, web)
        for connection in connections(store):
            connection.set_trace_callback(log.append)
        assert migrate(engine, "second") == "MIGRATED"
        for connection in connections(store):
            connection.set_trace_callback(None)
    tables = ["claims", "sessions", *(["deliveries"] if old.ending else []), "attempts"]
    written = [" ".join(line.split()[:3]) for line in log]
    assert written == ["BEGIN IMMEDIATE", *(f"INSERT INTO {table}" for table in tables), "COMMIT"]
    assert web.seen == []


def connections(store: SqliteStore) -> tuple[sqlite3.Connection, ...]:
    """All that the store has open."""
    return (*store._readers.connections(), *store._writer.connections())


def test_one_statement_on_postgres(postgres_server: PostgresServer, logged: str, old: Provider) -> None:
    """One migration is one statement in a transaction of its own, and asks nobody."""
    web = Issuer()
    with PostgresStore(logged) as store:
        engine = warm(store, old, web)
        begun = postgres_server.log.stat().st_size
        assert migrate(engine, "second") == "MIGRATED"
        said = postgres_server.log.read_bytes()[begun:].decode()
    assert _LOGGED.findall(said) == [load_texts("postgres")["claim_and_create"].splitlines()[0]]
    assert web.seen == []


@pytest.fixture
def logged(postgres_server: PostgresServer, postgres_database: str) -> Iterator[str]:
    """A database whose server writes down every statement."""
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET log_statement = 'all'").format(name))
        yield postgres_database
        connection.execute(sql.SQL("ALTER DATABASE {} RESET log_statement").format(name))
