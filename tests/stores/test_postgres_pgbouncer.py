"""Behind PgBouncer in transaction mode: every transaction may meet another connection of the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from segue.errors import SessionError
from segue.stores.contract import Store, blocking
from segue.stores.contract.keys import KeysContract
from segue.stores.contract.ledger import LedgerContract
from segue.stores.contract.outbox import OutboxContract
from segue.stores.contract.races import RacesContract
from segue.stores.contract.revocation import RevocationContract
from segue.stores.contract.rotation import RotationContract
from segue.stores.postgres import AsyncPostgresStore, PostgresStore
from tests.support.pgbouncer import started_pgbouncer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.postgres import PostgresServer


@pytest.fixture(scope="module")
def pooled(postgres_server: PostgresServer) -> Iterator[Callable[[str], str]]:
    """Address of a database by way of PgBouncer."""
    with started_pgbouncer(postgres_server) as address:
        yield address


@pytest.fixture
def database(postgres_server: PostgresServer, pooled: Callable[[str], str]) -> str:
    """Address of an empty one, with our schema."""
    return pooled(postgres_server.clean_database().partition("@/")[2].partition("?")[0])


class PooledContract(
    RacesContract, RotationContract, LedgerContract, OutboxContract, KeysContract, RevocationContract
):
    """Every kind of statement and transaction, many at once."""


@pytest.mark.processes
class TestPooled(PooledContract):
    """The store over psycopg."""

    @pytest.fixture
    def store(self, database: str) -> Iterator[Store]:
        """An empty one."""
        with PostgresStore(database, transaction_pooler=True) as store:
            yield store


@pytest.mark.processes
class TestAsyncPooled(PooledContract):
    """The store over asyncpg."""

    @pytest.fixture
    def store(self, database: str) -> Iterator[Store]:
        """An empty one."""
        with blocking(lambda: AsyncPostgresStore(database, transaction_pooler=True)) as store:
            yield store


def open_blocking(database: str) -> None:
    """With psycopg, as if there were no pooler."""
    PostgresStore(database).close()


def open_async(database: str) -> None:
    """With asyncpg, as if there were no pooler."""
    asyncio.run(AsyncPostgresStore(database).open())


@pytest.mark.processes
@pytest.mark.parametrize("opening", [open_blocking, open_async])
def test_pooler_that_nobody_mentioned(database: str, opening: Callable[[str], None]) -> None:
    """Without the setting PgBouncer refuses our limits at once, rather than the third statement later on."""
    with pytest.raises(SessionError, match="startup parameter"):
        opening(database)
