"""
Rails' encrypted messages, of which a session cookie is one: three parts in base64, a key from a secret, an envelope.

What `ActiveSupport::MessageEncryptor` makes with AES-256-GCM, and `ActiveSupport::Messages::Metadata` around it: from
Rails 7.1 on the envelope may hold the data as it is, instead of its text in base64. House rule: everything here is
refused before it is believed, and nothing that Marshal or MessagePack wrote is looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from segue.discreet import Discreet
from segue.errors import TokenMalformed
from segue.json import JsonObject, JsonValue, parse_object
from segue.migration.cookies.strict_base64 import strict_base64

_DIGESTS = ("sha256", "sha1")
"""PBKDF2's hash: SHA-256 by the defaults of Rails 7.0, SHA-1 by those before, and either where they were kept."""
_ITERATIONS = 1000
_KEY = 32
_NONCE = 12
_TAG = 16
_MARSHAL = b"\x04"


class SealedMessage(Discreet, frozen=True, kw_only=True):
    """The three parts of an encrypted message."""

    unshown: ClassVar = frozenset({"ciphertext", "nonce", "tag"})

    ciphertext: bytes
    nonce: bytes
    tag: bytes


class OpenedMessage(Discreet, frozen=True, kw_only=True):
    """What the envelope says, and the session in it."""

    unshown: ClassVar = frozenset({"session"})

    session: JsonObject
    purpose: str | None
    expires_at: datetime | None


def parse_sealed(text: str) -> SealedMessage:
    """
    Take an encrypted message apart.

    Raises:
        TokenMalformed: not three parts in base64, or a nonce or tag of another length. A shorter tag would be easier to
            guess, and OpenSSL takes one.
    """
    parts = text.split("--")
    try:
        ciphertext, nonce, tag = (strict_base64(part) for part in parts)
    except ValueError:
        ciphertext = nonce = tag = b""
    if not ciphertext or len(nonce) != _NONCE or len(tag) != _TAG:
        raise TokenMalformed("not a cookie that Rails encrypted with AES-256-GCM")
    return SealedMessage(ciphertext=ciphertext, nonce=nonce, tag=tag)


def open_message(sealed: SealedMessage, secrets: Sequence[str], *, salt: str) -> bytes | None:
    """What is inside, if one of *secrets* made it."""
    for secret in secrets:
        for digest in _DIGESTS:
            try:
                return _cipher(secret, salt, digest).decrypt(
                    sealed.nonce, sealed.ciphertext + sealed.tag, b""
                )
            except InvalidTag:
                continue
    return None


@lru_cache(maxsize=64)
def _cipher(secret: str, salt: str, digest: str) -> AESGCM:
    """Kept, because a thousand rounds for each cookie would be a gift to whoever sends many."""
    return AESGCM(hashlib.pbkdf2_hmac(digest, secret.encode(), salt.encode(), _ITERATIONS, _KEY))


def unwrap(opened: bytes) -> OpenedMessage:
    """
    Read envelope and session.

    Raises:
        TokenMalformed: not JSON (Marshal's and MessagePack's sessions among them), or no envelope of Rails.
    """
    outer = _json_object(opened)
    envelope = outer.get("_rails")
    if envelope is None:
        return OpenedMessage(session=outer, purpose=None, expires_at=None)
    if not isinstance(envelope, dict):
        raise TokenMalformed("envelope")
    purpose = envelope.get("pur")
    if purpose is not None and not isinstance(purpose, str):
        raise TokenMalformed("purpose of the envelope")
    return OpenedMessage(
        session=_session(envelope), purpose=purpose, expires_at=_instant(envelope.get("exp"))
    )


def _session(envelope: dict[str, JsonValue]) -> JsonObject:
    data, message = envelope.get("data"), envelope.get("message")
    if isinstance(data, dict) and message is None:
        return data
    if not isinstance(message, str) or data is not None:
        raise TokenMalformed("envelope without a session")
    try:
        text: bytes | None = strict_base64(message)
    except ValueError:
        text = None
    if text is None:
        raise TokenMalformed("message of the envelope")
    return _json_object(text)


def _json_object(text: bytes) -> JsonObject:
    if text.startswith(_MARSHAL):
        raise TokenMalformed(
            "a session that Marshal wrote is never loaded; set cookies_serializer to :json or :hybrid"
        )
    try:
        found: JsonObject | None = parse_object(text)
    except ValueError:
        found = None
    if found is None:
        raise TokenMalformed("session that is not JSON")
    return found


def _instant(value: JsonValue) -> datetime | None:
    """Always in UTC, with milliseconds: that is how Rails writes it."""
    if value is None:
        return None
    found = None
    if isinstance(value, str) and len(value) <= 40:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
    if found is None or found.utcoffset() is None:
        raise TokenMalformed("exp of the envelope")
    return _in_utc(found)


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        pass
    raise TokenMalformed("exp of the envelope")
