"""
Our access tokens: JWTs of the forms 3 to 5 that SuperTokens back ends and front ends know (RFC 7519).

Short-lived, verified without I/O. The claim names and the header members are the wire's and appear here alone.
House rules: the key fixes the algorithm, never the header (RFC 8725 §3.1); nothing here reads a clock; a verified
token is remembered, but its time and its revocation are looked at on every use.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Final, TypedDict, cast

import msgspec

from segue.errors import KeyUnknown, SignatureRefused, TokenExpired, TokenMalformed
from segue.ids import PUBLIC_TENANT, SessionHandle, TenantId, TokenHash, UserId
from segue.json import JsonObject, JsonValue, dump, parse_object
from segue.tokens import base64url
from segue.tokens.algorithms import Algorithm, Verify, verifier
from segue.tokens.keys import VerificationKey
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

MAX_ACCESS: Final = 8192
"""Characters of an access token; longer ones are not looked at."""
_KNOWN_HEADERS = 256
_SHARES = ((1024, 1), (2048, 8), (MAX_ACCESS, 64))
"""Characters up to which a token is of a class, and which part of the capacity the class has."""
_encode = msgspec.json.Encoder().encode


class AccessVersion(IntEnum):
    """
    The form of an access token.

    Our own doors write the newest. Older ones are for back-end SDKs that speak an older core protocol; form 2 has a
    module of its own, `segue.tokens.access_v2`.
    """

    V2 = 2
    """The application's claims apart from ours, times in milliseconds, no key id."""
    V3 = 3
    V4 = 4
    """With a tenant."""
    V5 = 5
    """With the id of the sign-in beside the user's."""

    @property
    def protected(self) -> frozenset[str]:
        """Names that the application's claims cannot have in this form."""
        return _PROTECTED[self]


