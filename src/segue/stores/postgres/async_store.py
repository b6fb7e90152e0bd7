"""
`AsyncPostgresStore`: the store for event loops.

House rule: nothing is open until the first use, or `open`, on the loop that will use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from segue.core.model import Imported, Removal, UserIdMapping
from segue.errors import StoreUnavailable
from segue.flow import Ask, Flow, T, drive_async
from segue.ids import AppId, SessionHandle
from segue.migration.model import Claim, Delivery
from segue.migration.records import AttemptRecord
from segue.sessions.model import Rotation, Session
from segue.stores.postgres import flows, listening, schema
from segue.stores.postgres.async_connection import connect, in_transaction
from segue.stores.postgres.async_pool import AsyncPool
from segue.stores.postgres.batches import (
    CREATIONS,
    LOADS,
    MIGRATIONS,
    ROTATIONS,
    Migration,
    SessionKey,
    migration_parameters,
)
from segue.stores.postgres.faults import at_opening
from segue.stores.postgres.location import Location, locate
from segue.stores.postgres.loop_batcher import LoopBatcher
from segue.stores.postgres.statements import AnyStatement, Parameter, PostgresStatement
from segue.stores.sql import session_flows
from segue.stores.sql.async_methods import AsyncSqlStore
from segue.stores.sql.session_rows import session_from_row
from segue.stores.sql.statements import Row, Statement
from segue.tokens.signing_keys import StoredSigningKey


class AsyncPostgresStore(AsyncSqlStore):
    """Sessions and all that goes with them in PostgreSQL, for an event loop; all nine store ports, awaited."""

    def __init__(
        self,
        dsn: str,
        *,
        pool_size: int = 10,
        connect_timeout: timedelta = timedelta(seconds=5),
        statement_timeout: timedelta = timedelta(seconds=5),
        acquire_timeout: timedelta = timedelta(seconds=5),
        transaction_pooler: bool = False,
        upgrade: bool = True,
    ) -> None:
        """
        As `PostgresStore`, but nothing is connected yet: `await open()`, or the first use, looks at the schema.

        Raises:
            ConfigurationError: an address that cannot work.
        """
        self._location = locate(
            dsn,
            pool_size=pool_size,
            connect_timeout=connect_timeout,
            statement_timeout=statement_timeout,
            acquire_timeout=acquire_timeout,
            transaction_pooler=transaction_pooler,
        )
        self._upgrade = upgrade
        self._opening = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = asyncio.Event()
        self._pool = AsyncPool(self._location)
        self._creations = LoopBatcher(CREATIONS, execute=self._execute, alone=self._create_alone)
        self._rotations = LoopBatcher(ROTATIONS, execute=self._execute, alone=self._rotate_alone)
        self._migrations = LoopBatcher(MIGRATIONS, execute=self._execute, alone=self._migrate_alone)
        self._loads = LoopBatcher(LOADS, execute=self._fetch, alone=self._load_alone)

    async def open(self) -> None:
        """
        Connect and look at the schema, if that has not been done.

        Raises:
            ConfigurationError: an address that cannot work, or a schema that this program cannot work on.
            StoreUnavailable: the server does not answer; the next use tries again.
        """
        async with self._opening:
            if self._loop is None:
                await _prepare(self._location, upgrade=self._upgrade)
                self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        """Finish what waits to be written and close all connections; every method then raises `StoreUnavailable`."""
        self._closed.set()
        for batcher in (self._creations, self._rotations, self._migrations, self._loads):
            await batcher.finish()
        await self._pool.close()

    async def listen(self, revoked: Callable[[], None]) -> None:
        """
        Call *revoked* whenever a session was revoked by any process, until the store is closed or the task cancelled.

        It is also called whenever the connection for it begins anew, because meanwhile anything may have happened. A
        connection of its own, which has to go to the server itself: behind a transaction pooler this returns at once.
        """
        with suppress(StoreUnavailable):
            await self._ready()
        await listening.listen(self._location, revoked, until=self._closed)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- one statement for many -----------------------------------------------------------------------------

    async def create_session(self, session: Session) -> None:
        """See `SessionStore.create_session`."""
        await self._creations.run(session)

    async def load_session(self, app_id: AppId, handle: SessionHandle) -> Session | None:
        """See `SessionStore.load_session`."""
        row = await self._loads.run((app_id, handle))
        return None if row is None else session_from_row(row)

    async def rotate_family(self, rotation: Rotation) -> Session | None:
        """See `SessionStore.rotate_family`."""
        return await self._rotations.run(rotation)

    async def claim_and_create(
        self,
        claim: Claim,
        session: Session | None,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
    ) -> Claim | None:
        """See `Ledger.claim_and_create`."""
        migration = Migration(claim=claim, session=session, deliveries=deliveries, record=record)
        return await self._migrations.run(migration)

    # --- other statements than elsewhere --------------------------------------------------------------------

    async def delete_sessions(
        self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
    ) -> tuple[SessionHandle, ...]:
        """See `SessionIndex.delete_sessions`."""
        return await self._write(partial(flows.delete_sessions, app_id, handles, at=at))

    async def delete_expired(self, *, at: datetime, revocations_before: datetime, limit: int) -> int:
        """See `SessionIndex.delete_expired`."""
        return await self._write(
            partial(flows.delete_expired, at=at, revocations_before=revocations_before, limit=limit)
        )

    async def add_signing_key(self, app_id: AppId, key: StoredSigningKey, *, if_newest: str | None) -> bool:
        """See `SigningKeyStore.add_signing_key`."""
        return await self._transact(partial(flows.add_signing_key, app_id, key, if_newest=if_newest))

    async def settle_claim(
        self,
        claim: Claim,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
        *,
        if_handle: SessionHandle,
    ) -> bool:
        """See `Ledger.settle_claim`."""
        return await self._write(partial(flows.settle_claim, claim, deliveries, record, if_handle=if_handle))

    async def take_deliveries(
        self, *, at: datetime, lease_until: datetime, limit: int
    ) -> tuple[Delivery, ...]:
        """See `Outbox.take_deliveries`."""
        return await self._write(partial(flows.take_deliveries, at=at, lease_until=lease_until, limit=limit))

    async def add_attempts(self, records: tuple[AttemptRecord, ...]) -> None:
        """See `AttemptLog.add_attempts`."""
        await self._write(partial(flows.add_attempts, records))

    async def fold_attempts(self, app_id: AppId, *, before: datetime, limit: int) -> int:
        """See `AttemptLog.fold_attempts`."""
        return await self._write(partial(flows.fold_attempts, app_id, before=before, limit=limit))

    async def add_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...], *, register: bool
    ) -> tuple[Imported, ...]:
        """See `UserIdMappings.add_mappings`."""
        return await self._transact(partial(flows.add_mappings, app_id, mappings, register=register))

    async def clear_removed(self, removal: Removal, *, at: datetime, limit: int, forget: bool) -> bool:
        """See `Removals.clear_removed`."""
        return await self._transact(partial(flows.clear_removed, removal, at=at, limit=limit, forget=forget))

    # --- how ------------------------------------------------------------------------------------------------

    async def _read(self, make: Callable[[], Flow[T]]) -> T:
        return await drive_async(make(), self._perform_read)

    async def _write(self, make: Callable[[], Flow[T]]) -> T:
        """Every operation that comes here is one statement, or several that may stand alone."""
        return await drive_async(make(), self._perform)

    async def _transact(self, make: Callable[[], Flow[T]]) -> T:
        await self._ready()
        return await self._pool.transact(make)

    async def _perform(self, step: Ask[object]) -> object:
        return await self._execute(*step.args)

    async def _perform_read(self, step: Ask[object]) -> object:
        return await self._fetch(*step.args)

    async def _execute(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        await self._ready()
        return await self._pool.execute(statement, parameters)

    async def _fetch(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        await self._ready()
        return await self._pool.read(statement, parameters)

    async def _ready(self) -> None:
        if self._loop is None:
            await self.open()
        elif self._loop is not asyncio.get_running_loop():
            raise StoreUnavailable("this store belongs to another event loop; open one for each")

    async def _create_alone(self, session: Session) -> None:
        await self._write(partial(session_flows.create_session, session))

    async def _rotate_alone(self, rotation: Rotation) -> Session | None:
        return await self._write(partial(session_flows.rotate_family, rotation))

    async def _migrate_alone(self, migration: Migration) -> Claim | None:
        parameters = migration_parameters([migration])
        written = await self._execute(PostgresStatement.CLAIM_AND_CREATE, parameters)
        return await self._read(partial(flows.first_claim, migration.claim, written))

    async def _load_alone(self, key: SessionKey) -> Row | None:
        rows = await self._fetch(Statement.LOAD_SESSION, key)
        return rows[0] if rows else None


async def _prepare(location: Location, *, upgrade: bool) -> None:
    try:
        connection = await connect(location.while_upgrading)
        try:
            await in_transaction(connection, partial(schema.prepare, upgrading=upgrade))
        finally:
            await connection.close()
    except StoreUnavailable as error:
        raise at_opening(error) from error.__cause__
