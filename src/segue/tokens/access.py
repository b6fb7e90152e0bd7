"""
Our access tokens: JWTs of the version-5 form that SuperTokens back ends and front ends know (RFC 7519).

Short-lived, verified without I/O. The claim names and the header members are the wire's and appear here alone.
House rules: the key fixes the algorithm, never the header (RFC 8725 §3.1); nothing here reads a clock; a verified
token is remembered, but its time and its revocation are looked at on every use.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypedDict, cast

import msgspec

from segue.errors import KeyUnknown, SignatureRefused, TokenExpired, TokenMalformed
from segue.ids import PUBLIC_TENANT, SessionHandle, TenantId, TokenHash, UserId
from segue.json import JsonObject, JsonValue, dump, parse_object
from segue.tokens import base64url
from segue.tokens.algorithms import Algorithm, Verify, sign, verifier
from segue.tokens.signing_keys import SigningKey

PROTECTED = frozenset(
    {
        "sub",
        "iat",
        "exp",
        "sessionHandle",
        "refreshTokenHash1",
        "parentRefreshTokenHash1",
        "antiCsrfToken",
        "rsub",
        "tId",
        "stt",
    }
)
"""Claims that are ours; an application's payload cannot set them."""

_VERSION = "5"
_READABLE_VERSIONS = frozenset({"3", "4", "5"})
_MAX_TOKEN = 8192
_KNOWN_HEADERS = 256
_encode = msgspec.json.Encoder().encode


class AccessClaims(msgspec.Struct, frozen=True, kw_only=True):
    """
    What an access token says.

    These two are structs, because one of each is made by every verification of a new token: 0.3 µs instead of 1.8.
    """

    user_id: UserId
    recipe_user_id: UserId
    """The sign-in's own id, where the wire tells it from the user's; equal to `user_id` here."""
    tenant_id: TenantId
    handle: SessionHandle
    refresh_hash: TokenHash
    """Of the refresh token that was handed out with it."""
    parent_hash: TokenHash | None
    anti_csrf: str | None
    issued_at: datetime
    """Whole seconds."""
    expires_at: datetime
    """Whole seconds; over at that instant (RFC 7519 §4.1.4)."""
    payload: JsonObject
    """All claims, ours among them: what the front-end token shows."""

    @property
    def custom(self) -> JsonObject:
        """The application's own claims."""
        return {name: value for name, value in self.payload.items() if name not in PROTECTED}


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """An access token whose signature holds."""

    text: str
    key_id: str
    claims: AccessClaims

    def __repr__(self) -> str:
        return f"<AccessToken of session {self.claims.handle}>"


def mint_access(
    custom: JsonObject,
    key: SigningKey,
    *,
    user_id: UserId,
    tenant_id: TenantId,
    handle: SessionHandle,
    refresh_hash: TokenHash,
    anti_csrf: str | None,
    issued_at: datetime,
    expires_at: datetime,
) -> AccessToken:
    """
    Sign an access token.

    Args:
        custom: the application's claims; protected names among them are overruled.
        key: signs, and names itself in the header.
        user_id: subject.
        tenant_id: of the session.
        handle: of the session.
        refresh_hash: of the refresh token handed out beside it.
        anti_csrf: the anti-CSRF token handed out beside it, if any.
        issued_at: floored to whole seconds, so that no verifier sees a token from its future.
        expires_at: likewise.
    """
    issued, expires = int(issued_at.timestamp()), int(expires_at.timestamp())
    payload: dict[str, JsonValue] = {
        **custom,
        "sub": user_id,
        "rsub": user_id,
        "tId": tenant_id,
        "sessionHandle": handle,
        "refreshTokenHash1": refresh_hash,
        "parentRefreshTokenHash1": None,
        "antiCsrfToken": anti_csrf,
        "iat": issued,
        "exp": expires,
    }
    data = _header_of(key) + b"." + base64url.encode(_encode(payload))
    text = (data + b"." + base64url.encode(sign(key.private, key.algorithm, data))).decode()
    return AccessToken(text=text, key_id=key.key_id, claims=_claims(payload))


def _header_of(key: SigningKey) -> bytes:
    known = (key.key_id, key.algorithm)
    header = _HEADERS.get(known)
    if header is None:
        members: JsonObject = {
            "alg": key.algorithm.value,
            "kid": key.key_id,
            "typ": "JWT",
            "version": _VERSION,
        }
        header = base64url.encode(dump(members))
        if len(_HEADERS) < _KNOWN_HEADERS:
            _HEADERS[known] = header
    return header


