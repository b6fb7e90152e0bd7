"""The two PostgreSQL stores pass the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.stores.contract import Store, StoreContract, blocking
from segue.stores.postgres import AsyncPostgresStore, PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.processes
class TestPostgres(StoreContract):
    """The PostgreSQL store over psycopg."""

    @pytest.fixture
    def store(self, postgres_database: str) -> Iterator[Store]:
        """An empty one."""
        with PostgresStore(postgres_database) as store:
            yield store


@pytest.mark.processes
class TestAsyncPostgres(StoreContract):
    """The PostgreSQL store over asyncpg, on a loop."""

    @pytest.fixture
    def store(self, postgres_database: str) -> Iterator[Store]:
        """An empty one."""
        with blocking(lambda: AsyncPostgresStore(postgres_database)) as store:
            yield store
