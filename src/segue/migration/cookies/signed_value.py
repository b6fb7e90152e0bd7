"""
A cookie that is a text and its HMAC-SHA256: `text.signature`, percent-encoded, as cookie-signature (express-session)
and better-call (better-auth) make it. They differ in the padding of the base64 alone.

House rules: the signature is compared as text and in constant time, so there is one spelling of it; nothing is looked
up for a text that nobody signed. Such a signature binds neither the cookie's name nor a time: every signed cookie of
that application passes, which is why a row has to follow.
"""

from __future__ import annotations

import base64
import hmac
import re
from urllib.parse import unquote

from segue.errors import SignatureRefused, TokenMalformed, TokenMissing
from segue.migration.cookies.model import MAX_COOKIES, Cookies

_ENCODED = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})+")
"""Printable ASCII; what else there is must be escaped."""


def read_cookie(cookies: Cookies, name: str) -> str:
    """
    The value of a cookie, percent-decoded once.

    Raises:
        TokenMissing: it is not there.
        TokenMalformed: too long, or not the percent-encoding of a text.
    """
    value = cookies.get(name)
    if value is None:
        raise TokenMissing(name)
    if len(value) > MAX_COOKIES:
        raise TokenMalformed(f"longer than {MAX_COOKIES} characters")
    if not _ENCODED.fullmatch(value):
        raise TokenMalformed("not percent-encoded")
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        pass  # raised outside: an error in flight carries the value
    raise TokenMalformed("not percent-encoded UTF-8")


def read_signed(value: str, secrets: tuple[str, ...], *, padded: bool) -> str:
    """
    The text that one of the secrets has signed.

    Args:
        value: `text.signature`, decoded.
        secrets: of the old application; all are tried, whichever fits.
        padded: whether its base64 ends in `=`.

    Raises:
        TokenMalformed: not of this form.
        SignatureRefused: no secret of ours has signed it.
    """
    text, _, signature = value.rpartition(".")
    if not text or len(signature) != (44 if padded else 43):
        raise TokenMalformed("not a text and its signature")
    presented = signature.encode()
    fits = [hmac.compare_digest(presented, sign(text, secret, padded=padded)) for secret in secrets]
    if not any(fits):
        raise SignatureRefused("no secret fits")
    return text


def sign(text: str, secret: str, *, padded: bool) -> bytes:
    """The signature of a text, in base64."""
    made = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256"))
    return made if padded else made.rstrip(b"=")
