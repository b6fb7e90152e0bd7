"""
Base64 that has one spelling.

House rule: two texts that mean the same bytes are one too many where a text names a cookie that was used before.
"""

from __future__ import annotations

from base64 import b64decode, b64encode


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
