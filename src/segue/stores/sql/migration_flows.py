"""
The operations of `Ledger` and `Outbox` as flows of statements.

House rule: one flow is one transaction, so claim, session and deliveries stand together or not at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from msgspec.structs import replace

from segue.errors import StoreUnavailable
from segue.flow import ask
from segue.ids import AppId, Digest, SessionHandle, to_milliseconds, whole_milliseconds
from segue.migration.model import Claim, Delivery, DeliveryId, DeliveryState
from segue.migration.records import AttemptRecord
from segue.sessions.model import Session
from segue.stores.sql.migration_rows import claim_from_row, claim_to_row, delivery_from_row, delivery_to_row
from segue.stores.sql.oversight_rows import record_to_row
from segue.stores.sql.session_rows import session_to_row
from segue.stores.sql.statements import Statement, Statements
from segue.stores.sql.values import list_to_text


async def find_claim(app_id: AppId, claim_id: Digest) -> Claim | None:
    """See `Ledger.find_claim`."""
    rows = await ask(Statements.execute, Statement.FIND_CLAIM, (app_id, claim_id))
    return claim_from_row(rows[0]) if rows else None


async def find_claims(
    app_id: AppId, subject_digest: Digest, *, after: Digest, limit: int
) -> tuple[Claim, ...]:
    """See `Ledger.find_claims`."""
    rows = await ask(Statements.execute, Statement.FIND_CLAIMS, (app_id, subject_digest, after, limit))
    return tuple(claim_from_row(row) for row in rows)


async def claim_and_create(
    claim: Claim,
    session: Session | None,
    deliveries: tuple[Delivery, ...],
    record: AttemptRecord | None = None,
) -> Claim | None:
    """See `Ledger.claim_and_create`."""
    session_row = None if session is None else session_to_row(session)
    if not await ask(Statements.execute, Statement.ADD_CLAIM, claim_to_row(claim)):
        first = await find_claim(claim.app_id, claim.claim_id)
        if first is None:
            raise StoreUnavailable("the claim that was in the way has just been cleaned up")
        return first
    if session_row is not None:
        await ask(Statements.execute, Statement.CREATE_SESSION, session_row)
    await _add(deliveries, record)
    return None


async def settle_claim(
    claim: Claim,
    deliveries: tuple[Delivery, ...],
    record: AttemptRecord | None = None,
    *,
    if_handle: SessionHandle,
) -> bool:
    """See `Ledger.settle_claim`."""
    if not await ask(Statements.execute, Statement.SETTLE_CLAIM, (*claim_to_row(claim), if_handle)):
        return False
    await _add(deliveries, record)
    return True


async def _add(deliveries: tuple[Delivery, ...], record: AttemptRecord | None) -> None:
    for delivery in deliveries:
        await ask(Statements.execute, Statement.ADD_DELIVERY, delivery_to_row(delivery))
    if record is not None:
        await ask(Statements.execute, Statement.ADD_ATTEMPT, record_to_row(record))


async def delete_claims(*, kept_until_before: datetime, limit: int) -> int:
    """See `Ledger.delete_claims`."""
    parameters = (to_milliseconds(kept_until_before), limit)
    return len(await ask(Statements.execute, Statement.DELETE_CLAIMS, parameters))


async def take_deliveries(*, at: datetime, lease_until: datetime, limit: int) -> tuple[Delivery, ...]:
    """See `Outbox.take_deliveries`."""
    rows = await ask(Statements.execute, Statement.DUE_DELIVERIES, (to_milliseconds(at), limit))
    if not rows:
        return ()
    due = [delivery_from_row(row) for row in rows]
    names = list_to_text(delivery.delivery_id for delivery in due)
    await ask(Statements.execute, Statement.LEASE_DELIVERIES, (to_milliseconds(lease_until), names))
    leased = whole_milliseconds(lease_until)
    return tuple(
        replace(delivery, due_at=leased, attempts=delivery.attempts + 1, held=False) for delivery in due
    )


async def settle_delivery(
    delivery_id: DeliveryId, *, state: DeliveryState, at: datetime, due_at: datetime, last_error: str | None
) -> None:
    """See `Outbox.settle_delivery`."""
    parameters = (delivery_id, state.value, to_milliseconds(due_at), last_error, to_milliseconds(at))
    await ask(Statements.execute, Statement.SETTLE_DELIVERY, parameters)


async def delete_deliveries(*, state: DeliveryState, settled_before: datetime, limit: int) -> int:
    """See `Outbox.delete_deliveries`."""
    parameters = (state.value, to_milliseconds(settled_before), limit)
    return len(await ask(Statements.execute, Statement.DELETE_DELIVERIES, parameters))


async def held_sessions(app_id: AppId, *, limit: int) -> tuple[SessionHandle, ...]:
    """See `Outbox.held_sessions`."""
    rows = await ask(Statements.execute, Statement.HELD_SESSIONS, (app_id, limit))
    return tuple(handle for (handle,) in cast("list[tuple[SessionHandle]]", rows))


async def release_deliveries(app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime) -> int:
    """See `Outbox.release_deliveries`."""
    parameters = (app_id, list_to_text(handles), to_milliseconds(at))
    return len(await ask(Statements.execute, Statement.RELEASE_DELIVERIES, parameters))


async def list_deliveries(*, state: DeliveryState, limit: int) -> tuple[Delivery, ...]:
    """See `Outbox.list_deliveries`."""
    rows = await ask(Statements.execute, Statement.LIST_DELIVERIES, (state.value, limit))
    return tuple(delivery_from_row(row) for row in rows)


async def count_deliveries() -> dict[DeliveryState, int]:
    """See `Outbox.count_deliveries`."""
    rows = cast("list[tuple[str, int]]", await ask(Statements.execute, Statement.COUNT_DELIVERIES, ()))
    return {DeliveryState(state): count for state, count in rows}
