"""
base64url without padding (RFC 4648 §5, RFC 7515 §2), in its one canonical spelling.

House rule: two different texts never decode to the same bytes. A token that can be respelled defeats every list of
tokens seen, revoked or cached.
"""

from __future__ import annotations

import binascii

_TO_URL = bytes.maketrans(b"+/", b"-_")
# The other alphabet and padding become a byte that no decoder takes.
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
# By length modulo 4: the padding, and the last characters whose unused bits are zero (RFC 4648 §3.5).
_ENDINGS: tuple[tuple[bytes, frozenset[int] | None] | None, ...] = (
    (b"", None),
    None,  # six bits are no byte
    (b"==", frozenset(b"AQgw")),
    (b"=", frozenset(b"AEIMQUYcgkosw048")),
)


def encode(data: bytes) -> bytes:
    """Spell *data*; ASCII, no padding."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL)


def decode(text: bytes) -> bytes:
    """
    Read what `encode` would have written, and nothing else.

    Raises:
        ValueError: padding, another alphabet, white space, unused bits that are not zero, an impossible length.
    """
    ending = _ENDINGS[len(text) % 4]
    if ending is None:
        raise ValueError("no base64url has this length")
    padding, last = ending
    if last is not None and text[-1] not in last:
        raise ValueError("unused bits are not zero")
    return binascii.a2b_base64(text.translate(_FROM_URL) + padding, strict_mode=True)
