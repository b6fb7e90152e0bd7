"""
What a migration speaks of: the identity that a credential proves, the ledger row that makes it happen once, and the
delivery that ends the old session.

House rule: a person is (issuer, subject), never a subject or an e-mail address alone; nothing here holds a token.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import ClassVar, NewType

import msgspec

from segue.discreet import Discreet
from segue.ids import AppId, Digest, SessionHandle, TenantId, UserId
from segue.json import JsonObject

DeliveryId = NewType("DeliveryId", str)


class Identity(Discreet, frozen=True, kw_only=True, dict=True):
    """Whom a verified credential speaks of, and since when."""

    unshown: ClassVar = frozenset({"subject", "provider_session_id", "token_id", "claims"})

    provider: str
    """Configured name of the provider whose verifier said so."""
    issuer: str
    """Exactly as in the credential."""
    subject: str
    tenant_id: TenantId
    """Derived from the verified credential or the provider's configuration, never from the caller."""
    provider_session_id: str | None
    """The sign-in at the provider (`sid`, `origin_jti` …), where it tells."""
    token_id: str | None
    """The credential's own id (`jti`), where it has one."""
    issued_at: datetime
    authenticated_at: datetime
    """When the user signed in: `auth_time`, else `issued_at`."""
    expires_at: datetime | None
    """The credential's own end; None only where the provider makes endless ones and an accept-age is configured."""
    claims: JsonObject
    """Every claim of the credential, verified."""
    one_sign_in_at_a_time: bool = False
    """Where nothing names the sign-in, its time does: one user has one at an instant."""
    session_ends_at: datetime | None = None
    """When the sign-in itself ends at the provider, where the credential says so."""
    dated: bool = True
    """Whether the credential says when it was made; otherwise `authenticated_at` is only the latest that it can be."""

    @cached_property
    def subject_digest(self) -> Digest:
        """Finds a person's migrations without storing the foreign id; five places of one migration ask for it."""
        return subject_digest(self.issuer, self.subject)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger row of one sign-in at the provider: it becomes a session here at most once."""

    app_id: AppId
    claim_id: Digest
    provider: str
    issuer: str
    subject_digest: Digest
    user_id: UserId
    tenant_id: TenantId
    handle: SessionHandle
    """The session that it became."""
    client_digest: Digest | None
    """Binds the claim to the client that made it (digest of claim and Idempotency-Key); None if it gave no key."""
    claimed_at: datetime
    keep_until: datetime
    """The row must outlive every credential of the same sign-in: until then it is the tombstone of the old session."""


class LinkOrigin(Enum):
    """How a person came to be known."""

    IMPORTED = "imported"
    """An operator's list said so."""
    CREATED = "created"
    """The application made a user when he first came."""
    EMAIL = "email"
    """Found by a verified e-mail address, once."""


class IdentityLink(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the imported table: a person at a provider is this user here."""

    app_id: AppId
    subject_digest: Digest
    """Of issuer and subject together; the foreign id itself is not kept."""
    provider: str
    issuer: str
    user_id: UserId | None
    """None: somebody is just making the user."""
    origin: LinkOrigin
    linked_at: datetime
    busy_until: datetime | None = None
    """Until then whoever reserved it may go on making the user."""


class DeliveryState(Enum):
    """What became of a delivery."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"
    """Given up; an operator has to look."""


class Delivery(Discreet, frozen=True, kw_only=True):
    """An outbox row: tell the provider to end the old session."""

    unshown: ClassVar = frozenset({"sealed"})

    delivery_id: DeliveryId
    app_id: AppId
    provider: str
    claim_id: Digest
    handle: SessionHandle
    sealed: bytes
    """What has to be sent (the old tokens), encrypted with the deployment secret; emptied when settled."""
    created_at: datetime
    due_at: datetime
    """Not to be tried before; also the lease of the worker that tries it now."""
    attempts: int = 0
    state: DeliveryState = DeliveryState.PENDING
    last_error: str | None = None
    """Stable code of the last failure, never the provider's text."""
    settled_at: datetime | None = None
    """When it was done or given up; None while pending."""
    held: bool = False
    """Waits for the first use of the new session; `due_at` is when it is sent without any."""


def subject_digest(issuer: str, subject: str) -> Digest:
    """What is kept of a person's foreign id."""
    return digest_of("subject", issuer, subject)


def digest_of(purpose: str, *parts: str) -> Digest:
    """SHA-256 over parts that cannot run into one another; *purpose* separates one use from the next."""
    text = "\x00".join([purpose, *[f"{len(part)}:{part}" for part in parts]])
    return Digest(hashlib.sha256(text.encode()).digest())
