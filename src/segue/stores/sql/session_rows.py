"""
Sessions as rows of a SQL database, and back.

House rule: the order of columns is that of every statement that writes or returns a whole session, and is written
down here alone on the Python side.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias, cast

from segue.ids import (
    AppId,
    Digest,
    SecretId,
    SessionHandle,
    TenantId,
    UserId,
    from_milliseconds,
    to_milliseconds,
)
from segue.sessions.model import Device, Family, Provenance, Session
from segue.stores.sql.statements import Row, SqlValue
from segue.stores.sql.values import (
    MILLISECOND,
    json_from_text,
    json_to_text,
    optional_instant,
    optional_milliseconds,
)

ProvenanceRow: TypeAlias = tuple[str, str, Digest, Digest, int, str]
SessionRow: TypeAlias = tuple[
    *tuple[AppId, TenantId, SessionHandle, UserId, str, str],
    *tuple[Digest, Digest | None, SecretId, int, int | None],
    *tuple[int, int, int, int, int | None, int],
    *tuple[str | None, str | None, Digest | None, Digest | None, int | None, str | None],
    *tuple[str | None, str | None],
]


def session_to_row(session: Session) -> tuple[SqlValue, ...]:
    """
    The parameters that write a session.

    Raises:
        ValueError, TypeError: payload or data holds something that is not JSON.
    """
    family, device = session.family, session.device
    return (
        session.app_id,
        session.tenant_id,
        session.handle,
        session.user_id,
        json_to_text(session.payload),
        json_to_text(session.data),
        family.current,
        family.previous,
        family.secret_id,
        family.generation,
        optional_milliseconds(family.rotated_at),
        to_milliseconds(session.created_at),
        to_milliseconds(session.refreshed_at),
        to_milliseconds(session.expires_at),
        session.refresh_lifetime // MILLISECOND,
        optional_milliseconds(session.absolute_expires_at),
        int(session.static_key),
        *_provenance_to_row(session.provenance),
        device.label,
        device.ip,
    )


def session_from_row(row: Row) -> Session:
    """The session of a row."""
    stored = cast("SessionRow", row)
    app_id, tenant_id, handle, user_id, payload, data = stored[:6]
    current, previous, secret_id, generation, rotated_at = stored[6:11]
    created_at, refreshed_at, expires_at, refresh_lifetime, absolute_expires_at, static_key = stored[11:17]
    label, ip = stored[23:]
    return Session(
        app_id=app_id,
        tenant_id=tenant_id,
        handle=handle,
        user_id=user_id,
        payload=json_from_text(payload),
        data=json_from_text(data),
        family=Family(
            current=current,
            previous=previous,
            secret_id=secret_id,
            generation=generation,
            rotated_at=optional_instant(rotated_at),
        ),
        created_at=from_milliseconds(created_at),
        refreshed_at=from_milliseconds(refreshed_at),
        expires_at=from_milliseconds(expires_at),
        refresh_lifetime=timedelta(milliseconds=refresh_lifetime),
        absolute_expires_at=optional_instant(absolute_expires_at),
        static_key=bool(static_key),
        provenance=None if stored[17] is None else _provenance_from_row(row[17:23]),
        device=Device(label=label, ip=ip),
    )


def family_to_row(session: Session) -> tuple[SqlValue, ...]:
    """What changes when a family is replaced."""
    family = session.family
    return (
        family.current,
        family.previous,
        family.secret_id,
        family.generation,
        optional_milliseconds(family.rotated_at),
        to_milliseconds(session.refreshed_at),
        to_milliseconds(session.expires_at),
        int(session.static_key),
    )


def _provenance_to_row(provenance: Provenance | None) -> tuple[SqlValue, ...]:
    if provenance is None:
        return (None,) * 6
    return (
        provenance.provider,
        provenance.issuer,
        provenance.subject_digest,
        provenance.claim_id,
        to_milliseconds(provenance.authenticated_at),
        provenance.verifier_version,
    )


def _provenance_from_row(row: Row) -> Provenance:
    provider, issuer, subject_digest, claim_id, authenticated_at, verifier_version = cast(
        "ProvenanceRow", row
    )
    return Provenance(
        provider=provider,
        issuer=issuer,
        subject_digest=subject_digest,
        claim_id=claim_id,
        authenticated_at=from_milliseconds(authenticated_at),
        verifier_version=verifier_version,
    )
