"""
Making a session and its tokens, as far as no I/O is needed: the row to be written, and what the client receives.

House rule: nothing here asks, reads a clock or makes randomness; signing happens here, outside any transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from segue.ids import PUBLIC_TENANT, AppId, SessionHandle, TenantId, UserId, whole_milliseconds
from segue.json import JsonObject
from segue.sessions.model import Device, Family, Provenance, Session
from segue.sessions.policy import Lifetimes
from segue.tokens.access import PROTECTED, AccessClaims, AccessToken, mint_access
from segue.tokens.refresh import RefreshToken, anti_csrf_token, first_refresh_token
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import KeyPlan, SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuance:
    """What every token is made with."""

    app_id: AppId
    issuer: str
    """The `iss` of our access tokens: API domain and base path."""
    secrets: Secrets
    lifetimes: Lifetimes
    keys: KeyPlan
    now: datetime
    """Aware UTC instant."""
    luck: float
    """Random, 0 (inclusive) to 1 (exclusive), for the jitter of the access token's lifetime."""
    static_keys: bool | None = None
    """Sign with a key that does not rotate, or with one that does; None: as each session was created."""

    def signing_key(self, *, static: bool) -> SigningKey:
        """The key that signs for a session which was created with this wish."""
        wanted = static if self.static_keys is None else self.static_keys
        key = self.keys.static if wanted else self.keys.dynamic
        if key is None:
            raise LookupError("the plan has no signing key; make the due ones first")
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
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
    device: Device = field(default_factory=Device)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedSession:
    """A session with freshly made tokens: what a client receives."""

    session: Session
    access: AccessToken
    refresh: RefreshToken
    anti_csrf: str | None

    def __repr__(self) -> str:
        return f"<IssuedSession {self.session.handle}>"


def prepare(
    new: NewSession, issuance: Issuance, *, handle: SessionHandle, seed: bytes
) -> tuple[Session, RefreshToken]:
    """
    The row and the first refresh token of a new session; nothing is written yet.

    Args:
        new: whose it is.
        issuance: what tokens are made with.
        handle: as `new_handle` makes it, of fresh randomness.
        seed: 16 random bytes for the first refresh token.
    """
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
        payload=application_payload(new.payload, issuer=issuance.issuer),
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


def issue(session: Session, refresh: RefreshToken, issuance: Issuance) -> IssuedSession:
    """
    The tokens of a session that is durably written.

    The access token never outlives the session: where the absolute end is near, it is shorter.
    """
    secret = issuance.secrets.find(refresh.secret_id) or issuance.secrets.primary
    anti_csrf = anti_csrf_token(refresh, secret, app_id=issuance.app_id)
    expires_at = min(issuance.lifetimes.access_expiry(issuance.now, issuance.luck), session.expires_at)
    access = mint_access(
        session.payload,
        issuance.signing_key(static=session.static_key),
        user_id=session.user_id,
        tenant_id=session.tenant_id,
        handle=session.handle,
        refresh_hash=refresh.hash,
        anti_csrf=anti_csrf,
        issued_at=issuance.now,
        expires_at=expires_at,
    )
    return IssuedSession(session=session, access=access, refresh=refresh, anti_csrf=anti_csrf)


def renew(session: Session, claims: AccessClaims, issuance: Issuance) -> AccessToken:
    """
    The access token of *claims* again, showing the session's present payload.

    It keeps expiry, lineage and anti-CSRF token, and gets a fresh `issued_at`; the refresh token stays.
    """
    return mint_access(
        session.payload,
        issuance.signing_key(static=session.static_key),
        user_id=claims.user_id,
        tenant_id=claims.tenant_id,
        handle=claims.handle,
        refresh_hash=claims.refresh_hash,
        anti_csrf=claims.anti_csrf,
        issued_at=issuance.now,
        expires_at=claims.expires_at,
    )


def application_payload(payload: JsonObject, *, issuer: str) -> JsonObject:
    """The payload to store: protected names silently dropped, our issuer put in whatever the caller gave."""
    if PROTECTED.isdisjoint(payload):  # as almost always, and four times as fast
        return {**payload, "iss": issuer}
    return {name: value for name, value in payload.items() if name not in PROTECTED} | {"iss": issuer}
