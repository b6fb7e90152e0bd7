"""
Values for the contract: whole ones, in which every field differs from its default, and plain ones.

House rule: they are made from small numbers, so that a test can say what differs.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, Digest, SecretId, SessionHandle, TenantId, UserId
from segue.json import JsonObject
from segue.migration.model import Claim, Delivery, DeliveryId, IdentityLink, LinkOrigin
from segue.sessions.model import Device, Family, Provenance, Rotation, Selection, Session
from segue.stores.ports import Store
from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import KeyKind, StoredSigningKey

NOW = datetime(2026, 11, 5, 9, 30, 0, 123_000, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)
DAY = timedelta(days=1)
OTHER_APP = AppId("other")
ISSUER = "https://old.example/"
SECRET = SecretId(b"\x01\x02\x03\x04")
OTHER_SECRET = SecretId(b"\x00\xff\x00\xff")


def digest(text: str) -> Digest:
    """A digest by a name."""
    return Digest(hashlib.sha256(text.encode()).digest())


def handle(number: int) -> SessionHandle:
    """The handle of session *number*."""
    return SessionHandle(f"00000000-0000-4000-8000-{number:012}")


def session(
    number: int,
    *,
    app_id: AppId = PUBLIC_APP,
    tenant_id: TenantId = PUBLIC_TENANT,
    user_id: UserId = UserId("ada"),  # noqa: B008 - immutable
    payload: JsonObject | None = None,
    created_at: datetime = NOW,
    lifetime: timedelta = DAY,
    absolute_expires_at: datetime | None = None,
    provenance: Provenance | None = None,
) -> Session:
    """Session *number*, whose first refresh token has the digest `digest("<number>/0")`."""
    return Session(
        app_id=app_id,
        tenant_id=tenant_id,
        handle=handle(number),
        user_id=user_id,
        payload={} if payload is None else payload,
        data={},
        family=Family(current=digest(f"{number}/0"), secret_id=SECRET),
        created_at=created_at,
        refreshed_at=created_at,
        expires_at=created_at + lifetime,
        refresh_lifetime=lifetime,
        absolute_expires_at=absolute_expires_at,
        provenance=provenance,
    )


def whole_session(number: int) -> Session:
    """A session that uses every field."""
    return Session(
        app_id=OTHER_APP,
        tenant_id=TenantId("acme"),
        handle=handle(number),
        user_id=UserId("grace ☃ 'quoted'"),
        payload={"roles": ["a", "b"], "st-ev": {"v": True, "t": 1_700_000_000_123}},
        data={"note": None},
        family=Family(
            current=digest("current"),
            secret_id=OTHER_SECRET,
            generation=7,
            previous=digest("previous"),
            rotated_at=NOW + MOMENT,
        ),
        created_at=NOW,
        refreshed_at=NOW + MOMENT,
        expires_at=NOW + DAY,
        refresh_lifetime=DAY - MOMENT,
        absolute_expires_at=NOW + 30 * DAY,
        static_key=True,
        provenance=provenance(number),
        device=Device(label="Firefox on Linux", ip="2001:db8::1"),
    )


def provenance(number: int, *, issuer: str = ISSUER, verifier_version: str = "1.0") -> Provenance:
    """Where migrated session *number* came from."""
    return Provenance(
        provider="old",
        issuer=issuer,
        subject_digest=digest(f"subject {number}"),
        claim_id=digest(f"claim {number}"),
        authenticated_at=NOW - DAY,
        verifier_version=verifier_version,
    )


def rotation(number: int, generation: int, *, at: datetime = NOW, app_id: AppId = PUBLIC_APP) -> Rotation:
    """The rotation of session *number* to its token of this generation, from the one before."""
    return Rotation(
        app_id=app_id,
        handle=handle(number),
        presented=digest(f"{number}/{generation - 1}"),
        successor=digest(f"{number}/{generation}"),
        secret_id=OTHER_SECRET,
        at=at,
    )


def claim(number: int, *, session_number: int | None = None, keep_until: datetime = NOW + DAY) -> Claim:
    """The claim that made session *number*, or another one, out of sign-in *number*."""
    return Claim(
        app_id=PUBLIC_APP,
        claim_id=digest(f"claim {number}"),
        provider="old",
        issuer=ISSUER,
        subject_digest=digest(f"subject {number}"),
        user_id=UserId("ada"),
        tenant_id=PUBLIC_TENANT,
        handle=handle(number if session_number is None else session_number),
        client_digest=digest("client"),
        claimed_at=NOW,
        keep_until=keep_until,
    )


def link(number: int, *, user_id: UserId | None = UserId("ada"), linked_at: datetime = NOW) -> IdentityLink:  # noqa: B008
    """Person *number* at the provider, linked or reserved for a minute."""
    return IdentityLink(
        app_id=PUBLIC_APP,
        subject_digest=digest(f"subject {number}"),
        provider="old",
        issuer=ISSUER,
        user_id=user_id,
        origin=LinkOrigin.IMPORTED if user_id else LinkOrigin.CREATED,
        linked_at=linked_at,
        busy_until=None if user_id else linked_at + timedelta(minutes=1),
    )


def delivery(
    number: int, *, due_at: datetime = NOW, created_at: datetime = NOW, held: bool = False
) -> Delivery:
    """Delivery *number*, of claim and session *number*."""
    return Delivery(
        delivery_id=DeliveryId(f"delivery {number}"),
        app_id=PUBLIC_APP,
        provider="old",
        claim_id=digest(f"claim {number}"),
        handle=handle(number),
        sealed=b"sealed \x00 tokens",
        created_at=created_at,
        due_at=due_at,
        held=held,
    )


def signing_key(
    key_id: str, *, kind: KeyKind = KeyKind.DYNAMIC, created_at: datetime = NOW
) -> StoredSigningKey:
    """A stored key; its private half means nothing."""
    return StoredSigningKey(
        key_id=key_id,
        kind=kind,
        algorithm=Algorithm.ES256,
        created_at=created_at,
        sealed_private=b"sealed " + key_id.encode(),
    )


def sign_out(store: Store, selection: Selection, *, at: datetime = NOW) -> tuple[SessionHandle, ...]:
    """Delete what a selection of the public app names, as an engine does."""
    handles = store.select_handles(PUBLIC_APP, selection, limit=1000)
    return store.delete_sessions(PUBLIC_APP, handles, at=at)
