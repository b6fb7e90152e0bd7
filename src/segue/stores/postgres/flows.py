"""
The operations that differ from those of other SQL stores: one statement instead of several, or a lock first.

House rule: one ask is one transaction, unless the flow says that it needs a wider one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from segue.core.model import Imported, Removal, UserIdMapping
from segue.errors import StoreUnavailable
from segue.flow import ask
from segue.ids import AppId, SessionHandle, to_milliseconds
from segue.migration.model import Claim, Delivery
from segue.migration.records import AttemptRecord, operations_before
from segue.stores.postgres.batches import settling_parameters
from segue.stores.postgres.statements import Parameter, PostgresStatement, PostgresStatements
from segue.stores.sql import key_flows, removal_flows, user_flows
from segue.stores.sql.migration_flows import find_claim
from segue.stores.sql.migration_rows import delivery_from_row
from segue.stores.sql.oversight_rows import record_to_row
from segue.stores.sql.statements import Row, SqlValue, Statement
from segue.stores.sql.values import list_to_text
from segue.tokens.signing_keys import StoredSigningKey


async def delete_sessions(
    app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
) -> tuple[SessionHandle, ...]:
    """See `SessionIndex.delete_sessions`; sessions and feed in one statement."""
    parameters = (app_id, list_to_text(handles), to_milliseconds(at))
    rows = await ask(PostgresStatements.execute, Statement.DELETE_SESSIONS, parameters)
    return tuple(handle for (handle,) in cast("list[tuple[SessionHandle]]", rows))


async def add_mappings(
    app_id: AppId, mappings: tuple[UserIdMapping, ...], *, register: bool
) -> tuple[Imported, ...]:
    """See `UserIdMappings.add_mappings`; needs a transaction."""
    await ask(PostgresStatements.execute, PostgresStatement.LOCK_MAPPINGS, (app_id,))
    return await user_flows.add_mappings(app_id, mappings, register=register)


async def clear_removed(removal: Removal, *, at: datetime, limit: int, forget: bool) -> bool:
    """See `Removals.clear_removed`; needs a transaction."""
    await ask(PostgresStatements.execute, PostgresStatement.SEARCH_IN_ORDER, ())
    return await removal_flows.clear_removed(
        removal, at=at, limit=limit, forget=forget, delete_sessions=delete_and_tell
    )


async def delete_and_tell(statement: Statement, parameters: tuple[SqlValue, ...], at: datetime) -> int:
    """As `segue.stores.sql.removal_flows.DeleteSessions`; sessions and feed in one statement."""
    return len(await ask(PostgresStatements.execute, statement, (*parameters, to_milliseconds(at))))


async def delete_expired(*, at: datetime, revocations_before: datetime, limit: int) -> int:
    """See `SessionIndex.delete_expired`; every batch is a transaction, and passes over what others hold."""
    entries = await ask(
        PostgresStatements.execute,
        Statement.DELETE_OLD_REVOCATIONS,
        (to_milliseconds(revocations_before), limit),
    )
    now, gone = to_milliseconds(at), 0
    while gone < limit:
        wanted = limit - gone
        rows = await ask(PostgresStatements.execute, PostgresStatement.SWEEP_SESSIONS, (now, wanted))
        deleted, moved = cast("tuple[int, int]", rows[0])
        gone += deleted
        if deleted + moved < wanted:
            break
    return gone + len(entries)


async def add_signing_key(app_id: AppId, key: StoredSigningKey, *, if_newest: str | None) -> bool:
    """See `SigningKeyStore.add_signing_key`; needs a transaction, because the comparison must see what is committed."""
    await ask(PostgresStatements.execute, PostgresStatement.LOCK_SIGNING_KEYS, ())
    return await key_flows.add_signing_key(app_id, key, if_newest=if_newest)


async def take_deliveries(*, at: datetime, lease_until: datetime, limit: int) -> tuple[Delivery, ...]:
    """See `Outbox.take_deliveries`."""
    parameters = (to_milliseconds(at), to_milliseconds(lease_until), limit)
    rows = await ask(PostgresStatements.execute, PostgresStatement.TAKE_DELIVERIES, parameters)
    return tuple(delivery_from_row(row) for row in rows)


async def add_attempts(records: tuple[AttemptRecord, ...]) -> None:
    """See `AttemptLog.add_attempts`; one statement for all."""
    rows = [record_to_row(record) for record in records]
    columns: list[Parameter] = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        await ask(PostgresStatements.execute, PostgresStatement.ADD_ATTEMPTS, columns)


async def fold_attempts(app_id: AppId, *, before: datetime, limit: int) -> int:
    """See `AttemptLog.fold_attempts`; one statement."""
    parameters = (app_id, operations_before(before), limit)
    rows = await ask(PostgresStatements.execute, Statement.FOLD_ATTEMPTS, parameters)
    return cast("list[tuple[int]]", rows)[0][0]


async def settle_claim(
    claim: Claim,
    deliveries: tuple[Delivery, ...],
    record: AttemptRecord | None = None,
    *,
    if_handle: SessionHandle,
) -> bool:
    """See `Ledger.settle_claim`."""
    parameters = settling_parameters(claim, deliveries, record, if_handle=if_handle)
    return bool(await ask(PostgresStatements.execute, Statement.SETTLE_CLAIM, parameters))


async def first_claim(claim: Claim, written: Sequence[Row]) -> Claim | None:
    """What `Ledger.claim_and_create` answers, given what its statement returned."""
    if written:
        return None
    # The one in the way may be too new for the statement that met it, so it is read by another.
    first = await find_claim(claim.app_id, claim.claim_id)
    if first is None:
        raise StoreUnavailable("the claim that was in the way has just been cleaned up")
    return first
