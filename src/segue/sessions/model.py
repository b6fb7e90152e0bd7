"""
What a session is.

A *session* is one sign-in on one device. Its refresh tokens descend from one another and form a *family*, of which the
store knows only digests. House rule: nothing here reads a clock, makes randomness or does I/O; instants are aware UTC
datetimes in whole milliseconds, because that is what every store keeps.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, TypeAlias

import msgspec

from segue.discreet import Discreet
from segue.ids import AppId, Digest, SecretId, SessionHandle, TenantId, UserId
from segue.json import JsonObject


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """The refresh tokens of one session, as far as the store needs to know them."""

    current: Digest
    """Digest of the newest refresh token."""
    secret_id: SecretId
    """Deployment secret that made the newest one; its parent derives it again inside the grace window."""
    generation: int = 0
    """How often the family has rotated; the version for compare-and-swap."""
    previous: Digest | None = None
    """Digest of the token that was rotated last."""
    rotated_at: datetime | None = None
    """When it was rotated; anchor of the grace window, which never slides."""


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where a migrated session came from; None on sessions that were created here."""

    provider: str
    """Configured name of the previous provider."""
    issuer: str
    """Exact issuer of the credential."""
    subject_digest: Digest
    """SHA-256 over issuer and subject: finds a person's sessions without keeping the foreign id."""
    claim_id: Digest
    """The ledger row that made this migration happen once."""
    authenticated_at: datetime
    """When the user signed in at the provider (`auth_time`, else `iat`); never moved."""
    verifier_version: str
    """Version of segue that verified the credential, so that a verifier's mistake can be undone."""


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """What the user sees of a session in a list of devices."""

    label: str | None = None
    ip: str | None = None


class SessionHead(Discreet, frozen=True, kw_only=True):
    """What is told of a session together with its tokens, wherever it lives."""

    unshown: ClassVar = frozenset({"payload", "data"})

    app_id: AppId
    tenant_id: TenantId
    handle: SessionHandle
    user_id: UserId
    payload: JsonObject
    """Goes into every access token."""
    expires_at: datetime
    """When the newest refresh token stops working: sliding, never beyond `absolute_expires_at`."""
    absolute_expires_at: datetime | None = None
    """Fixed at creation; no rotation moves it."""


class SessionView(SessionHead, frozen=True, kw_only=True):
    """One sign-in on one device, as far as it can be told wherever it lives: in our store, or in a remote core."""

    data: JsonObject
    """Stays on the server."""
    created_at: datetime
    refreshed_at: datetime | None
    """Last rotation; equals `created_at` before the first. None: whoever keeps it does not tell."""
    provenance: Provenance | None = None
    device: Device = Device()


class Session(SessionView, frozen=True, kw_only=True):
    """A session as our own stores keep it."""

    refreshed_at: datetime
    family: Family
    refresh_lifetime: timedelta
    """How far each rotation moves `expires_at`."""
    static_key: bool = False
    """Access tokens are signed by a key that does not rotate."""


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """A rotation to be tried: the compare and the swap of one statement."""

    app_id: AppId
    handle: SessionHandle
    presented: Digest
    """The stored family must still have this as `current` …"""
    successor: Digest
    """… and gets this instead."""
    secret_id: SecretId
    at: datetime
    """The session must still live at this instant; becomes `rotated_at` and `refreshed_at`."""
    static_key: bool | None = None
    """What becomes of `Session.static_key`; None keeps it."""


class ByHandle(msgspec.Struct, frozen=True, kw_only=True):
    """Exactly these sessions."""

    handles: tuple[SessionHandle, ...]


class ByUser(msgspec.Struct, frozen=True, kw_only=True):
    """All sessions of a user."""

    user_id: UserId
    tenant_id: TenantId | None = None
    """Only in this tenant; None means in every one."""
    except_handle: SessionHandle | None = None
    """All but this one: "sign out my other devices"."""


class ByTenant(msgspec.Struct, frozen=True, kw_only=True):
    """All sessions of a tenant."""

    tenant_id: TenantId


class ByProvenance(msgspec.Struct, frozen=True, kw_only=True):
    """All sessions that were migrated from an issuer, optionally by one verifier version and in a window of time."""

    issuer: str
    verifier_version: str | None = None
    created_from: datetime | None = None
    """Inclusive."""
    created_before: datetime | None = None
    """Exclusive."""


Selection: TypeAlias = ByHandle | ByUser | ByTenant | ByProvenance


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a list of sessions, newest first: right after the one that was created then and has this handle."""

    created_at: datetime
    handle: SessionHandle

    @classmethod
    def of(cls, session: SessionView) -> Position:
        """The place after this session; good also when it has ended meanwhile."""
        return cls(created_at=session.created_at, handle=session.handle)


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one batch of revocations."""

    handles: tuple[SessionHandle, ...]
    """Of those that lived."""
    more: bool
    """Others may be left; go on."""


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the revocation feed: access tokens of this session are dead although their time is not over."""

    sequence: int
    """Grows with every entry of the store; a reader asks for what came after the last one it saw."""
    app_id: AppId
    handle: SessionHandle
    revoked_at: datetime
