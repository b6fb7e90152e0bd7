"""
Keys as JSON, written: our own public keys, and the name that a key has by its digest (RFC 7517, RFC 7638).

House rule: nothing is published that we would not accept ourselves, and nothing private can be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from segue.errors import KeyRefused
from segue.json import JsonObject, dump
from segue.tokens import base64url
from segue.tokens.algorithms import Algorithm, PublicKey
from segue.tokens.keys import bind

# The name of the curve, and the width of a coordinate (RFC 7518 §6.2.1.2).
_CURVES: Mapping[str, tuple[str, int]] = {
    "secp256r1": ("P-256", 32),
    "secp384r1": ("P-384", 48),
    "secp521r1": ("P-521", 66),
}
_THUMBPRINT: Mapping[str, tuple[str, ...]] = {
    "RSA": ("e", "kty", "n"),
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "oct": ("k", "kty"),
}


class PublishedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Our public keys as a document shows them."""

    jwks: tuple[Mapping[str, str], ...]
    """Each as `public_jwk` writes it."""
    next_change: datetime
    """When there may be others."""


def public_jwk(public_key: PublicKey, *, key_id: str, algorithm: Algorithm) -> dict[str, str]:
    """
    Describe one of our public keys for publication.

    Raises:
        KeyRefused: the key is one that we would not accept ourselves.
    """
    bind(public_key, key_id=key_id, algorithms=frozenset({algorithm}))
    common = {"kid": key_id, "use": "sig", "alg": algorithm.value}
    match public_key:
        case RSAPublicKey():
            rsa = public_key.public_numbers()
            return {"kty": "RSA", **common, "n": _number(rsa.n), "e": _number(rsa.e)}
        case ec.EllipticCurvePublicKey():
            point = public_key.public_numbers()
            name, width = _CURVES[public_key.curve.name]
            return {
                "kty": "EC",
                **common,
                "crv": name,
                "x": _number(point.x, width),
                "y": _number(point.y, width),
            }
        case Ed25519PublicKey():
            return {"kty": "OKP", **common, "crv": "Ed25519", "x": _text(public_key.public_bytes_raw())}
        case Ed448PublicKey():
            return {"kty": "OKP", **common, "crv": "Ed448", "x": _text(public_key.public_bytes_raw())}


def thumbprint(jwk: JsonObject) -> str:
    """
    Name a key by its digest (RFC 7638): SHA-256 over the members that make it, base64url.

    Raises:
        KeyRefused: a kind of key that we do not know, or a member of it is missing.
    """
    kty = jwk.get("kty")
    names = _THUMBPRINT.get(kty) if isinstance(kty, str) else None
    if names is None:
        raise KeyRefused("kty is none of RSA, EC, OKP, oct")
    return _text(hashlib.sha256(dump({name: _member(jwk, name) for name in names})).digest())


def _member(jwk: JsonObject, name: str) -> str:
    text = jwk.get(name)
    if not isinstance(text, str) or not text.isprintable():
        raise KeyRefused(f"{name} is missing or not a printable string")
    return text


def _number(number: int, width: int | None = None) -> str:
    return _text(number.to_bytes(width or (number.bit_length() + 7) // 8, "big"))


def _text(data: bytes) -> str:
    return base64url.encode(data).decode()
