"""
The SQLite store: one file, nothing else to install; several threads, event loops and processes on one machine.

Readers never wait: the file is in WAL mode and reads have connections of their own. Writers that come at the same time
share one transaction and so one `fsync`; nobody is answered before the commit. House rule: every change is durable
when its method returns (`synchronous="FULL"`); whoever gives that up says so.
"""

from __future__ import annotations

from segue.stores.sql.schema import SchemaChange
from segue.stores.sqlite.async_store import AsyncSqliteStore
from segue.stores.sqlite.schema import upgrade_schema
from segue.stores.sqlite.store import SqliteStore

__all__ = ["AsyncSqliteStore", "SchemaChange", "SqliteStore", "upgrade_schema"]