class AccessVerifier:
    """
    Verifies access tokens with the keys of one app.

    Holds two bounded memories: headers seen (so that only the first token of a key costs a JSON parse) and tokens
    verified (so that a repeated one costs no signature check). Make a new verifier when the keys change; its memories
    go with it. Safe to share between threads.
    """

    __slots__ = ("_by_header", "_remembered", "_verifiers", "capacity", "key_ids")

    def __init__(self, keys: tuple[SigningKey, ...], *, capacity: int = 10_000) -> None:
        """
        Args:
            keys: all that verify.
            capacity: how many verified tokens are remembered; 0 remembers none.
        """
        self.capacity = capacity
        self.key_ids = frozenset(key.key_id for key in keys)
        self._verifiers: dict[str, tuple[Algorithm, Verify]] = {
            key.key_id: (key.algorithm, verifier(key.private.public_key(), key.algorithm)) for key in keys
        }
        self._by_header: dict[bytes, tuple[str, Verify]] = {}
        self._remembered: dict[str, AccessToken] = {}

    def verify(self, text: str, *, now: datetime) -> AccessToken:
        """
        Accept an access token, or say why not.

        Args:
            text: compact JWS, at most 8 KiB.
            now: aware UTC instant; no leeway, since the tokens are our own.

        Raises:
            TokenMalformed: does not look like an access token of ours; another token may have been meant.
            KeyUnknown: signed by a key that is not among these; perhaps there are newer ones.
            SignatureRefused: the signature is wrong, or the header names another algorithm than the key's.
            TokenExpired: `now >= expires_at`.
        """
        token = self._remembered.get(text)
        if token is None:
            token = self._verify_cold(text)
        if now >= token.claims.expires_at:
            raise TokenExpired("access token")
        return token

    def recognise(self, text: str) -> AccessToken:
        """
        As `verify`, but its time may be over: whose session was it?

        Raises:
            TokenMalformed, KeyUnknown, SignatureRefused: as `verify`.
        """
        return self._remembered.get(text) or self._verify_cold(text)

    def _verify_cold(self, text: str) -> AccessToken:
        if len(text) > _MAX_TOKEN:
            raise TokenMalformed("longer than an access token can be")
        try:
            data, _, signature = text.encode("ascii").rpartition(b".")
        except UnicodeEncodeError as error:
            raise TokenMalformed("not base64url") from error
        header, _, payload = data.partition(b".")
        # Structure before signature: what is not ours may be another party's token and must not end a session.
        claims = _read_claims(payload)
        key_id, verify = self._by_header.get(header) or self._read_header(header)
        try:
            raw = base64url.decode(signature)
        except ValueError as error:
            raise TokenMalformed("not base64url") from error
        if not verify(raw, data):
            raise SignatureRefused(key_id)
        token = AccessToken(text=text, key_id=key_id, claims=claims)
        self._remember(token)
        return token

    def _read_header(self, header: bytes) -> tuple[str, Verify]:
        try:
            members = parse_object(base64url.decode(header))
        except ValueError as error:
            raise TokenMalformed("no header that we write") from error
        key_id, version = members.get("kid"), members.get("version", "3")
        if members.get("typ") != "JWT" or not isinstance(key_id, str) or "crit" in members:
            raise TokenMalformed("no header that we write")
        if not isinstance(version, str) or version not in _READABLE_VERSIONS:
            raise TokenMalformed("no version that we read")
        known = self._verifiers.get(key_id)
        if known is None:
            raise KeyUnknown("access token")
        algorithm, verify = known
        if members.get("alg") != algorithm.value:
            raise SignatureRefused(key_id)
        if len(self._by_header) < _KNOWN_HEADERS:
            self._by_header[header] = (key_id, verify)
        return key_id, verify

    def _remember(self, token: AccessToken) -> None:
        if self.capacity == 0:
            return
        while len(self._remembered) >= self.capacity:
            try:
                del self._remembered[next(iter(self._remembered))]
            except (KeyError, StopIteration, RuntimeError):  # another thread was faster
                continue
        self._remembered[token.text] = token


def _read_claims(segment: bytes) -> AccessClaims:
    try:
        payload = _decode(base64url.decode(segment))
    except (ValueError, msgspec.DecodeError, RecursionError) as error:  # the last: nested by the thousand
        raise TokenMalformed("no payload that we write") from error
    return _claims(payload)


def _claims(payload: dict[str, JsonValue]) -> AccessClaims:
    user, handle, hashed = payload.get("sub"), payload.get("sessionHandle"), payload.get("refreshTokenHash1")
    issued, expires, kind = payload.get("iat"), payload.get("exp"), payload.get("stt")
    if not (isinstance(user, str) and isinstance(handle, str) and isinstance(hashed, str)):
        raise TokenMalformed("not the claims of a session")
    if (
        type(issued) not in _NUMBERS
        or type(expires) not in _NUMBERS
        or (kind is not None and not _is_zero(kind))
    ):
        raise TokenMalformed("not the claims of a session")
    parent, anti_csrf = payload.get("parentRefreshTokenHash1"), payload.get("antiCsrfToken")
    tenant, recipe = payload.get("tId"), payload.get("rsub")
    ours = cast("_Ours", payload)
    try:
        issued_at, expires_at = _instant(ours["iat"], UTC), _instant(ours["exp"], UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise TokenMalformed("a time that no calendar has") from error
    return AccessClaims(
        user_id=ours["sub"],
        recipe_user_id=ours["rsub"] if isinstance(recipe, str) else ours["sub"],
        tenant_id=ours["tId"] if isinstance(tenant, str) else PUBLIC_TENANT,
        handle=ours["sessionHandle"],
        refresh_hash=ours["refreshTokenHash1"],
        parent_hash=ours["parentRefreshTokenHash1"] if isinstance(parent, str) else None,
        anti_csrf=anti_csrf if isinstance(anti_csrf, str) else None,
        issued_at=issued_at,
        expires_at=expires_at,
        payload=payload,
    )


class _Ours(TypedDict):
    """Our members, once looked at: a `NewType` called for each takes 0.4 of the 30 µs of a verification."""

    sub: UserId
    rsub: UserId
    tId: TenantId
    sessionHandle: SessionHandle
    refreshTokenHash1: TokenHash
    parentRefreshTokenHash1: TokenHash
    iat: float
    exp: float


def _is_zero(value: JsonValue) -> bool:
    return type(value) in _NUMBERS and value == 0


_NUMBERS = (int, float)
_instant = datetime.fromtimestamp
_HEADERS: dict[tuple[str, Algorithm], bytes] = {}
_decode: Callable[[bytes], dict[str, JsonValue]] = msgspec.json.Decoder(dict[str, Any]).decode
