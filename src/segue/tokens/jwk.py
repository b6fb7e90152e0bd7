"""
Keys as JSON, read: JWK and JWK sets (RFC 7517, RFC 7518 §6, RFC 8037 §2).

House rule: a set belongs to strangers, so one odd key is skipped with a reason and never poisons the others; a single
key was chosen by somebody, so an odd one is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from segue.errors import KeyRefused
from segue.json import JsonObject, JsonValue, parse_object
from segue.tokens import base64url
from segue.tokens.algorithms import ALGORITHMS, Algorithm, PublicKey
from segue.tokens.keys import (
    KeySet,
    VerificationKey,
    bind,
    is_key_id,
    key_from_pem,
    require_rsa_numbers,
    shared_secret,
)
from segue.tokens.published import public_jwk, thumbprint

__all__ = [
    "KeySet",
    "VerificationKey",
    "key_from_pem",
    "parse_certificates",
    "parse_jwk",
    "parse_jwks",
    "public_jwk",
    "shared_secret",
    "thumbprint",
]

MAX_KEYS = 256

# By the name of the curve: the curve, and the width of a coordinate (RFC 7518 §6.2.1.2).
_EC: Mapping[str, tuple[ec.EllipticCurve, int]] = {
    "P-256": (ec.SECP256R1(), 32),
    "P-384": (ec.SECP384R1(), 48),
    "P-521": (ec.SECP521R1(), 66),
}
_OKP: Mapping[str, Callable[[bytes], PublicKey]] = {
    "Ed25519": Ed25519PublicKey.from_public_bytes,
    "Ed448": Ed448PublicKey.from_public_bytes,
}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})


def parse_jwk(jwk: JsonObject, *, allow_symmetric: bool = False) -> VerificationKey:
    """
    Load one key.

    Args:
        jwk: as parsed. Private members of an asymmetric key are ignored: its owner may check his own signatures.
        allow_symmetric: take a shared secret (`oct`) too. Only for keys that never were public: whoever reads
            the key can sign with it.

    Raises:
        KeyRefused: not for verifying signatures (`use`, `key_ops`, `alg`), weak, malformed, or not supported.
    """
    key_id = _optional_text(jwk, "kid")
    if jwk.get("use", "sig") != "sig":
        raise KeyRefused("use is not sig")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeyRefused("key_ops lacks verify")
    algorithms = _declared(jwk)
    match jwk.get("kty"):
        case "RSA":
            return bind(_rsa(jwk), key_id=key_id, algorithms=algorithms)
        case "EC":
            return bind(_ec(jwk), key_id=key_id, algorithms=algorithms)
        case "OKP":
            return bind(_okp(jwk), key_id=key_id, algorithms=algorithms)
        case "oct" if allow_symmetric:
            return shared_secret(_member(jwk, "k"), key_id=key_id, algorithms=algorithms)
        case "oct":
            raise KeyRefused("a shared secret where a public key belongs")
        case _:
            raise KeyRefused("kty is none of RSA, EC, OKP")


def parse_jwks(data: bytes | str | JsonObject, *, allow_symmetric: bool = False) -> KeySet:
    """
    Load the keys of a set that can be used; say of the others why not.

    Args:
        data: JSON text or object; at most `MAX_KEYS` keys.
        allow_symmetric: as for `parse_jwk`.

    Raises:
        KeyRefused: not a key set at all. An empty one is returned as such.
    """
    keys = parse_document(data).get("keys")
    if not isinstance(keys, list):
        raise KeyRefused("not a JWK set: no list of keys")
    if len(keys) > MAX_KEYS:
        raise KeyRefused(f"a JWK set of more than {MAX_KEYS} keys")
    usable: list[VerificationKey] = []
    skipped: list[str] = []
    for position, jwk in enumerate(keys):
        try:
            usable.append(_published(jwk, allow_symmetric=allow_symmetric))
        except KeyRefused as refused:
            skipped.append(f"{_label(position, jwk)}: {refused.args[0]}")
    return KeySet(keys=tuple(usable), skipped=tuple(skipped))


def parse_certificates(document: JsonObject) -> KeySet:
    """
    Load the keys of an object of PEM certificates by key id; say of those that cannot be used why not.

    Raises:
        KeyRefused: more than `MAX_KEYS` of them.
    """
    if len(document) > MAX_KEYS:
        raise KeyRefused(f"more than {MAX_KEYS} certificates")
    usable: list[VerificationKey] = []
    skipped: list[str] = []
    for position, (key_id, pem) in enumerate(document.items()):
        try:
            usable.append(key_from_pem(pem if isinstance(pem, str) else "", key_id=key_id))
        except KeyRefused as refused:
            skipped.append(f"{_label(position, {'kid': key_id})}: {refused.args[0]}")
    return KeySet(keys=tuple(usable), skipped=tuple(skipped))


def parse_document(data: bytes | str | JsonObject) -> JsonObject:
    """
    Read JSON text; an object is returned as it is.

    Raises:
        KeyRefused: not a strict JSON object.
    """
    if not isinstance(data, bytes | str):
        return data
    try:
        return parse_object(data)
    except ValueError as error:
        raise KeyRefused(f"not a JWK or JWK set: {error}") from None


def _published(jwk: JsonValue, *, allow_symmetric: bool) -> VerificationKey:
    if not isinstance(jwk, dict):
        raise KeyRefused("not an object")
    # Who publishes his private key has none: anybody could have signed. Only a set can tell that it was published.
    if jwk.get("kty") != "oct" and not _PRIVATE.isdisjoint(jwk):
        raise KeyRefused("the private key is published with it")
    return parse_jwk(jwk, allow_symmetric=allow_symmetric)


def _label(position: int, jwk: JsonValue) -> str:
    key_id = jwk.get("kid") if isinstance(jwk, dict) else None
    named = isinstance(key_id, str) and is_key_id(key_id)
    return f"key {position} ({key_id})" if named else f"key {position}"


def _declared(jwk: JsonObject) -> frozenset[Algorithm] | None:
    """The one algorithm that the key itself names, if it names one."""
    if "alg" not in jwk:
        return None
    name = jwk["alg"]
    algorithm = ALGORITHMS.get(name) if isinstance(name, str) else None
    if algorithm is None:
        raise KeyRefused("alg is not a signature algorithm that we support")
    return frozenset({algorithm})


def _rsa(jwk: JsonObject) -> object:
    modulus = int.from_bytes(_member(jwk, "n"), "big")
    exponent = int.from_bytes(_member(jwk, "e"), "big")
    require_rsa_numbers(modulus, exponent)
    return RSAPublicNumbers(exponent, modulus).public_key()


def _ec(jwk: JsonObject) -> object:
    curve, width = _EC.get(_required_text(jwk, "crv"), (None, 0))
    if curve is None:
        raise KeyRefused("curve not supported")
    x, y = _member(jwk, "x"), _member(jwk, "y")
    if len(x) != width or len(y) != width:
        raise KeyRefused("coordinates are not as wide as the curve")
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve)
    try:
        return numbers.public_key()
    except ValueError:
        pass
    raise KeyRefused("not a point of the curve")


def _okp(jwk: JsonObject) -> object:
    load = _OKP.get(_required_text(jwk, "crv"))
    if load is None:
        raise KeyRefused("curve not supported for signatures")
    x = _member(jwk, "x")
    try:
        return load(x)
    except ValueError:
        pass
    raise KeyRefused("x is not as wide as the curve")


def _member(jwk: JsonObject, name: str) -> bytes:
    text = _required_text(jwk, name)
    if text and text.isascii():
        try:
            return base64url.decode(text.encode())
        except ValueError:
            pass
    raise KeyRefused(f"{name} is not base64url")


def _required_text(jwk: JsonObject, name: str) -> str:
    text = jwk.get(name)
    if not isinstance(text, str) or not text.isprintable():
        raise KeyRefused(f"{name} is missing or not a printable string")
    return text


def _optional_text(jwk: JsonObject, name: str) -> str | None:
    return _required_text(jwk, name) if name in jwk else None
