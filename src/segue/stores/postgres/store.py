"""
`PostgresStore`: the store for blocking callers, in as many threads as they like.

House rule: only the schema is looked at when it is made; connections that stay open begin with the first use, so that
a store can be made before a server forks its workers.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from segue.core.model import Imported, Removal, UserIdMapping
from segue.errors import StoreUnavailable
from segue.flow import Ask, Flow, T, drive
from segue.ids import AppId, SessionHandle
from segue.migration.model import Claim, Delivery
from segue.migration.records import AttemptRecord
from segue.sessions.model import Rotation, Session
from segue.stores.postgres import flows, schema
from segue.stores.postgres.batches import CREATIONS, MIGRATIONS, ROTATIONS, Migration, migration_parameters
from segue.stores.postgres.connection import connect, in_transaction
from segue.stores.postgres.faults import at_opening
from segue.stores.postgres.location import Location, locate
from segue.stores.postgres.pool import Pool
from segue.stores.postgres.statements import PostgresStatement
from segue.stores.postgres.thread_batcher import ThreadBatcher
from segue.stores.sql import session_flows
from segue.stores.sql.methods import SqlStore
from segue.stores.sql.schema import SchemaChange
from segue.tokens.signing_keys import StoredSigningKey


class PostgresStore(SqlStore):
    """Sessions and all that goes with them in PostgreSQL; implements all nine store ports."""

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
        Args:
            dsn: `postgresql://user:password@host:5432/database`, with `?sslmode=verify-full` across a network.
            pool_size: connections at most, of this process.
            connect_timeout: how long to wait for a new connection.
            statement_timeout: how long a statement may take.
            acquire_timeout: how long to wait for a connection when all are busy.
            transaction_pooler: the address is that of PgBouncer, or its like, that lends connections by transaction.
            upgrade: bring an older schema to the present one; otherwise it is refused.

        Raises:
            ConfigurationError: an address that cannot work, or a schema that this program cannot work on.
            StoreUnavailable: the server does not answer.
        """
        self._location = locate(
            dsn,
            pool_size=pool_size,
            connect_timeout=connect_timeout,
            statement_timeout=statement_timeout,
            acquire_timeout=acquire_timeout,
            transaction_pooler=transaction_pooler,
        )
        _at_opening(self._location, partial(schema.prepare, upgrading=upgrade))
        self._open()
        _stores.add(self)

    def close(self) -> None:
        """Close all connections; every method then raises `StoreUnavailable`."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- one statement for many -----------------------------------------------------------------------------

    def create_session(self, session: Session) -> None:
        """See `SessionStore.create_session`."""
        self._creations.run(session)

    def rotate_family(self, rotation: Rotation) -> Session | None:
        """See `SessionStore.rotate_family`."""
        return self._rotations.run(rotation)

    def claim_and_create(
        self,
        claim: Claim,
        session: Session | None,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
    ) -> Claim | None:
        """See `Ledger.claim_and_create`."""
        migration = Migration(claim=claim, session=session, deliveries=deliveries, record=record)
        return self._migrations.run(migration)

    # --- other statements than elsewhere --------------------------------------------------------------------

    def delete_sessions(
        self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
    ) -> tuple[SessionHandle, ...]:
        """See `SessionIndex.delete_sessions`."""
        return self._write(partial(flows.delete_sessions, app_id, handles, at=at))

    def delete_expired(self, *, at: datetime, revocations_before: datetime, limit: int) -> int:
        """See `SessionIndex.delete_expired`."""
        return self._write(
            partial(flows.delete_expired, at=at, revocations_before=revocations_before, limit=limit)
        )

    def add_signing_key(self, app_id: AppId, key: StoredSigningKey, *, if_newest: str | None) -> bool:
        """See `SigningKeyStore.add_signing_key`."""
        return self._transact(partial(flows.add_signing_key, app_id, key, if_newest=if_newest))

    def settle_claim(
        self,
        claim: Claim,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
        *,
        if_handle: SessionHandle,
    ) -> bool:
        """See `Ledger.settle_claim`."""
        return self._write(partial(flows.settle_claim, claim, deliveries, record, if_handle=if_handle))

    def take_deliveries(self, *, at: datetime, lease_until: datetime, limit: int) -> tuple[Delivery, ...]:
        """See `Outbox.take_deliveries`."""
        return self._write(partial(flows.take_deliveries, at=at, lease_until=lease_until, limit=limit))

    def add_attempts(self, records: tuple[AttemptRecord, ...]) -> None:
        """See `AttemptLog.add_attempts`."""
        self._write(partial(flows.add_attempts, records))

    def fold_attempts(self, app_id: AppId, *, before: datetime, limit: int) -> int:
        """See `AttemptLog.fold_attempts`."""
        return self._write(partial(flows.fold_attempts, app_id, before=before, limit=limit))

    def add_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...], *, register: bool
    ) -> tuple[Imported, ...]:
        """See `UserIdMappings.add_mappings`."""
        return self._transact(partial(flows.add_mappings, app_id, mappings, register=register))

    def clear_removed(self, removal: Removal, *, at: datetime, limit: int, forget: bool) -> bool:
        """See `Removals.clear_removed`."""
        return self._transact(partial(flows.clear_removed, removal, at=at, limit=limit, forget=forget))

    # --- how ------------------------------------------------------------------------------------------------

    def _read(self, make: Callable[[], Flow[T]]) -> T:
        return drive(make(), self._perform_read)

    def _write(self, make: Callable[[], Flow[T]]) -> T:
        """Every operation that comes here is one statement, or several that may stand alone."""
        return drive(make(), self._perform)

    def _transact(self, make: Callable[[], Flow[T]]) -> T:
        return self._pool.transact(make)

    def _perform(self, step: Ask[object]) -> object:
        return self._pool.execute(*step.args)

    def _perform_read(self, step: Ask[object]) -> object:
        return self._pool.read(*step.args)

    def _migrate_alone(self, migration: Migration) -> Claim | None:
        parameters = migration_parameters([migration])
        written = self._pool.execute(PostgresStatement.CLAIM_AND_CREATE, parameters)
        return self._read(partial(flows.first_claim, migration.claim, written))

    def _open(self) -> None:
        self._pool = pool = Pool(self._location)
        self._creations = ThreadBatcher(
            CREATIONS,
            execute=pool.execute,
            alone=lambda session: self._write(partial(session_flows.create_session, session)),
        )
        self._rotations = ThreadBatcher(
            ROTATIONS,
            execute=pool.execute,
            alone=lambda rotation: self._write(partial(session_flows.rotate_family, rotation)),
        )
        self._migrations = ThreadBatcher(MIGRATIONS, execute=pool.execute, alone=self._migrate_alone)

    def forked(self) -> None:
        """In a child: leave the parent's connections alone (psycopg does not close them there) and begin anew."""
        self._open()


def upgrade_schema(dsn: str, *, connect_timeout: timedelta = timedelta(seconds=5)) -> SchemaChange:
    """
    Bring a database, new or old, to the schema of this program.

    Raises:
        ConfigurationError: the database is newer than this program, or `segue` is somebody else's schema.
        StoreUnavailable: the server does not answer.
    """
    location = locate(
        dsn,
        pool_size=1,
        connect_timeout=connect_timeout,
        statement_timeout=connect_timeout,
        acquire_timeout=connect_timeout,
        transaction_pooler=False,
    )
    return _at_opening(location, schema.upgrade)


def _at_opening(location: Location, make: Callable[[], Flow[T]]) -> T:
    try:
        with closing(connect(location.while_upgrading)) as connection:
            return in_transaction(connection, make)
    except StoreUnavailable as error:
        raise at_opening(error) from error.__cause__


_stores: weakref.WeakSet[PostgresStore] = weakref.WeakSet()


def _in_child() -> None:
    for store in list(_stores):
        store.forked()


os.register_at_fork(after_in_child=_in_child)
