"""Keys of a provider, for the tests of how they are had."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import KeySet, parse_jwks, public_jwk

if TYPE_CHECKING:
    from segue.json import JsonValue


@cache
def public_key() -> ec.EllipticCurvePublicKey:
    """One key for all: these tests look at ids only."""
    return ec.generate_private_key(ec.SECP256R1()).public_key()


def pem() -> bytes:
    """The key as PEM."""
    return public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwks(*key_ids: str) -> dict[str, JsonValue]:
    """A JWK set with these ids."""
    described: list[JsonValue] = [
        {**public_jwk(public_key(), key_id=key_id, algorithm=Algorithm.ES256)} for key_id in key_ids
    ]
    return {"keys": described}


def jwks_bytes(*key_ids: str) -> bytes:
    """The same as it comes over the wire."""
    return json.dumps(jwks(*key_ids)).encode()


def key_set(*key_ids: str) -> KeySet:
    """The same, parsed."""
    return parse_jwks(jwks(*key_ids))


@cache
def certificate() -> str:
    """A self-signed certificate as PEM, long out of date: only its key counts."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keys of old.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 1, 2, tzinfo=UTC))
        .sign(private, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()
