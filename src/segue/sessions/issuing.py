"""
Making a session and its tokens, as far as no I/O is needed: the row to be written, and what the client receives.

House rule: nothing here asks, reads a clock or makes randomness; signing happens here, outside any transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from segue.errors import PayloadTooLarge
from segue.ids import PUBLIC_TENANT, AppId, SessionHandle, TenantId, TokenHash, UserId, whole_milliseconds
from segue.json import JsonObject, JsonValue
from segue.sessions.claims import without_ended
from segue.sessions.model import Device, Family, Provenance, Session, SessionHead
from segue.sessions.policy import Lifetimes
from segue.tokens.access import (
    MAX_ACCESS,
    PROTECTED,
    AccessClaims,
    AccessToken,
    AccessVersion,
    access_length,
    mint_access,
)
from segue.tokens.access_v2 import mint_v2
from segue.tokens.refresh import RefreshToken, anti_csrf_token, first_refresh_token
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import KeyPlan, SigningKey

MAX_DEPTH: Final = 32
"""Levels of a payload: readers elsewhere (phones, gateways) do not go much deeper."""


class Issuance(msgspec.Struct, frozen=True, kw_only=True):
    """What every token is made with."""

    app_id: AppId
    issuer: str | None
    """The `iss` of our access tokens: API domain and base path. None: payloads are stored just as they are given."""
    secrets: Secrets
    lifetimes: Lifetimes
    keys: KeyPlan
    now: datetime
    """Aware UTC instant."""
    luck: float
    """Random, 0 (inclusive) to 1 (exclusive), for the jitter of the access token's lifetime."""
    static_keys: bool | None = None
    """Sign with a key that does not rotate, or with one that does; None: as each session was created."""
    ordered_handles: bool = True
    """Handles of new sessions begin with the time; False: they are all random."""
    access_version: AccessVersion = AccessVersion.V5
    access_lifetime: timedelta | None = None
    """Of the access tokens made now, to the second; None: the configured one, with its jitter."""

    def access_expiry(self) -> datetime:
        """When an access token made now is over."""
        if self.access_lifetime is not None:
            return self.now + self.access_lifetime
        return self.lifetimes.access_expiry(self.now, self.luck)

    def signing_key(self, *, static: bool) -> SigningKey:
        """The key that signs for a session which was created with this wish."""
        wanted = static if self.static_keys is None else self.static_keys
        key = self.keys.static if wanted else self.keys.dynamic
        if key is None:
            raise LookupError("the plan has no signing key; make the due ones first")
        return key


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session to be created."""

    user_id: UserId
    tenant_id: TenantId = PUBLIC_TENANT
    payload: JsonObject
    """Goes into every access token, without protected names."""
    data: JsonObject
    static_key: bool = False
    anti_csrf: bool = False
    """Hand out an anti-CSRF token, and demand it at refresh."""
    absolute_expires_at: datetime | None = None
    """An end that the caller fixes; the configured absolute lifetime applies beside it."""
    provenance: Provenance | None = None
    device: Device = Device()


class RefreshText(Protocol):
    """A refresh token as it is handed out; what is in it, only its maker knows."""

    @property
    def text(self) -> str:
        """Cookie-safe."""
        ...


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A session with freshly made tokens: what a client receives, whoever made them."""

    session: SessionHead
    access: AccessToken
    refresh: RefreshText
    anti_csrf: str | None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.session.handle}>"


class IssuedSession(Issued, frozen=True, kw_only=True):
    """The same of a session in our own store."""

    session: Session
    refresh: RefreshToken


def prepare(
    new: NewSession,
    issuance: Issuance,
    *,
    handle: SessionHandle,
    seed: bytes,
    longest: int = MAX_ACCESS,
) -> tuple[Session, RefreshToken]:
    """
    The row and the first refresh token of a new session; nothing is written yet.

    Args:
        new: whose it is.
        issuance: what tokens are made with.
        handle: as `new_handle` makes it, of fresh randomness.
        seed: 16 random bytes for the first refresh token.
        longest: characters that its access tokens may have.

    Raises:
        PayloadTooLarge: they would have more.
    """
    payload = application_payload(new.payload, issuer=issuance.issuer)
    require_room(payload, longest, user_id=new.user_id, tenant_id=new.tenant_id, handle=handle)
    now, lifetimes = whole_milliseconds(issuance.now), issuance.lifetimes
    refresh = first_refresh_token(
        issuance.secrets.primary, app_id=issuance.app_id, handle=handle, seed=seed, anti_csrf=new.anti_csrf
    )
    absolute = new.absolute_expires_at
    if lifetimes.absolute is not None:
        configured = now + lifetimes.absolute
        absolute = configured if absolute is None else min(absolute, configured)
    sliding = now + lifetimes.sliding
    session = Session(
        app_id=issuance.app_id,
        tenant_id=new.tenant_id,
        handle=handle,
        user_id=new.user_id,
        payload=payload,
        data=new.data,
        family=Family(current=refresh.digest, secret_id=refresh.secret_id),
        created_at=now,
        refreshed_at=now,
        expires_at=sliding if absolute is None else min(sliding, absolute),
        refresh_lifetime=lifetimes.sliding,
        absolute_expires_at=absolute,
        static_key=new.static_key,
        provenance=new.provenance,
        device=new.device,
    )
    return session, refresh


