"""
Keys that verify: which material is strong enough, and what each key may be used for (RFC 8725 §3.1, §3.4, §3.5).

House rule: a key that exists is safe to use. It was measured when it was loaded, it fixes its algorithms, and neither
its text form nor an error shows any of it.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import ClassVar

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from segue.discreet import Discreet
from segue.errors import KeyRefused
from segue.tokens.algorithms import SYMMETRIC, Algorithm, PublicKey, SharedSecret, Verify, fitting, verifier
from segue.tokens.edwards import ED448, ED25519

MAX_KEY_ID = 256
RSA_BITS = range(2048, 8192 + 1)
RSA_EXPONENT_BITS = 64
"""A longer public exponent adds no strength, and makes each verification slower than a signature."""


class VerificationKey(Discreet, frozen=True, kw_only=True, dict=True):
    """One key and all that it may verify. Made by the functions of this module and of `segue.tokens.jwk`."""

    unshown: ClassVar = frozenset({"material"})

    key_id: str | None
    algorithms: frozenset[Algorithm]
    material: PublicKey | SharedSecret

    def __post_init__(self) -> None:
        if not self._verifiers:
            raise ValueError("a key verifies something")

    def __hash__(self) -> int:
        return hash((self.key_id, self.algorithms))  # keys of the library have equality and no hash

    @cached_property
    def _verifiers(self) -> Mapping[Algorithm, Verify]:
        return {algorithm: verifier(self.material, algorithm) for algorithm in self.algorithms}

    @property
    def fingerprint(self) -> str:
        """What tells this key from every other, whatever it is called; empty for a shared secret, which has none."""
        if isinstance(self.material, SharedSecret):
            return ""
        der = self.material.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()[:16]

    def verify(self, algorithm: Algorithm, signature: bytes, data: bytes) -> bool:
        """Tell whether *signature* over *data* is of this key; False also if the key is not for *algorithm*."""
        check = self._verifiers.get(algorithm)
        return check is not None and check(signature, data)


class KeySet(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The usable keys of one issuer, and why the others are not among them."""

    keys: tuple[VerificationKey, ...]
    skipped: tuple[str, ...] = ()
    """One sentence for each key that was left out, for logs; without key material."""
    nameless: bool = False
    """Whether whatever tokens call their key says nothing here: shared secrets have no published names."""

    def __iter__(self) -> Iterator[VerificationKey]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def _by_id(self) -> Mapping[str | None, tuple[VerificationKey, ...]]:
        by_id: dict[str | None, tuple[VerificationKey, ...]] = {None: self.keys}
        for key in self.keys:
            if key.key_id is not None:
                by_id[key.key_id] = (*by_id.get(key.key_id, ()), key)
        return by_id

    @property
    def key_ids(self) -> frozenset[str]:
        """The ids that a token may name."""
        return frozenset(key_id for key_id in self._by_id if key_id is not None)

    def find(self, key_id: str | None) -> tuple[VerificationKey, ...]:
        """
        Candidates for a token that names *key_id*, or names none: then all keys.

        One id may stand for several keys: issuers do repeat ids. A key without an id answers to a named one only if it
        is alone in the set: then its owner pinned one key, and the token's name for it says nothing.
        """
        if self.nameless:
            return self.keys
        found = self._by_id.get(key_id, ())
        return self.keys if not found and len(self.keys) == 1 and self.keys[0].key_id is None else found


def key_from_pem(
    pem: bytes | str, *, key_id: str | None = None, algorithms: frozenset[Algorithm] | None = None
) -> VerificationKey:
    """
    Load a pinned public key.

    Args:
        pem: one public key (SPKI or PKCS #1) or one X.509 certificate. Of a certificate only the key counts: who pins
            it trusts it, so its dates and its issuer are not looked at.
        key_id: the name that tokens give it.
        algorithms: what it may verify; without, all that fit the key.

    Raises:
        KeyRefused: not such a text, a private key, several keys, a weak key, or *algorithms* do not fit it.
    """
    data = pem.encode(errors="replace") if isinstance(pem, str) else pem
    if b"PRIVATE KEY-----" in data:
        raise KeyRefused("this is a private key; give the public key")
    if data.count(b"-----BEGIN ") != 1:
        raise KeyRefused("not the PEM text of exactly one public key or certificate")
    return bind(_load_pem(data), key_id=key_id, algorithms=algorithms)


