"""
The PostgreSQL store: several machines on one database; `psycopg` for blocking callers, `asyncpg` for event loops.

Every operation is one statement wherever that can be right under READ COMMITTED, prepared once per connection; callers
who write at the same time share statements and so commits. Needs `segue[postgres]`, and imports of the two drivers only
the one that is used. House rule: nobody is answered before the server has committed, and what the server may or may not
have done is never tried again.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from segue.stores.sql.schema import SchemaChange

if TYPE_CHECKING:
    from segue.stores.postgres.async_store import AsyncPostgresStore
    from segue.stores.postgres.store import PostgresStore, upgrade_schema

__all__ = ["AsyncPostgresStore", "PostgresStore", "SchemaChange", "upgrade_schema"]

_HOMES = {"AsyncPostgresStore": "async_store", "PostgresStore": "store", "upgrade_schema": "store"}


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(f"{__name__}.{home}"), name)
