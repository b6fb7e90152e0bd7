"""
Refresh tokens: opaque, bound to a session, each one deriving its successor.

A token is a binary record with a MAC, in base64url without padding (about 130 characters of `A-Za-z0-9_-`). The MAC
(keyed by the deployment secret, per app) lets junk be refused before any database is asked. The successor's
randomness is an HMAC of its parent, so presenting a parent again inside the grace window yields the *same* successor
on every machine, and a database alone never suffices to compute one. House rule: a database sees digests only.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from datetime import datetime

import msgspec

from segue.errors import UnknownRefreshToken
from segue.ids import (
    PUBLIC_TENANT,
    AppId,
    Digest,
    SecretId,
    SessionHandle,
    TenantId,
    TokenHash,
    to_milliseconds,
)
from segue.tokens import base64url
from segue.tokens.secrets import Secret, Secrets

_VERSION = 1
_HAS_PARENT, _HAS_ANTI_CSRF = 1, 2
_RECORD = struct.Struct(">BB4s16sI16s32s")
_MAC = 16
_MAX_TEXT = 1024
_NO_PARENT = bytes(32)

SEED = 16
"""Bytes of randomness that a family starts from."""


class RefreshToken(msgspec.Struct, frozen=True):
    """A refresh token whose MAC holds: made by us, for this app; whether it is still good only the store knows."""

    text: str
    handle: SessionHandle
    generation: int
    """0 for the first of its family."""
    parent: TokenHash | None
    """Hash of the token that was presented to get this one."""
    anti_csrf: bool
    """An anti-CSRF token was handed out beside it."""
    secret_id: SecretId
    hash: TokenHash
    """As it appears in access tokens."""

    def __repr__(self) -> str:
        return f"<RefreshToken {self.generation} of session {self.handle}>"

    @property
    def digest(self) -> Digest:
        """As the store knows it."""
        return digest_hash(self.hash)


def hash_token(text: str) -> TokenHash:
    """Lower-case hex SHA-256 of a refresh token's text."""
    return TokenHash(hashlib.sha256(text.encode()).hexdigest())


def digest_hash(token_hash: TokenHash) -> Digest:
    """What the store keeps: hashed once more, so that an access token does not reveal a database key."""
    return Digest(hashlib.sha256(token_hash.encode()).digest())


def first_refresh_token(
    secret: Secret, *, app_id: AppId, handle: SessionHandle, seed: bytes, anti_csrf: bool
) -> RefreshToken:
    """
    The first token of a new family.

    Args:
        secret: the primary deployment secret.
        app_id: the token holds in this app alone.
        handle: UUID text with the tenant behind it, as `new_handle` makes it.
        seed: 16 random bytes.
        anti_csrf: an anti-CSRF token will be handed out with it.
    """
    return _make(secret, handle, app_id=app_id, generation=0, seed=seed, parent=None, anti_csrf=anti_csrf)


def succeed(token: RefreshToken, secret: Secret, *, app_id: AppId, anti_csrf: bool) -> RefreshToken:
    """The successor: always the same for the same parent, secret and *anti_csrf*."""
    seed = secret.authenticate("refresh successor", app_id, token.text.encode())[:SEED]
    return _make(
        secret,
        token.handle,
        app_id=app_id,
        generation=token.generation + 1,
        seed=seed,
        parent=token.hash,
        anti_csrf=anti_csrf,
    )


def branch(
    token: RefreshToken, secret: Secret, *, app_id: AppId, seed: bytes, anti_csrf: bool
) -> RefreshToken:
    """
    One of many children, where rotation waits for the first use (`segue.sessions.branching`).

    Args:
        token: the parent.
        secret: the primary deployment secret.
        app_id: the token holds in this app alone.
        seed: 16 random bytes; they tell the child from its siblings.
        anti_csrf: an anti-CSRF token will be handed out with it.
    """
    return _make(
        secret,
        token.handle,
        app_id=app_id,
        generation=token.generation + 1,
        seed=seed,
        parent=token.hash,
        anti_csrf=anti_csrf,
    )


