"""
The signature algorithms we know and the keys that each one takes (RFC 7518 §3, RFC 8037, RFC 9864, RFC 8725 §3.1).

House rule: a key is bound to its algorithms once, when it is loaded; a call that verifies builds nothing and chooses
nothing. `none` is not an algorithm.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import ClassVar, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from segue.discreet import Discreet


class Algorithm(Enum):
    """A signature algorithm by its registered name."""

    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    EdDSA = "EdDSA"
    Ed25519 = "Ed25519"
    Ed448 = "Ed448"
    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"

    # Members are looked up on every verification; identity hashes ten times faster than Enum's own.
    __hash__ = object.__hash__


class SharedSecret(Discreet, frozen=True, kw_only=True):
    """The key of an HMAC: who can verify can also sign."""

    unshown: ClassVar = frozenset({"secret"})

    secret: bytes
    shortest: int | None = None
    """Accept it for every hash from so many bytes on, as somebody said by name; None: as long as the hash."""


PublicKey: TypeAlias = RSAPublicKey | ec.EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey
PrivateKey: TypeAlias = RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey
Sign: TypeAlias = Callable[[bytes], bytes]
Verify: TypeAlias = Callable[[bytes, bytes], bool]
"""(signature, data) → does it hold? Never raises on a wrong signature, whatever its length."""

_RSA: Mapping[Algorithm, tuple[padding.AsymmetricPadding, hashes.HashAlgorithm]] = {
    Algorithm.RS256: (padding.PKCS1v15(), hashes.SHA256()),
    Algorithm.RS384: (padding.PKCS1v15(), hashes.SHA384()),
    Algorithm.RS512: (padding.PKCS1v15(), hashes.SHA512()),
    # The salt is exactly as long as the hash (RFC 7518 §3.5).
    Algorithm.PS256: (padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH), hashes.SHA256()),
    Algorithm.PS384: (padding.PSS(padding.MGF1(hashes.SHA384()), padding.PSS.DIGEST_LENGTH), hashes.SHA384()),
    Algorithm.PS512: (padding.PSS(padding.MGF1(hashes.SHA512()), padding.PSS.DIGEST_LENGTH), hashes.SHA512()),
}
# By curve: the algorithm, its hash, and the width of r and of s (RFC 7518 §3.4).
_CURVES: Mapping[str, tuple[Algorithm, ec.ECDSA, int]] = {
    "secp256r1": (Algorithm.ES256, ec.ECDSA(hashes.SHA256()), 32),
    "secp384r1": (Algorithm.ES384, ec.ECDSA(hashes.SHA384()), 48),
    "secp521r1": (Algorithm.ES512, ec.ECDSA(hashes.SHA512()), 66),
}
_NO_CURVE = (None, ec.ECDSA(hashes.SHA256()), 0)
_ED25519 = frozenset({Algorithm.EdDSA, Algorithm.Ed25519})
_ED448 = frozenset({Algorithm.EdDSA, Algorithm.Ed448})
# By algorithm: the hash, and the shortest secret (RFC 7518 §3.2).
_HMAC: Mapping[Algorithm, tuple[str, int]] = {
    Algorithm.HS256: ("sha256", 32),
    Algorithm.HS384: ("sha384", 48),
    Algorithm.HS512: ("sha512", 64),
}

ALGORITHMS: Mapping[str, Algorithm] = {algorithm.value: algorithm for algorithm in Algorithm}
SYMMETRIC: frozenset[Algorithm] = frozenset(_HMAC)


def fitting(key: PublicKey | SharedSecret) -> frozenset[Algorithm]:
    """The algorithms that this key material can serve; none for a curve or a secret that we do not take."""
    match key:
        case RSAPublicKey():
            return frozenset(_RSA)
        case ec.EllipticCurvePublicKey():
            curve = _CURVES.get(key.curve.name)
            return frozenset({curve[0]}) if curve else frozenset()
        case Ed25519PublicKey():
            return _ED25519
        case Ed448PublicKey():
            return _ED448
        case SharedSecret():
            return frozenset(
                name for name, (_, shortest) in _HMAC.items() if len(key.secret) >= (key.shortest or shortest)
            )


def verifier(key: PublicKey | SharedSecret, algorithm: Algorithm) -> Verify:
    """
    Bind *key* to *algorithm*.

    Raises:
        ValueError: the key does not fit the algorithm.
    """
    if algorithm not in fitting(key):
        raise ValueError(f"the key does not fit {algorithm.value}")
    match key:
        case RSAPublicKey():
            return _rsa_verifier(key, *_RSA[algorithm])
        case ec.EllipticCurvePublicKey():
            return _ecdsa_verifier(key, *_CURVES[key.curve.name][1:])
        case Ed25519PublicKey() | Ed448PublicKey():
            return _eddsa_verifier(key)
        case SharedSecret():
            return _hmac_verifier(key.secret, _HMAC[algorithm][0])


def signer(key: PrivateKey | SharedSecret, algorithm: Algorithm) -> Sign:
    """
    Bind *key* to *algorithm*; ECDSA signs as r and s at full width.

    Raises:
        ValueError: the key does not fit the algorithm.
    """
    match key:
        case ec.EllipticCurvePrivateKey():
            bound, scheme, width = _CURVES.get(key.curve.name, _NO_CURVE)
            if algorithm is bound:
                return _ecdsa_signer(key, scheme, width)
        case RSAPrivateKey() if algorithm in _RSA:
            return _rsa_signer(key, *_RSA[algorithm])
        case Ed25519PrivateKey() if algorithm in _ED25519:
            return key.sign
        case Ed448PrivateKey() if algorithm in _ED448:
            return key.sign
        case SharedSecret() if algorithm in fitting(key):
            return partial(hmac.digest, key.secret, digest=_HMAC[algorithm][0])
        case _:
            pass
    raise ValueError(f"the key does not fit {algorithm.value}")


def sign(key: PrivateKey | SharedSecret, algorithm: Algorithm, data: bytes) -> bytes:
    """As `signer`, once."""
    return signer(key, algorithm)(data)


def _ecdsa_signer(key: ec.EllipticCurvePrivateKey, scheme: ec.ECDSA, width: int) -> Sign:
    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, scheme))
        return r.to_bytes(width, "big") + s.to_bytes(width, "big")

    return sign


def _rsa_signer(key: RSAPrivateKey, scheme: padding.AsymmetricPadding, digest: hashes.HashAlgorithm) -> Sign:
    return lambda data: key.sign(data, scheme, digest)


def _rsa_verifier(
    key: RSAPublicKey, scheme: padding.AsymmetricPadding, digest: hashes.HashAlgorithm
) -> Verify:
    check = key.verify

    def verify(signature: bytes, data: bytes) -> bool:
        try:
            check(signature, data, scheme, digest)
        except InvalidSignature:
            return False
        return True

    return verify


def _ecdsa_verifier(key: ec.EllipticCurvePublicKey, scheme: ec.ECDSA, width: int) -> Verify:
    check = key.verify

    def verify(signature: bytes, data: bytes) -> bool:
        if len(signature) != 2 * width:
            return False
        r = int.from_bytes(signature[:width], "big")
        s = int.from_bytes(signature[width:], "big")
        try:
            check(encode_dss_signature(r, s), data, scheme)  # the library refuses r and s outside [1, n-1]
        except InvalidSignature:
            return False
        return True

    return verify


def _eddsa_verifier(key: Ed25519PublicKey | Ed448PublicKey) -> Verify:
    check = key.verify

    def verify(signature: bytes, data: bytes) -> bool:
        try:
            check(signature, data)
        except InvalidSignature:
            return False
        return True

    return verify


def _hmac_verifier(secret: bytes, digest: str) -> Verify:
    def verify(signature: bytes, data: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(secret, data, digest), signature)

    return verify
