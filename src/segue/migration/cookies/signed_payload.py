"""
What stands in a text that itsdangerous or Django has signed: when it was made, and the session in JSON.

Facts: itsdangerous 2.2.0 (`TimestampSigner`, `URLSafeSerializer`), Django 5.2 (`django.core.signing`). House rules:
called only once the signature holds; what is decompressed is bounded whatever it claims; a pickle is never loaded.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

from segue.errors import TokenExpired, TokenMalformed
from segue.json import JsonObject, parse_object
from segue.migration.cookies.contents import require_past
from segue.migration.cookies.model import MAX_SESSION
from segue.tokens import base64url

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
_YEAR_9999 = 253_402_300_799
_BASE62 = {
    letter: value
    for value, letter in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
}
_PICKLE = b"\x80"
"""What every pickle since protocol 2 begins with, and no text in UTF-8 does."""


def base62_time(text: str) -> datetime:
    """
    An instant as Django writes it.

    Raises:
        TokenMalformed: it is none.
    """
    seconds = 0
    if not 0 < len(text) <= 7:
        raise TokenMalformed("the time is none")
    for letter in text:
        if letter not in _BASE62:
            raise TokenMalformed("the time is none")
        seconds = seconds * 62 + _BASE62[letter]
    return _instant(seconds)


def big_endian_time(text: str) -> datetime:
    """
    An instant as itsdangerous writes it.

    Raises:
        TokenMalformed: it is none.
    """
    try:
        data = base64url.decode(text.encode())
    except ValueError:
        data = b""
    if not 0 < len(data) <= 8:
        raise TokenMalformed("the time is none")
    return _instant(int.from_bytes(data, "big"))


def require_time(written_at: datetime, expires_at: datetime | None, *, now: datetime) -> None:
    """
    Refuse what is over by the old application's own rule, and what was not written yet.

    Raises:
        TokenExpired: `now >= expires_at`.
        TokenNotActive: written later than now, beyond what clocks differ.
    """
    require_past("written_at", written_at, now=now)
    if expires_at is not None and now >= expires_at:
        raise TokenExpired("too old for the old application itself")


def later(instant: datetime, span: timedelta) -> datetime:
    """*instant* and *span*, or the end of the calendar."""
    return datetime.max.replace(tzinfo=UTC) if span > _END - instant else instant + span


def unpack(payload: str) -> bytes:
    """
    The content of a payload in base64url; a dot in front of it says that it is compressed.

    Raises:
        TokenMalformed: neither, or more than `MAX_SESSION` when decompressed.
    """
    compressed = payload.startswith(".")
    try:
        data = base64url.decode(payload.removeprefix(".").encode())
        return _inflate(data) if compressed else data
    except (ValueError, zlib.error):
        pass  # raised outside: an error in flight carries the data
    raise TokenMalformed("the payload is not of this format, or too large")


def parse_content(data: bytes) -> JsonObject:
    """
    The old session in JSON.

    Raises:
        TokenMalformed: a pickle, which is never loaded; too large; not one JSON object.
    """
    if data.startswith(_PICKLE):
        raise TokenMalformed("the session is pickled; loading it could run anything, so it is refused")
    if len(data) > MAX_SESSION:
        raise TokenMalformed("the session is too large")
    try:
        return parse_object(data)
    except ValueError as error:
        reason = str(error)
    raise TokenMalformed(f"the session is {reason}")


def _instant(seconds: int) -> datetime:
    if seconds > _YEAR_9999:
        raise TokenMalformed("the time is beyond the calendar")
    return _EPOCH + timedelta(seconds=seconds)


def _inflate(data: bytes) -> bytes:
    """At most `MAX_SESSION` bytes are ever made of it, however small it is."""
    stream = zlib.decompressobj()
    content = stream.decompress(data, MAX_SESSION)
    if not stream.eof or stream.unused_data:
        raise ValueError("too large, or not one stream")
    return content
