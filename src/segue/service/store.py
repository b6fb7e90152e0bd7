"""
Which store the settings name: an SQLite file, or a PostgreSQL database.

House rule: an address of PostgreSQL may hold a password and is shown nowhere; its drivers are imported only where one
is named, because they are an extra.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from segue.errors import ConfigurationError
from segue.service.schema import StoreSection
from segue.stores.ports import AsyncStore, Store
from segue.stores.sqlite import AsyncSqliteStore, SqliteStore
from segue.stores.sqlite import upgrade_schema as upgrade_sqlite

_POSTGRES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteSettings:
    """An SQLite file."""

    path: Path
    synchronous: Literal["FULL", "NORMAL"]
    busy_timeout: timedelta
    auto_upgrade: bool

    @property
    def name(self) -> str:
        """What it is called in what people read."""
        return str(self.path)

    def open(self, *, upgrade: bool | None = None) -> Store:
        """A store for blocking callers; *upgrade* overrides the setting."""
        return SqliteStore(
            self.path,
            synchronous=self.synchronous,
            busy_timeout=self.busy_timeout,
            upgrade=self.auto_upgrade if upgrade is None else upgrade,
        )

    def open_async(self) -> AsyncStore:
        """A store for an event loop."""
        return AsyncSqliteStore(
            self.path,
            synchronous=self.synchronous,
            busy_timeout=self.busy_timeout,
            upgrade=self.auto_upgrade,
        )

    def upgrade(self) -> tuple[int, int]:
        """Bring it to the schema of this program: from which version to which."""
        change = upgrade_sqlite(self.path, busy_timeout=self.busy_timeout)
        return change.before, change.after


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSettings:
    """A PostgreSQL database."""

    address: str = field(repr=False)
    pool_size: int
    statement_timeout: timedelta
    transaction_pooler: bool
    auto_upgrade: bool

    @property
    def name(self) -> str:
        """What it is called in what people read: nothing of its address."""
        return "the PostgreSQL database"

    def open(self, *, upgrade: bool | None = None) -> Store:
        """A store for blocking callers; *upgrade* overrides the setting."""
        with _drivers():
            from segue.stores.postgres import PostgresStore  # noqa: PLC0415 - an extra

        return PostgresStore(
            self.address,
            pool_size=self.pool_size,
            statement_timeout=self.statement_timeout,
            transaction_pooler=self.transaction_pooler,
            upgrade=self.auto_upgrade if upgrade is None else upgrade,
        )

    def open_async(self) -> AsyncStore:
        """A store for an event loop."""
        with _drivers():
            from segue.stores.postgres import AsyncPostgresStore  # noqa: PLC0415 - an extra

        return AsyncPostgresStore(
            self.address,
            pool_size=self.pool_size,
            statement_timeout=self.statement_timeout,
            transaction_pooler=self.transaction_pooler,
            upgrade=self.auto_upgrade,
        )

    def upgrade(self) -> tuple[int, int]:
        """Bring it to the schema of this program: from which version to which."""
        with _drivers():
            from segue.stores.postgres import upgrade_schema  # noqa: PLC0415 - an extra

        change = upgrade_schema(self.address)
        return change.before, change.after


StoreSettings: TypeAlias = SqliteSettings | PostgresSettings


def store_of(section: StoreSection, folder: Path) -> StoreSettings:
    """
    The store that a `[store]` names; relative paths start at *folder*.

    Raises:
        ConfigurationError: an address of something else.
    """
    if section.database.startswith(_POSTGRES):
        return PostgresSettings(
            address=section.database,
            pool_size=section.pool_size,
            statement_timeout=section.statement_timeout.span,
            transaction_pooler=section.transaction_pooler,
            auto_upgrade=section.auto_upgrade,
        )
    if "://" in section.database:
        raise ConfigurationError(
            "store.database must be the path of an SQLite file, or begin with postgresql://"
        )
    return SqliteSettings(
        path=folder / os.path.expanduser(section.database),  # noqa: PTH111 - before it is joined to the folder
        synchronous=section.synchronous,
        busy_timeout=section.busy_timeout.span,
        auto_upgrade=section.auto_upgrade,
    )


@contextmanager
def _drivers() -> Generator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "segue":
            raise
        raise ConfigurationError(
            f"a PostgreSQL store needs {error.name}: pip install 'segue[postgres]'"
        ) from error