def shared_secret(
    secret: bytes,
    *,
    algorithms: frozenset[Algorithm] | None,
    key_id: str | None = None,
    shortest: int | None = None,
) -> VerificationKey:
    """
    Load the secret of an HMAC that we share with the issuer.

    Args:
        secret: at least as long as the longest hash of *algorithms* (RFC 7518 §3.2).
        algorithms: HS256, HS384, HS512 or several of them; None for those that the secret is long enough for.
        key_id: the name that tokens give it.
        shortest: take a secret of so many bytes for any hash; None: as the RFC has it.

    Raises:
        KeyRefused: too short, not for HMAC, or *secret* is the text of a public key: then everybody could sign.
    """
    if _is_public_key(secret):
        raise KeyRefused("a public key is not a secret")
    if algorithms is not None and not algorithms <= SYMMETRIC:
        raise KeyRefused("a shared secret serves HS256, HS384 and HS512 only")
    return bind(SharedSecret(secret=secret, shortest=shortest), key_id=key_id, algorithms=algorithms)


def bind(material: object, *, key_id: str | None, algorithms: frozenset[Algorithm] | None) -> VerificationKey:
    """
    Measure *material* and fix what it may verify; without *algorithms*, all that fit it.

    Raises:
        KeyRefused: weak, not a signature key that we support, or not for these algorithms.
    """
    if key_id is not None and not is_key_id(key_id):
        raise KeyRefused(f"a key id is at most {MAX_KEY_ID} printable characters")
    key = _measured(material)
    fit = fitting(key)
    if not fit:
        raise KeyRefused(
            "secret is shorter than its hash" if isinstance(key, SharedSecret) else "curve not supported"
        )
    if algorithms is not None and not (algorithms and algorithms <= fit):
        raise KeyRefused("the key does not fit its algorithm, or is too short for it")
    return VerificationKey(key_id=key_id, algorithms=algorithms or fit, material=key)


def is_key_id(text: str) -> bool:
    """Tell whether *text* may name a key: short, nothing that corrupts a log or a query (RFC 8725 §3.10)."""
    return len(text) <= MAX_KEY_ID and text.isprintable()


def _measured(material: object) -> PublicKey | SharedSecret:
    match material:
        case RSAPublicKey():
            numbers = material.public_numbers()
            require_rsa_numbers(numbers.n, numbers.e)
            return material
        case Ed25519PublicKey() if not ED25519.is_sound(material.public_bytes_raw()):
            raise KeyRefused("not a sound point of Ed25519")
        case Ed448PublicKey() if not ED448.is_sound(material.public_bytes_raw()):
            raise KeyRefused("not a sound point of Ed448")
        case ec.EllipticCurvePublicKey() | Ed25519PublicKey() | Ed448PublicKey() | SharedSecret():
            return material
        case _:
            raise KeyRefused("not a key for signatures")


def require_rsa_numbers(modulus: int, exponent: int) -> None:
    """
    Look at the numbers before the library does, which takes more.

    Raises:
        KeyRefused: size of the modulus or the exponent, or one of them is even.
    """
    if modulus.bit_length() not in RSA_BITS:
        raise KeyRefused(f"RSA keys have {RSA_BITS[0]} to {RSA_BITS[-1]} bits")
    if modulus % 2 == 0:
        raise KeyRefused("an RSA modulus is odd")
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > RSA_EXPONENT_BITS:
        raise KeyRefused(f"an RSA exponent is odd, at least 3 and at most {RSA_EXPONENT_BITS} bits")


def _load_pem(data: bytes) -> object:
    try:
        if b"-----BEGIN CERTIFICATE-----" in data:
            # Here, because few need it and it is a fifth of what `import segue` takes.
            from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

            return load_pem_x509_certificate(data).public_key()
        return load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        pass  # raised outside: what the library says may quote what it read
    raise KeyRefused("not the PEM text of a supported public key or certificate")


def _is_public_key(secret: bytes) -> bool:
    """The forms in which a public key is handed about: an attacker has the same bytes."""
    text = secret.lstrip()
    if (
        b"-----BEGIN " in secret
        or text.startswith((b"ssh-", b"ecdsa-"))
        or (text[:1] == b"{" and b'"kty"' in text)
    ):
        return True
    decoded = _decoded(text)
    return _is_der(secret) or _is_der(decoded) or b"-----BEGIN " in decoded


def _is_der(data: bytes) -> bool:
    try:
        load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _decoded(text: bytes) -> bytes:
    """What base64 holds, as consoles show a public key without the lines of PEM around it."""
    joined = b"".join(text.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return binascii.a2b_base64(joined + b"=" * (-len(joined) % 4), strict_mode=True)
    except binascii.Error:
        return b""
