"""
Compact JWS, read strictly: is this text signed by one of these keys (RFC 7515, RFC 8725)?

Claims are not looked at here. Headers that bring or point to keys (`jwk`, `jku`, `x5c`, `x5u`) are not looked at
anywhere. House rule: the key fixes the algorithm, the header only says which key; what two readers could understand in
two ways is refused, and no error repeats any of the token.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import KeyUnknown, SignatureRefused, TokenMalformed
from segue.json import JsonObject, dump, parse_object
from segue.tokens import base64url
from segue.tokens.algorithms import ALGORITHMS, Algorithm, PrivateKey, SharedSecret, sign
from segue.tokens.jose_header import JoseHeader, decode_part, read_header
from segue.tokens.jwk import parse_document, parse_jwk, parse_jwks
from segue.tokens.keys import KeySet, VerificationKey

MAX_LENGTH = 8192
MAX_CANDIDATES = 16
"""Keys tried for one token; each costs a signature check, which a stranger makes us do."""


class UnverifiedJws(Discreet, frozen=True, kw_only=True, dict=True):
    """A token in its parts. Nothing in it is true yet; it serves to choose an issuer and its keys."""

    unshown: ClassVar = frozenset({"payload", "signature", "signing_input"})

    jose_header: JoseHeader
    payload: bytes
    signature: bytes
    signing_input: bytes

    @property
    def header(self) -> JsonObject:
        """The header as an object; a copy, as equal headers are read only once."""
        return self.jose_header.copy()

    @cached_property
    def claims(self) -> JsonObject:
        """The payload as an object, read once; ValueError if it is none."""
        return parse_object(self.payload)

    @property
    def header_bytes(self) -> bytes:
        """The header as it was signed."""
        return self.jose_header.encoded

    @property
    def key_id(self) -> str | None:
        """The key that the token names, if it names one."""
        return self.jose_header.key_id

    @property
    def algorithm_name(self) -> str:
        """The algorithm that the token names; maybe none that we know."""
        return self.jose_header.algorithm_name


class VerifiedJws(Discreet, frozen=True, kw_only=True):
    """What a key of the set has signed."""

    unshown: ClassVar = frozenset({"header", "header_bytes", "payload"})

    header: JsonObject
    header_bytes: bytes
    payload: bytes
    key: VerificationKey


def verify_jws(
    token: str | bytes,
    keys: VerificationKey | KeySet | JsonObject | str | bytes,
    *,
    algorithms: frozenset[Algorithm] | None = None,
    max_length: int = MAX_LENGTH,
    allow_symmetric: bool = False,
) -> VerifiedJws:
    """
    Accept a compact JWS signed by one of *keys*, or say why not. No claim is looked at.

    Args:
        token: at most *max_length* characters.
        keys: loaded keys, or a JWK or JWK set as object or as JSON text, which is then read on each call.
        algorithms: accept these only; a key never verifies others than its own.
        max_length: looked at before anything is decoded.
        allow_symmetric: accept `oct` keys in JSON *keys*; only for keys that never were public.

    Raises:
        TokenMalformed: not the one strict spelling of a compact JWS, unsigned, encrypted, or with unknown extensions.
        KeyUnknown: it names a key that is not in the set.
        SignatureRefused: no key fits or the signature is wrong; deliberately not told apart.
        KeyRefused: *keys* is JSON, and not that of a usable key or of a key set.
    """
    unverified = parse_jws(token, max_length=max_length)
    loaded = (
        keys if isinstance(keys, KeySet | VerificationKey) else _load(keys, allow_symmetric=allow_symmetric)
    )
    return verify_parsed(unverified, loaded, algorithms=algorithms)


def parse_jws(token: str | bytes, *, max_length: int = MAX_LENGTH) -> UnverifiedJws:
    """
    Take a compact JWS apart; nothing is verified.

    Raises:
        TokenMalformed: as for `verify_jws`.
    """
    if len(token) > max_length:
        raise TokenMalformed(f"longer than {max_length} characters")
    text = _ascii(token)
    parts = text.split(b".", 5)
    if len(parts) != 3:
        raise TokenMalformed("encrypted token (JWE)" if len(parts) == 5 else "not three parts")
    encoded_header, encoded_payload, encoded_signature = parts
    header = read_header(encoded_header)
    if not encoded_signature:
        raise TokenMalformed("no signature")
    return UnverifiedJws(
        jose_header=header,
        payload=decode_part(encoded_payload, "payload"),
        signature=decode_part(encoded_signature, "signature"),
        signing_input=text[: -len(encoded_signature) - 1],
    )


def verify_parsed(
    unverified: UnverifiedJws,
    keys: VerificationKey | KeySet,
    *,
    algorithms: frozenset[Algorithm] | None = None,
) -> VerifiedJws:
    """
    Accept a token that was taken apart before.

    The algorithm is judged before the key id: a token that no key could ever verify gives no cause to fetch keys.

    Raises:
        KeyUnknown: it names a key that is not in the set.
        SignatureRefused: no key fits or the signature is wrong.
    """
    header = unverified.jose_header
    algorithm = ALGORITHMS.get(header.algorithm_name)
    if algorithm is None or (algorithms is not None and algorithm not in algorithms):
        raise SignatureRefused("algorithm not accepted")
    for key in _candidates(keys, header.key_id, algorithm):
        if key.verify(algorithm, unverified.signature, unverified.signing_input):
            return VerifiedJws(
                header=unverified.header, header_bytes=header.encoded, payload=unverified.payload, key=key
            )
    raise SignatureRefused("no key fits, or the signature is wrong")


def sign_jws(
    header: JsonObject | bytes, payload: bytes, private_key: PrivateKey | SharedSecret, algorithm: Algorithm
) -> str:
    """
    Sign *payload* as a compact JWS.

    Args:
        header: an object, to which `alg` is added if it lacks it, or ready JSON, which is signed as it is.
        payload: any bytes.
        private_key: of the kind that *algorithm* needs.
        algorithm: the one that *header* names.

    Raises:
        ValueError: key and algorithm do not fit, or *header* is none that we would accept or names another algorithm.
    """
    ready = header if isinstance(header, bytes) else dump({"alg": algorithm.value, **header})
    encoded = base64url.encode(ready)
    try:
        named = read_header(encoded).algorithm_name
    except TokenMalformed as error:
        raise ValueError(f"we would not accept this header: {error}") from None
    if named != algorithm.value:
        raise ValueError("the header names another algorithm")
    signing_input = b"%b.%b" % (encoded, base64url.encode(payload))
    signature = sign(private_key, algorithm, signing_input)
    return (b"%b.%b" % (signing_input, base64url.encode(signature))).decode()


def _load(keys: JsonObject | str | bytes, *, allow_symmetric: bool) -> VerificationKey | KeySet:
    document = parse_document(keys)
    parse = parse_jwks if "keys" in document else parse_jwk
    return parse(document, allow_symmetric=allow_symmetric)


def _candidates(
    keys: VerificationKey | KeySet, key_id: str | None, algorithm: Algorithm
) -> tuple[VerificationKey, ...]:
    if isinstance(keys, VerificationKey):
        keys = KeySet(keys=(keys,))
    named = keys.find(key_id)
    if not named and key_id is not None:
        raise KeyUnknown("the key set has no key of this id")
    if len(named) == 1:
        return named  # the usual case; a key refuses algorithms that are not its own
    fitting = tuple(key for key in named if algorithm in key.algorithms)
    if len(fitting) > MAX_CANDIDATES:
        raise SignatureRefused(f"more than {MAX_CANDIDATES} keys might fit")
    return fitting


def _ascii(token: str | bytes) -> bytes:
    if isinstance(token, bytes):
        return token
    if not token.isascii():
        raise TokenMalformed("not ASCII")
    return token.encode()
