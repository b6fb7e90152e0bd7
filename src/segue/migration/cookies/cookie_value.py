"""
One cookie's value, as PHP and Ruby see it.

House rule: its length is bounded before it is decoded, and nothing of it gets into an error.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from urllib.parse import unquote

from segue.errors import TokenMalformed, TokenMissing
from segue.migration.cookies.model import Cookies


def cookie_value(cookies: Cookies, name: str, *, longest: int) -> str:
    """
    The value of one cookie, URL-decoded as PHP and Ruby do on their way in.

    Raises:
        TokenMissing: it is not there.
        TokenMalformed: it is longer than *longest*, or not ASCII.
    """
    raw = cookies.get(name)
    if not raw:
        raise TokenMissing
    if len(raw) > longest or not raw.isascii():
        raise TokenMalformed("cookie: too long, or not ASCII")
    return unquote(raw, errors="replace")


def strict_base64(text: str | bytes) -> bytes:
    """
    What *text* holds, if it is the one way to write it (RFC 4648 §3.5): no line breaks, padded, no stray bits.

    Raises:
        ValueError: it is not.
    """
    raw = text.encode() if isinstance(text, str) else text
    decoded = b64decode(raw, validate=True)
    if b64encode(decoded) != raw:
        raise ValueError("not canonical base64")
    return decoded
