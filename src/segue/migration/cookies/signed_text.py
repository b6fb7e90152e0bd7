"""
Texts that itsdangerous and Django have signed: `payload<separator>time<separator>signature`.

Both make an HMAC with a key derived from the application's secret and a salt that says what the text is for, so that a
cookie of one purpose holds for no other. Facts: itsdangerous 2.2.0 (`Signer`), Django 5.2 (`django.core.signing`).
House rules: the signature is compared as text, so there is one spelling of a cookie that holds; no error repeats it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeAlias

from segue.errors import SignatureRefused, TokenMalformed, TokenMissing
from segue.migration.cookies.model import MAX_COOKIES, Cookies
from segue.tokens import base64url

OldSecret: TypeAlias = str | bytes
"""As the old application has it: Flask's is often bytes."""


class HmacHash(Enum):
    """The hash of an HMAC and of the key derived for it."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


Derive: TypeAlias = Callable[[bytes, HmacHash], bytes]
"""The key for one purpose, from a secret."""


def concatenated(salt: bytes) -> Derive:
    """Keys as Django and itsdangerous' default (`django-concat`) derive them: hash(salt + "signer" + secret)."""
    return lambda secret, kind: hashlib.new(kind.value, salt + b"signer" + secret).digest()


def authenticated(salt: bytes) -> Derive:
    """Keys as Flask has itsdangerous derive them: HMAC(secret, salt)."""
    return lambda secret, kind: hmac.digest(secret, salt, kind.value)


def read_cookie(cookies: Cookies, name: str) -> str:
    """
    A cookie's value, unchanged.

    Raises:
        TokenMissing: it is not there, or empty.
        TokenMalformed: too long, or not of visible ASCII.
    """
    text = cookies.get(name)
    if not text:
        raise TokenMissing("no cookie of the old application")
    if len(text) > MAX_COOKIES or not text.isascii() or not text.isprintable():
        raise TokenMalformed("the cookie is too long, or not of visible ASCII")
    return text


def sign(text: str, secret: OldSecret, *, derive: Derive, kind: HmacHash) -> str:
    """The signature of a text, as it stands at its end."""
    key = derive(secret.encode() if isinstance(secret, str) else secret, kind)
    return base64url.encode(hmac.digest(key, text.encode(), kind.value)).decode()


def unsign(
    text: str,
    *,
    separator: str,
    secrets: tuple[OldSecret, ...],
    derive: Derive,
    kinds: Iterable[HmacHash],
) -> tuple[str, str]:
    """
    The payload and the time of a text that one of the secrets has signed.

    Raises:
        TokenMalformed: not of this form.
        SignatureRefused: none of them has.
    """
    signed, _, signature = text.rpartition(separator)
    payload, _, time = signed.rpartition(separator)
    if not payload or not text.isascii():
        raise TokenMalformed("not a payload, a time and a signature")
    presented = signature.encode()
    fits = [
        hmac.compare_digest(presented, sign(signed, secret, derive=derive, kind=kind).encode())
        for secret in secrets
        for kind in kinds
    ]
    if not any(fits):
        raise SignatureRefused("no secret of the old application fits")
    return payload, time