def issue(
    session: Session, refresh: RefreshToken, issuance: Issuance, *, parent_hash: TokenHash | None = None
) -> IssuedSession:
    """
    The tokens of a session that is durably written.

    The access token never outlives the session: where the absolute end is near, it is shorter.

    Args:
        session: as it is stored now.
        refresh: the token that goes out.
        issuance: what the access token is made with.
        parent_hash: named in the access token where the rotation may still be undone.
    """
    secret = issuance.secrets.find(refresh.secret_id) or issuance.secrets.primary
    anti_csrf = anti_csrf_token(refresh, secret, app_id=issuance.app_id)
    access = _mint(
        session,
        issuance,
        version=issuance.access_version,
        refresh_hash=refresh.hash,
        parent_hash=parent_hash,
        anti_csrf=anti_csrf,
        expires_at=min(issuance.access_expiry(), session.expires_at),
    )
    return IssuedSession(session=session, access=access, refresh=refresh, anti_csrf=anti_csrf)


def renew(session: Session, claims: AccessClaims, issuance: Issuance) -> AccessToken:
    """
    The access token of *claims* again, showing the session's present payload.

    It keeps form, expiry, lineage and anti-CSRF token, and gets a fresh `issued_at`; the refresh token stays.
    """
    return _mint(
        session,
        issuance,
        version=claims.version,
        refresh_hash=claims.refresh_hash,
        parent_hash=claims.parent_hash,
        anti_csrf=claims.anti_csrf,
        expires_at=claims.expires_at,
    )


def settled(session: Session, claims: AccessClaims, issuance: Issuance) -> AccessToken:
    """The access token of *claims* again, for a full life, with the refresh token beside it now beyond recall."""
    return _mint(
        session,
        issuance,
        version=claims.version,
        refresh_hash=claims.refresh_hash,
        parent_hash=None,
        anti_csrf=claims.anti_csrf,
        expires_at=min(issuance.access_expiry(), session.expires_at),
    )


def _mint(
    session: Session,
    issuance: Issuance,
    *,
    version: AccessVersion,
    refresh_hash: TokenHash,
    parent_hash: TokenHash | None,
    anti_csrf: str | None,
    expires_at: datetime,
) -> AccessToken:
    key = issuance.signing_key(static=session.static_key)
    payload = without_ended(session.payload, now=issuance.now)
    if version is AccessVersion.V2:
        return mint_v2(
            payload,
            key,
            user_id=session.user_id,
            handle=session.handle,
            refresh_hash=refresh_hash,
            parent_hash=parent_hash,
            anti_csrf=anti_csrf,
            issued_at=issuance.now,
            expires_at=expires_at,
        )
    return mint_access(
        payload,
        key,
        user_id=session.user_id,
        tenant_id=session.tenant_id,
        handle=session.handle,
        refresh_hash=refresh_hash,
        anti_csrf=anti_csrf,
        issued_at=issuance.now,
        expires_at=expires_at,
        parent_hash=parent_hash,
        version=version,
    )


def require_room(
    payload: JsonObject, longest: int, *, user_id: UserId, tenant_id: TenantId, handle: SessionHandle
) -> None:
    """
    Refuse a payload before it is stored, rather than hand out tokens that nobody takes.

    Raises:
        PayloadTooLarge: an access token may be longer than *longest*, or the payload is nested too deep.
    """
    if not _is_flat(payload):
        raise PayloadTooLarge(f"the payload is nested deeper than {MAX_DEPTH}")
    length = access_length(payload, user_id=user_id, tenant_id=tenant_id, handle=handle)
    if length > longest:
        raise PayloadTooLarge(f"an access token would have up to {length} characters, of at most {longest}")


def _is_flat(payload: JsonObject) -> bool:
    level: list[JsonValue] = list(payload.values())
    for _ in range(MAX_DEPTH):
        inner = [each for each in level if isinstance(each, dict | list)]
        if not inner:
            return True
        level = [value for each in inner for value in (each.values() if isinstance(each, dict) else each)]
    return False


def application_payload(payload: JsonObject, *, issuer: str | None) -> JsonObject:
    """The payload to store: protected names silently dropped, our issuer put in whatever the caller gave."""
    if issuer is None:
        return payload
    if PROTECTED.isdisjoint(payload):  # as almost always, and four times as fast
        return {**payload, "iss": issuer}
    return {name: value for name, value in payload.items() if name not in PROTECTED} | {"iss": issuer}