_ALWAYS = PROTECTED - {"rsub", "tId"}
_PROTECTED = {
    AccessVersion.V2: frozenset[str](),
    AccessVersion.V3: _ALWAYS,
    AccessVersion.V4: _ALWAYS | {"tId"},
    AccessVersion.V5: PROTECTED,
}
_BY_TEXT = {str(version.value): version for version in AccessVersion if version is not AccessVersion.V2}


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
    version: AccessVersion = AccessVersion.V5

    @property
    def custom(self) -> JsonObject:
        """The application's own claims."""
        protected = self.version.protected
        return {name: value for name, value in self.payload.items() if name not in protected}


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
    parent_hash: TokenHash | None = None,
    version: AccessVersion = AccessVersion.V5,
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
        parent_hash: of the refresh token that was presented for the one beside it, where the rotation may still be
            undone (`segue.sessions.branching`).
        version: form 3 to 5.
    """
    issued, expires = int(issued_at.timestamp()), int(expires_at.timestamp())
    payload: dict[str, JsonValue] = {
        **custom,
        "sub": user_id,
        "sessionHandle": handle,
        "refreshTokenHash1": refresh_hash,
        "parentRefreshTokenHash1": parent_hash,
        "antiCsrfToken": anti_csrf,
        "iat": issued,
        "exp": expires,
    }
    if version >= AccessVersion.V4:
        payload["tId"] = tenant_id
    if version >= AccessVersion.V5:
        payload["rsub"] = user_id
    data = _header_of(key, version) + b"." + base64url.encode(_encode(payload))
    text = (data + b"." + base64url.encode(key.sign(data))).decode()
    claims = AccessClaims(
        user_id=user_id,
        recipe_user_id=user_id,
        tenant_id=tenant_id if version >= AccessVersion.V4 else PUBLIC_TENANT,
        handle=handle,
        refresh_hash=refresh_hash,
        parent_hash=parent_hash,
        anti_csrf=anti_csrf,
        issued_at=_instant(issued, UTC),
        expires_at=_instant(expires, UTC),
        payload=payload,
        version=version,
    )
    return AccessToken(text=text, key_id=key.key_id, claims=claims)


def access_length(custom: JsonObject, *, user_id: UserId, tenant_id: TenantId, handle: SessionHandle) -> int:
    """How many characters an access token with these claims may have, whichever key signs it."""
    payload: dict[str, JsonValue] = {**_LONGEST, **custom, "sub": user_id, "rsub": user_id}
    payload |= {"tId": tenant_id, "sessionHandle": handle}
    return _FRAME + (len(_encode(payload)) * 4 + 2) // 3  # as long as base64url makes it


_FRAME = 2 + 118 + 342
"""Two dots, the header of a static key, a signature of RS256."""
_LONGEST: JsonObject = {
    "refreshTokenHash1": "0" * 64,
    "parentRefreshTokenHash1": "0" * 64,
    "antiCsrfToken": "0" * 36,
    "iat": 10**10,
    "exp": 10**10,
}


def _header_of(key: SigningKey, version: AccessVersion) -> bytes:
    known = (key.key_id, key.algorithm, version)
    header = _HEADERS.get(known)
    if header is None:
        members: JsonObject = {
            "alg": key.algorithm.value,
            "kid": key.key_id,
            "typ": "JWT",
            "version": str(version.value),
        }
        header = base64url.encode(dump(members))
        if len(_HEADERS) < _KNOWN_HEADERS:
            _HEADERS[known] = header
    return header


def read_access(text: str) -> AccessClaims:
    """
    What a token of form 3 to 5 says; its signature is *not* looked at.

    For callers that have verified it already, or must take one whose key is gone.

    Raises:
        TokenMalformed: it is not of these forms.
    """
    return read_issued_access(text).claims


def read_issued_access(text: str) -> AccessToken:
    """
    As `read_access`, the token whole: for one that its maker has just handed to us.

    Raises:
        TokenMalformed: it is not of these forms.
    """
    _, header, payload, _ = _segments(text)
    claims = _read_claims(payload)
    key_id, _, version = _read_header(header)
    return AccessToken(text=text, key_id=key_id, claims=_of_version(claims, version))


def ended_by(claims: AccessClaims, name: str) -> AccessClaims:
    """
    The claims with an end that they state themselves under this name, if it comes before the token's own.

    A statement that cannot be read has long come: whoever made the token wanted an end.
    """
    stated = claims.payload.get(name)
    if name not in claims.payload:
        return claims
    try:
        end = _instant(stated, UTC) if type(stated) is int else _LONG_OVER
    except (OverflowError, OSError, ValueError):
        end = _LONG_OVER
    return msgspec.structs.replace(claims, expires_at=min(end, claims.expires_at))


class AccessVerifier:
    """
    Verifies access tokens with the keys of one app.

    Holds two bounded memories: headers seen (so that only the first token of a key costs a JSON parse) and tokens
    verified (so that a repeated one costs no signature check). Make a new verifier when the keys change; its memories
    go with it. Safe to share between threads.
    """

    __slots__ = (
        "_by_header",
        "_end_claim",
        "_longest",
        "_orders",
        "_remembered",
        "_verifiers",
        "capacity",
        "key_ids",
    )

    def __init__(
        self,
        keys: Iterable[SigningKey | VerificationKey],
        *,
        capacity: int = 10_000,
        end_claim: str | None = None,
        longest: timedelta | None = None,
    ) -> None:
        """
        Args:
            keys: all that verify: our own, or the public halves of somebody else's. One without an id is left out.
            capacity: how many verified tokens are remembered; 0 remembers none. Of those over 1 KiB there are fewer
                (`_SHARES`), since what a payload takes at hand is a multiple of its text.
            end_claim: the name under which a token may state an end that comes before its own, see `ended_by`.
            longest: no token counts for longer after it was made, whatever it says: one from before a shorter lifetime
                was configured must not outlast the memory of what was revoked.
        """
        self._longest = longest
        self._end_claim = end_claim
        self.capacity = capacity
        self._verifiers = {key.key_id: _bound(key) for key in keys if key.key_id is not None}
        self.key_ids = frozenset(self._verifiers)
        self._by_header: dict[bytes, tuple[str, AccessVersion, Verify]] = {}
        self._remembered: dict[str, AccessToken] = {}
        self._orders = [(most, max(1, capacity // share), deque[str]()) for most, share in _SHARES]

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
            TokenExpired: `now >= expires_at`, or it was made longer ago than any token lives now.
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
        data, header, payload, signature = _segments(text)
        # Structure before signature: what is not ours may be another party's token and must not end a session.
        claims = _read_claims(payload)
        key_id, version, verify = self._by_header.get(header) or self._find_key(header)
        try:
            raw = base64url.decode(signature)
        except ValueError as error:
            raise TokenMalformed("not base64url") from error
        if not verify(raw, data):
            raise SignatureRefused(key_id)
        if self._end_claim is not None:
            claims = ended_by(claims, self._end_claim)
        if self._longest is not None:
            claims = _within(claims, self._longest)
        token = AccessToken(text=text, key_id=key_id, claims=_of_version(claims, version))
        self._remember(token)
        return token

    def _find_key(self, header: bytes) -> tuple[str, AccessVersion, Verify]:
        key_id, algorithm, version = _read_header(header)
        known = self._verifiers.get(key_id)
        if known is None:
            raise KeyUnknown("access token")
        verify = known.get(algorithm) if isinstance(algorithm, str) else None
        if verify is None:
            raise SignatureRefused(key_id)
        found = (key_id, version, verify)
        if len(self._by_header) < _KNOWN_HEADERS:
            self._by_header[header] = found
        return found

    def _remember(self, token: AccessToken) -> None:
        if self.capacity == 0:
            return
        _, room, order = next(each for each in self._orders if len(token.text) <= each[0])
        while len(order) >= room:
            try:
                self._remembered.pop(order.popleft(), None)
            except IndexError:  # another thread was faster
                continue
        order.append(token.text)
        self._remembered[token.text] = token


def _within(claims: AccessClaims, longest: timedelta) -> AccessClaims:
    end = claims.issued_at + longest
    return claims if claims.expires_at <= end else msgspec.structs.replace(claims, expires_at=end)


def _bound(key: SigningKey | VerificationKey) -> Mapping[str, Verify]:
    """What a key may verify, by the name that a header has for it."""
    if isinstance(key, SigningKey):
        return {key.algorithm.value: verifier(key.private.public_key(), key.algorithm)}
    return {algorithm.value: verifier(key.material, algorithm) for algorithm in key.algorithms}


def _segments(text: str) -> tuple[bytes, bytes, bytes, bytes]:
    """What is signed, the header and payload in it, and the signature, each as it was spelled."""
    if len(text) > MAX_ACCESS:
        raise TokenMalformed("longer than an access token can be")
    try:
        data, _, signature = text.encode("ascii").rpartition(b".")
    except UnicodeEncodeError as error:
        raise TokenMalformed("not base64url") from error
    header, _, payload = data.partition(b".")
    return data, header, payload, signature


def _read_header(header: bytes) -> tuple[str, JsonValue, AccessVersion]:
    """Key id, what it calls the algorithm, and the form."""
    try:
        members = parse_object(base64url.decode(header))
    except ValueError as error:
        raise TokenMalformed("no header that we write") from error
    # SDKs of the time read a header without a version as 3, cores as the newest; the claims are the same.
    key_id, version = members.get("kid"), members.get("version", "5")
    if members.get("typ") != "JWT" or not isinstance(key_id, str) or "crit" in members:
        raise TokenMalformed("no header that we write")
    if not isinstance(version, str) or version not in _BY_TEXT:
        raise TokenMalformed("no version that we read")
    return key_id, members.get("alg"), _BY_TEXT[version]


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


def _of_version(claims: AccessClaims, version: AccessVersion) -> AccessClaims:
    if version is AccessVersion.V5:
        return claims
    # What an older form does not know is the application's own, whatever it is called.
    public = version < AccessVersion.V4
    return msgspec.structs.replace(
        claims,
        version=version,
        recipe_user_id=claims.user_id,
        tenant_id=PUBLIC_TENANT if public else claims.tenant_id,
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
_LONG_OVER = datetime.min.replace(tzinfo=UTC)
_instant = datetime.fromtimestamp
_HEADERS: dict[tuple[str, Algorithm, AccessVersion], bytes] = {}
_decode: Callable[[bytes], dict[str, JsonValue]] = msgspec.json.Decoder(dict[str, Any]).decode
