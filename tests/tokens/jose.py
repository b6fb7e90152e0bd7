"""Keys and tokens that the JOSE tests share. Keys are made once for a run; nothing depends on which they are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from segue.tokens import base64url
from segue.tokens.algorithms import Algorithm, PrivateKey, SharedSecret, sign
from segue.tokens.jwk import public_jwk

VECTORS = Path(__file__).parent.parent / "vectors"
SECRET = SharedSecret(secret=bytes(range(64)))
PAYLOAD = b'{"iss":"https://issuer.example","sub":"alice"}'


def vectors(name: str) -> dict[str, Any]:
    """One file of published facts."""
    data: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text())
    return data


@cache
def private_key(algorithm: Algorithm) -> PrivateKey:
    """A key that fits; one for all RSA algorithms."""
    match algorithm.value[:2]:
        case "RS" | "PS":
            return _rsa()
        case "ES":
            curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
            return ec.generate_private_key(curves[algorithm.value])
        case _:
            return (
                Ed448PrivateKey.generate() if algorithm is Algorithm.Ed448 else Ed25519PrivateKey.generate()
            )


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def jwk(algorithm: Algorithm = Algorithm.ES256, /, **changes: Any) -> dict[str, Any]:
    """The published form of `private_key`, with members changed, or removed by None."""
    made: dict[str, Any] = {
        **public_jwk(private_key(algorithm).public_key(), key_id="k1", algorithm=algorithm)
    }
    made.update(changes)
    return {name: member for name, member in made.items() if member is not None}


def jwks(*keys: Any) -> dict[str, Any]:
    """A key set."""
    return {"keys": list(keys)}


def token(
    header: object = None,
    *,
    payload: bytes = PAYLOAD,
    algorithm: Algorithm = Algorithm.ES256,
    key: Any = None,
) -> str:
    """Sign whatever header: an object, or bytes as they are. Without one, a plain header that names key `k1`."""
    plain = {"alg": algorithm.value, "kid": "k1"} if header is None else header
    data = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
    signing_input = f"{b64(data)}.{b64(payload)}"
    return f"{signing_input}.{b64(sign(key or private_key(algorithm), algorithm, signing_input.encode()))}"


def b64(data: bytes) -> str:
    """base64url as text."""
    return base64url.encode(data).decode()
