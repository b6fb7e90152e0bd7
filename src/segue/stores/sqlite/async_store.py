"""
`AsyncSqliteStore`: the store for event loops.

A point read takes less time than a change of threads, so it runs on the loop itself; writing and long lists do not.
House rule: nothing is open until the first use, so that a store can be made before a server forks its workers.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from segue.core.model import Imported, UserIdMapping
from segue.flow import Flow, T
from segue.ids import AppId
from segue.sessions.model import ByProvenance, ByTenant, Position, Selection, Session
from segue.stores.sql import index_flows, user_flows
from segue.stores.sql.async_methods import AsyncSqlStore
from segue.stores.sqlite.connection import Synchronous, locate
from segue.stores.sqlite.forks import REFUSAL, watch
from segue.stores.sqlite.readers import Readers
from segue.stores.sqlite.schema import prepare_file
from segue.stores.sqlite.writer_thread import WriterThread


class AsyncSqliteStore(AsyncSqlStore):
    """Sessions and all that goes with them in one SQLite file, for an event loop; all nine store ports, awaited."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: Synchronous = "FULL",
        busy_timeout: timedelta = timedelta(seconds=5),
        upgrade: bool = True,
    ) -> None:
        """
        As `SqliteStore`; blocks for the milliseconds that opening takes, and needs no running loop.
        """
        self._location = locate(path, synchronous=synchronous, busy_timeout=busy_timeout)
        prepare_file(self._location, upgrade=upgrade)
        self._readers = Readers(self._location)
        self._writer = WriterThread(self._location)
        watch(self)

    async def list_sessions(
        self,
        app_id: AppId,
        selection: Selection,
        *,
        at: datetime,
        limit: int,
        after: Position | None = None,
    ) -> tuple[Session, ...]:
        """See `SessionIndex.list_sessions`."""
        make = partial(index_flows.list_sessions, app_id, selection, at=at, limit=limit, after=after)
        if isinstance(selection, ByTenant | ByProvenance):  # as many as there are users
            return await asyncio.to_thread(self._readers.run, make)
        return await self._read(make)

    async def preview_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...]
    ) -> tuple[Imported, ...]:
        """See `UserIdMappings.preview_mappings`."""
        make = partial(user_flows.preview_mappings, app_id, mappings)
        return await asyncio.to_thread(self._readers.run, make)

    async def count_active_users(self, app_id: AppId, *, since: datetime) -> int:
        """See `Users.count_active_users`."""
        make = partial(user_flows.count_active_users, app_id, since=since)  # looks at all sessions of the app
        return await asyncio.to_thread(self._readers.run, make)

    async def close(self) -> None:
        """Finish what waits to be written and close the file; every method then raises `StoreUnavailable`."""
        await asyncio.sleep(0)  # what was asked for in this turn of the loop is handed over first
        await asyncio.to_thread(self._writer.close)
        self._readers.close()

    def forked(self) -> tuple[sqlite3.Connection, ...]:
        """See `segue.stores.sqlite.forks`."""
        inherited = (*self._readers.connections(), *self._writer.connections())
        refusal = REFUSAL if inherited or self._readers.used else None
        self._readers = Readers(self._location, refusal=refusal)
        self._writer = WriterThread(self._location, refusal=refusal)
        return inherited

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _read(self, make: Callable[[], Flow[T]]) -> T:
        return self._readers.run(make)

    async def _write(self, make: Callable[[], Flow[T]]) -> T:
        return await self._writer.run(make)

    async def _transact(self, make: Callable[[], Flow[T]]) -> T:
        return await self._write(make)
