"""Our four stores pass the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.stores.contract import Store, StoreContract, blocking
from segue.stores.memory import AsyncMemoryStore, MemoryStore
from segue.stores.sqlite import AsyncSqliteStore, SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TestMemory(StoreContract):
    """The memory store."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty one."""
        return MemoryStore()


class TestAsyncMemory(StoreContract):
    """The memory store on a loop."""

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """An empty one."""
        with blocking(AsyncMemoryStore) as store:
            yield store


class TestSqlite(StoreContract):
    """The SQLite store, as durable as it is by default."""

    @pytest.fixture
    def store(self, folder: Path) -> Iterator[Store]:
        """An empty one."""
        with SqliteStore(folder / "segue.sqlite3") as store:
            yield store


class TestAsyncSqlite(StoreContract):
    """The SQLite store on a loop."""

    @pytest.fixture
    def store(self, folder: Path) -> Iterator[Store]:
        """An empty one."""
        with blocking(lambda: AsyncSqliteStore(folder / "segue.sqlite3")) as store:
            yield store
