"""
The PostgreSQL store: several machines on one database; `psycopg` for blocking callers, `asyncpg` for event loops.

Every operation is one statement wherever that can be right under READ COMMITTED, prepared once per connection; callers
who write at the same time share statements and so commits. Needs `segue[postgres]`. House rule: nobody is answered
before the server has committed, and what the server may or may not have done is never tried again.
"""

from __future__ import annotations

from segue.stores.postgres.async_store import AsyncPostgresStore
from segue.stores.postgres.store import PostgresStore, upgrade_schema
from segue.stores.sql.schema import SchemaChange

__all__ = ["AsyncPostgresStore", "PostgresStore", "SchemaChange", "upgrade_schema"]
