"""
Claims and deliveries as rows of a SQL database, and back.

House rule: as for sessions, the order of columns is that of every statement that writes or returns a whole one.
"""

from __future__ import annotations

from typing import TypeAlias, cast

from segue.ids import AppId, Digest, SessionHandle, TenantId, UserId, from_milliseconds, to_milliseconds
from segue.migration.model import Claim, Delivery, DeliveryId, DeliveryState
from segue.stores.sql.statements import Row, SqlValue

ClaimRow: TypeAlias = tuple[
    *tuple[AppId, Digest, str, str, Digest, UserId, TenantId, SessionHandle],
    *tuple[Digest | None, int, int],
]
DeliveryRow: TypeAlias = tuple[
    *tuple[DeliveryId, AppId, str, Digest, SessionHandle, bytes],
    *tuple[int, int, int, str, str | None, int | None, int],
]


def claim_to_row(claim: Claim) -> tuple[SqlValue, ...]:
    """The parameters that write a claim."""
    return (
        claim.app_id,
        claim.claim_id,
        claim.provider,
        claim.issuer,
        claim.subject_digest,
        claim.user_id,
        claim.tenant_id,
        claim.handle,
        claim.client_digest,
        to_milliseconds(claim.claimed_at),
        to_milliseconds(claim.keep_until),
    )


def claim_from_row(row: Row) -> Claim:
    """The claim of a row."""
    stored = cast("ClaimRow", row)
    app_id, claim_id, provider, issuer, subject_digest, user_id, tenant_id, handle = stored[:8]
    client_digest, claimed_at, keep_until = stored[8:]
    return Claim(
        app_id=app_id,
        claim_id=claim_id,
        provider=provider,
        issuer=issuer,
        subject_digest=subject_digest,
        user_id=user_id,
        tenant_id=tenant_id,
        handle=handle,
        client_digest=client_digest,
        claimed_at=from_milliseconds(claimed_at),
        keep_until=from_milliseconds(keep_until),
    )


def delivery_to_row(delivery: Delivery) -> tuple[SqlValue, ...]:
    """The parameters that write a delivery, which is not settled yet."""
    return (
        delivery.delivery_id,
        delivery.app_id,
        delivery.provider,
        delivery.claim_id,
        delivery.handle,
        delivery.sealed,
        to_milliseconds(delivery.created_at),
        to_milliseconds(delivery.due_at),
        delivery.attempts,
        delivery.state.value,
        delivery.last_error,
        int(delivery.held),
    )


def delivery_from_row(row: Row) -> Delivery:
    """The delivery of a row."""
    stored = cast("DeliveryRow", row)
    delivery_id, app_id, provider, claim_id, handle, sealed = stored[:6]
    created_at, due_at, attempts, state, last_error, settled_at, held = stored[6:]
    return Delivery(
        delivery_id=delivery_id,
        app_id=app_id,
        provider=provider,
        claim_id=claim_id,
        handle=handle,
        sealed=sealed,
        created_at=from_milliseconds(created_at),
        due_at=from_milliseconds(due_at),
        attempts=attempts,
        state=DeliveryState(state),
        last_error=last_error,
        settled_at=None if settled_at is None else from_milliseconds(settled_at),
        held=bool(held),
    )