def read_refresh_token(text: str, secrets: Secrets, *, app_id: AppId) -> RefreshToken:
    """
    Read a refresh token and check its MAC; no store is asked.

    Raises:
        UnknownRefreshToken: malformed, forged, of another app, or made with a secret that is gone.
    """
    try:
        raw = base64url.decode(text.encode()) if len(text) <= _MAX_TEXT else b""
        version, flags, secret_id, identity, generation, _, parent = _RECORD.unpack_from(raw)
        tenant = raw[_RECORD.size : -_MAC].decode()
    except (ValueError, struct.error) as error:
        raise UnknownRefreshToken("not a refresh token") from error
    secret = secrets.find(secret_id)
    if version != _VERSION or secret is None:
        raise UnknownRefreshToken("not a refresh token of a configured secret")
    if not hmac.compare_digest(_mac(secret, app_id, raw[:-_MAC]), raw[-_MAC:]):
        raise UnknownRefreshToken("the refresh token's MAC does not hold")
    return RefreshToken(
        text=text,
        handle=SessionHandle(_uuid_text(identity) + tenant),
        generation=generation,
        parent=TokenHash(parent.hex()) if flags & _HAS_PARENT else None,
        anti_csrf=bool(flags & _HAS_ANTI_CSRF),
        secret_id=secret.id,
        hash=hash_token(text),
    )


def anti_csrf_token(token: RefreshToken, secret: Secret, *, app_id: AppId) -> str | None:
    """The anti-CSRF token that goes with a refresh token, as UUID text; None if none was handed out."""
    if not token.anti_csrf:
        return None
    identity = bytearray(secret.authenticate("anti csrf", app_id, token.text.encode())[:16])
    return _uuid(identity, version=4)


def new_handle(randomness: bytes, tenant_id: TenantId, *, at: datetime | None) -> SessionHandle:
    """
    A session handle: a UUID of version 7 (RFC 9562 §5.7), the time and 74 random bits; or of version 4.

    Sessions that are made together so lie side by side in every index by handle. With random handles each new one
    dirties a page of its own: 19 to 25 µs of a shared SQLite commit instead of 13, and more the larger the table is.

    Args:
        randomness: 16 bytes; of version 7 the first 6 are not used.
        tenant_id: stands behind it unless it is the public one.
        at: aware UTC instant of the creation; None: version 4, which tells no time (core protocol §8.1).
    """
    if len(randomness) != 16:
        raise ValueError("a handle has 16 random bytes")
    identity = bytearray(randomness)
    if at is not None:
        identity[:6] = to_milliseconds(at).to_bytes(6, "big")
    text = _uuid(identity, version=4 if at is None else 7)
    return SessionHandle(text if tenant_id == PUBLIC_TENANT else f"{text}_{tenant_id}")


def _uuid(identity: bytearray, *, version: int) -> str:
    identity[6] = identity[6] & 0x0F | version << 4
    identity[8] = identity[8] & 0x3F | 0x80  # the usual variant (RFC 9562 §4.1)
    return _uuid_text(identity)


def _uuid_text(identity: bytes | bytearray) -> str:
    """As `str(UUID(bytes=…))`, in 0.6 instead of 1.5 µs; creating a session and each refresh do it."""
    text = identity.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _make(
    secret: Secret,
    handle: SessionHandle,
    *,
    app_id: AppId,
    generation: int,
    seed: bytes,
    parent: TokenHash | None,
    anti_csrf: bool,
) -> RefreshToken:
    flags = (_HAS_PARENT if parent else 0) | (_HAS_ANTI_CSRF if anti_csrf else 0)
    identity, tenant = bytes.fromhex(handle[:36].replace("-", "")), handle[36:].encode()
    parent_bytes = bytes.fromhex(parent) if parent else _NO_PARENT
    body = _RECORD.pack(_VERSION, flags, secret.id, identity, generation, seed, parent_bytes) + tenant
    text = base64url.encode(body + _mac(secret, app_id, body)).decode()
    return RefreshToken(text, handle, generation, parent, anti_csrf, secret.id, hash_token(text))


def _mac(secret: Secret, app_id: AppId, body: bytes) -> bytes:
    return secret.authenticate("refresh mac", app_id, body)[:_MAC]
