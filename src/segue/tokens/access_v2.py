"""
Access tokens of form 2: what back-end SDKs before core-protocol version 2.21 know.

Three parts in padded standard base64, a header of one exact text without a key id, the application's claims apart from
ours, times in milliseconds, always RS256. They are written and read for the core service alone, so that sessions made
by an old SDK stay good. House rules: the header is compared and never interpreted; nothing here reads a clock.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from segue.errors import SignatureRefused, TokenExpired, TokenMalformed
from segue.ids import (
    PUBLIC_TENANT,
    SessionHandle,
    TokenHash,
    UserId,
    from_milliseconds,
    to_milliseconds,
)
from segue.json import JsonObject, JsonValue, dump, parse_object
from segue.tokens import base64url
from segue.tokens.access import AccessClaims, AccessToken, AccessVersion
from segue.tokens.algorithms import Algorithm, verifier
from segue.tokens.jose_header import read_header
from segue.tokens.jws import UnverifiedJws
from segue.tokens.signing_keys import SigningKey

_HEADERS = {version: b64encode(b'{"alg":"RS256","typ":"JWT","version":"%d"}' % version) for version in (1, 2)}
_HEADER = _HEADERS[2]
_BEGINNINGS = tuple(header.decode() + "." for header in _HEADERS.values())
_MAX_TOKEN = 8192


def is_v2(text: str) -> bool:
    """Whether a text has the header of this form; version 1 differs in nothing else."""
    return text.startswith(_BEGINNINGS)


def mint_v2(
    custom: JsonObject,
    key: SigningKey,
    *,
    user_id: UserId,
    handle: SessionHandle,
    refresh_hash: TokenHash,
    parent_hash: TokenHash | None,
    anti_csrf: str | None,
    issued_at: datetime,
    expires_at: datetime,
) -> AccessToken:
    """
    Sign an access token of form 2.

    Args:
        custom: the application's claims, whatever their names.
        key: signs with RS256; not named in the token.
        user_id: subject.
        handle: of the session.
        refresh_hash: of the refresh token handed out beside it.
        parent_hash: of the refresh token that was presented for that one; None for the first, or once it is in use.
        anti_csrf: the anti-CSRF token handed out beside it, if any.
        issued_at: kept in milliseconds.
        expires_at: likewise.

    Raises:
        ValueError: the key signs with another algorithm.
    """
    if key.algorithm is not Algorithm.RS256:
        raise ValueError("form 2 of access tokens is signed with RS256 alone")
    payload: dict[str, JsonValue] = {
        "sessionHandle": handle,
        "userId": user_id,
        "refreshTokenHash1": refresh_hash,
        "userData": cast("JsonValue", dict(custom)),
        "expiryTime": to_milliseconds(expires_at),
        "timeCreated": to_milliseconds(issued_at),
    }
    if parent_hash is not None:
        payload["parentRefreshTokenHash1"] = parent_hash
    if anti_csrf is not None:
        payload["antiCsrfToken"] = anti_csrf
    data = _HEADER + b"." + b64encode(dump(payload))
    text = (data + b"." + b64encode(key.sign(data))).decode()
    return AccessToken(text=text, key_id=key.key_id, claims=_claims(payload))


def read_v2(text: str) -> AccessClaims:
    """
    What a token of this form says; nothing is verified.

    Raises:
        TokenMalformed: it is not of this form.
    """
    return _claims(_payload_of(_parts(text)[1]))


def parse_v2(text: str) -> UnverifiedJws:
    """
    Take a token of this form apart, for a verifier with the public keys of its core; nothing is verified.

    Raises:
        TokenMalformed: it is not of this form.
    """
    data, payload, signature = _parts(text)
    try:
        claims = b64decode(payload, validate=True)
    except binascii.Error as error:
        raise TokenMalformed("not base64") from error
    header = read_header(base64url.encode(b64decode(data.partition(b".")[0])))
    return UnverifiedJws(jose_header=header, payload=claims, signature=signature, signing_input=data)


def verify_v2(text: str, keys: tuple[SigningKey, ...], *, now: datetime) -> AccessToken:
    """
    Accept an access token of form 2, or say why not.

    Args:
        text: as it was sent, at most 8 KiB.
        keys: all that verify; every RS256 key is tried, because the token names none.
        now: aware UTC instant.

    Raises:
        TokenMalformed: not of this form.
        SignatureRefused: no key made it.
        TokenExpired: its time is over.
    """
    data, payload, signature = _parts(text)
    claims = _claims(_payload_of(payload))
    for key in keys:
        if key.algorithm is Algorithm.RS256 and verifier(key.private.public_key(), key.algorithm)(
            signature, data
        ):
            if now >= claims.expires_at:
                raise TokenExpired("access token")
            return AccessToken(text=text, key_id=key.key_id, claims=claims)
    raise SignatureRefused("none of form 2")


def _parts(text: str) -> tuple[bytes, bytes, bytes]:
    """What is signed, the payload in it, and the raw signature."""
    if len(text) > _MAX_TOKEN or not is_v2(text) or text.count(".") != 2:
        raise TokenMalformed("not an access token of form 2")
    try:
        data, _, signature = text.encode("ascii").rpartition(b".")
        return data, data.partition(b".")[2], b64decode(signature, validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise TokenMalformed("not base64") from error


def _payload_of(segment: bytes) -> JsonObject:
    try:
        return parse_object(b64decode(segment, validate=True))
    except ValueError as error:
        raise TokenMalformed("no payload that we write") from error


def _claims(payload: JsonObject) -> AccessClaims:
    user, handle, hashed = (
        payload.get("userId"),
        payload.get("sessionHandle"),
        payload.get("refreshTokenHash1"),
    )
    issued, expires, custom = payload.get("timeCreated"), payload.get("expiryTime"), payload.get("userData")
    parent, anti_csrf = payload.get("parentRefreshTokenHash1"), payload.get("antiCsrfToken")
    if not (isinstance(user, str) and isinstance(handle, str) and isinstance(hashed, str)):
        raise TokenMalformed("not the claims of a session")
    if type(issued) is not int or type(expires) is not int or not isinstance(custom, Mapping):
        raise TokenMalformed("not the claims of a session")
    try:
        issued_at, expires_at = from_milliseconds(issued), from_milliseconds(expires)
    except (OverflowError, OSError, ValueError) as error:
        raise TokenMalformed("a time that no calendar has") from error
    return AccessClaims(
        user_id=UserId(user),
        recipe_user_id=UserId(user),
        tenant_id=PUBLIC_TENANT,
        handle=SessionHandle(handle),
        refresh_hash=TokenHash(hashed),
        parent_hash=TokenHash(parent) if isinstance(parent, str) else None,
        anti_csrf=anti_csrf if isinstance(anti_csrf, str) else None,
        issued_at=issued_at,
        expires_at=expires_at,
        payload=custom,
        version=AccessVersion.V2,
    )
