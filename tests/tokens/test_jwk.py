"""Which keys are taken, for what, and how ours are published."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from segue.errors import ConfigurationError, KeyRefused
from segue.tokens.algorithms import Algorithm, SharedSecret
from segue.tokens.base64url import decode
from segue.tokens.jwk import (
    KeySet,
    key_from_pem,
    parse_jwk,
    parse_jwks,
    public_jwk,
    shared_secret,
    thumbprint,
)
from tests.tokens.jose import b64, jwk, jwks, private_key, vectors

A = Algorithm
RSA_ALGORITHMS = frozenset({A.RS256, A.RS384, A.RS512, A.PS256, A.PS384, A.PS512})
ASYMMETRIC = [algorithm for algorithm in Algorithm if not algorithm.value.startswith("HS")]
RSA, EC, ED, ED448 = A.RS256, A.ES256, A.Ed25519, A.Ed448
P25519, P448 = 2**255 - 19, 2**448 - 2**224 - 1


def number(value: int) -> str:
    """base64url of the shortest big-endian form."""
    return b64(value.to_bytes((value.bit_length() + 7) // 8 or 1, "big"))


def little(value: int, width: int) -> str:
    """base64url of an Edwards coordinate."""
    return b64(value.to_bytes(width, "little"))


def small_point() -> dict[str, Any]:
    """A key of P-521 whose x begins with zeros, so that 64 bytes could hold it instead of 66."""
    publics = (ec.derive_private_key(scalar, ec.SECP521R1()).public_key() for scalar in range(1, 5000))
    public = next(public for public in publics if public.public_numbers().x >> 512 == 0)
    return dict(public_jwk(public, key_id="k1", algorithm=A.ES512))


REFUSED: dict[str, dict[str, Any]] = {
    "use_enc": jwk(EC, use="enc"),
    "use_not_a_string": jwk(EC, use=["sig"]),
    "use_in_capitals": jwk(EC, use="SIG"),
    "key_ops_without_verify": jwk(EC, key_ops=["sign"]),
    "key_ops_encrypt": jwk(RSA, key_ops=["encrypt", "wrapKey"]),
    "key_ops_empty": jwk(EC, key_ops=[]),
    "key_ops_not_a_list": jwk(EC, key_ops="verify"),
    "alg_encryption": jwk(RSA, alg="RSA-OAEP"),
    "alg_none": jwk(EC, alg="none"),
    "alg_lower_case": jwk(EC, alg="es256"),
    "alg_not_a_string": jwk(EC, alg=256),
    "alg_of_other_kty": jwk(EC, alg="RS256"),
    "alg_of_other_curve": jwk(EC, alg="ES384"),
    "alg_hmac_on_rsa": jwk(RSA, alg="HS256"),
    "alg_ed448_on_ed25519": jwk(ED, alg="Ed448"),
    "kty_missing": jwk(EC) | {"kty": None},
    "kty_unknown": jwk(EC, kty="AKP"),
    "kty_lower_case": jwk(EC, kty="ec"),
    "kty_of_other_key": jwk(EC, kty="RSA"),
    "kid_not_a_string": jwk(EC, kid=7),
    "kid_too_long": jwk(EC, kid="k" * 257),
    "kid_with_newline": jwk(EC, kid="k\n1"),
    "kid_with_surrogate": jwk(EC, kid="\ud800"),
    "rsa_1024_bits": jwk(RSA, n=number(2**1024 - 1)),
    "rsa_2047_bits": jwk(RSA, n=number(2**2047 - 1)),
    "rsa_8193_bits": jwk(RSA, n=number(2**8192 + 1)),
    "rsa_modulus_of_a_megabyte": jwk(RSA, n="A" * 1_000_000),
    "rsa_modulus_even": jwk(RSA, n=number(2**2047)),
    "rsa_modulus_missing": jwk(RSA, n=None),
    "rsa_modulus_empty": jwk(RSA, n=""),
    "rsa_modulus_a_number": jwk(RSA, n=5),
    "rsa_modulus_padded": jwk(RSA, n=jwk(RSA)["n"] + "=="),
    "rsa_modulus_other_alphabet": jwk(RSA, n="+/" + jwk(RSA)["n"]),
    "rsa_modulus_not_ascii": jwk(RSA, n="é" + jwk(RSA)["n"]),
    "rsa_exponent_0": jwk(RSA, e=number(0)),
    "rsa_exponent_1": jwk(RSA, e=number(1)),
    "rsa_exponent_2": jwk(RSA, e=number(2)),
    "rsa_exponent_even": jwk(RSA, e=number(65536)),
    "rsa_exponent_of_65_bits": jwk(RSA, e=number(2**64 + 1)),
    "ec_secp256k1": jwk(EC, crv="secp256k1"),
    "ec_curve_missing": jwk(EC, crv=None),
    "ec_other_curve": jwk(EC, crv="P-384"),
    "ec_off_the_curve": jwk(EC, y=jwk(EC)["x"]),
    "ec_zero": jwk(EC, x=b64(bytes(32)), y=b64(bytes(32))),
    "ec_coordinate_beyond_the_prime": jwk(EC, x=b64(b"\xff" * 32)),
    "ec_x_too_wide": jwk(EC, x=b64(b"\0" + decode(jwk(EC)["x"].encode()))),
    "ec_y_too_wide": jwk(EC, y=b64(b"\0" + decode(jwk(EC)["y"].encode()))),
    "ec_x_without_its_leading_zeros": small_point()
    | {"x": b64(decode(small_point()["x"].encode()).lstrip(b"\0"))},
    "ec_y_missing": jwk(EC, y=None),
    "okp_x25519": jwk(ED, crv="X25519", alg=None),
    "okp_too_narrow": jwk(ED, x=b64(bytes(31))),
    "okp_off_the_curve": jwk(ED, x=little(2, 32)),
    "okp_neutral_element": jwk(ED, x=little(1, 32)),
    "okp_order_two": jwk(ED, x=little(P25519 - 1, 32)),
    "okp_order_four": jwk(ED, x=little(0, 32)),
    "okp_order_eight": jwk(
        ED, x=b64(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"))
    ),
    "okp_order_eight_the_other": jwk(
        ED, x=b64(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
    ),
    "okp_beyond_the_prime": jwk(ED, x=little(P25519 + 3, 32)),
    "ed448_neutral_element": jwk(ED448, x=little(1, 57)),
    "ed448_order_two": jwk(ED448, x=little(P448 - 1, 57)),
    "ed448_order_four": jwk(ED448, x=little(0, 57)),
    "ed448_unused_bits": jwk(ED448, x=little(2**450 + 4, 57)),
    "oct": {"kty": "oct", "k": b64(bytes(range(64)))},
}


@pytest.mark.parametrize("key", REFUSED.values(), ids=REFUSED.keys())
def test_refused(key: dict[str, Any]) -> None:
    """A key that cannot verify safely is an error in configuration, which shows none of the key."""
    with pytest.raises(KeyRefused) as caught:
        parse_jwk(key)
    assert isinstance(caught.value, ConfigurationError)
    for name in ("n", "x", "y", "k"):
        member = key.get(name)
        assert not isinstance(member, str) or len(member) < 4 or member not in str(caught.value)


@pytest.mark.parametrize("key", REFUSED.values(), ids=REFUSED.keys())
def test_odd_key_in_a_set(key: dict[str, Any]) -> None:
    """One odd key is skipped with one reason, and the good keys around it stay."""
    keys = parse_jwks(jwks(jwk(EC, kid="before"), key, jwk(RSA, kid="behind")))
    assert keys.key_ids == {"before", "behind"}
    [reason] = keys.skipped
    assert reason.startswith("key 1")
    assert reason.isprintable()


@pytest.mark.parametrize("entry", [None, 1, "text", [], {}, [jwk(EC)]], ids=repr)
def test_not_a_key_in_a_set(entry: Any) -> None:
    """Whatever stands in the list, the key behind it is found."""
    keys = parse_jwks(jwks(entry, jwk(EC)))
    assert keys.key_ids == {"k1"}
    assert len(keys.skipped) == 1


def test_private_members_of_a_single_key() -> None:
    """An own private key verifies as its public half does; nothing private is kept."""
    whole = vectors("rfc7515")["cases"][1]["jwk"]
    assert "d" in whole
    public = parse_jwk({name: whole[name] for name in ("kty", "n", "e")})
    assert parse_jwk(whole) == public


@pytest.mark.parametrize("name", ["d", "p", "q", "dp", "dq", "qi", "oth"])
def test_private_key_published_in_a_set(name: str) -> None:
    """A private key that everybody can read signs for everybody, so a set's key with any private member is skipped."""
    keys = parse_jwks(jwks(jwk(RSA, **{name: "AQAB"})))
    assert not keys.keys
    assert "private" in keys.skipped[0]


def test_shared_secret_in_a_set() -> None:
    """An `oct` key in a set is skipped, unless the caller says that the set is secret."""
    document: Any = {"keys": [{"kty": "oct", "k": b64(bytes(64)), "kid": "s"}, jwk(EC)]}
    assert parse_jwks(document).key_ids == {"k1"}
    assert parse_jwks(document, allow_symmetric=True).key_ids == {"k1", "s"}


@pytest.mark.parametrize("algorithm", ASYMMETRIC, ids=lambda a: a.value)
def test_declared_algorithm(algorithm: Algorithm) -> None:
    """A key that names its algorithm has that one alone."""
    assert parse_jwk(jwk(algorithm)).algorithms == {algorithm}


@pytest.mark.parametrize(
    ("algorithm", "fitting"),
    [
        (RSA, RSA_ALGORITHMS),
        (EC, {A.ES256}),
        (A.ES384, {A.ES384}),
        (A.ES512, {A.ES512}),
        (ED, {A.EdDSA, A.Ed25519}),
        (ED448, {A.EdDSA, A.Ed448}),
    ],
)
def test_undeclared_algorithm(algorithm: Algorithm, fitting: frozenset[Algorithm]) -> None:
    """A key that names none has those that its material can serve, and never an HMAC."""
    assert parse_jwk(jwk(algorithm, alg=None)).algorithms == fitting


def test_members_we_do_not_know() -> None:
    """Certificates and foreign members do not matter, nor does key_ops that lists more than verify."""
    odd = jwk(EC, x5c=["!"], x5t=1, issuer="x", key_ops=["sign", "verify"])
    assert parse_jwk(odd) == parse_jwk(jwk(EC))


def test_rsa_modulus_with_leading_zero() -> None:
    """Some libraries write the sign byte; the number is the same."""
    key = jwk(RSA)
    numbers = private_key(RSA).public_key().public_numbers()  # type: ignore[union-attr]
    padded = b64(b"\0" + numbers.n.to_bytes(256, "big"))  # type: ignore[union-attr]
    assert parse_jwk(key | {"n": padded}) == parse_jwk(key)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b'{"keys":null}',
        b'{"keys":[],"keys":[]}',
        b"\xff",
        "<html>",
        '{"keys":' + "[" * 99 + "]" * 99 + "}",
        json.dumps({"keys": [{}] * 257}),
    ],
    ids=lambda data: repr(data[:30]),
)
def test_not_a_key_set(data: bytes | str) -> None:
    """A document that is no key set is an error as a whole."""
    with pytest.raises(KeyRefused):
        parse_jwks(data)


def test_empty_set() -> None:
    """A set may be empty: the issuer says so, and no token holds."""
    keys = parse_jwks('{"keys":[]}')
    assert (len(keys), list(keys), keys.key_ids, keys.find(None), keys.find("k1")) == (
        0,
        [],
        frozenset(),
        (),
        (),
    )


def test_doubled_key_id() -> None:
    """Two keys of one id are both candidates, in their order."""
    keys = parse_jwks(jwks(jwk(EC, kid="k"), jwk(RSA, kid="k"), jwk(ED, kid="other")))
    assert [key.algorithms for key in keys.find("k")] == [{A.ES256}, {A.RS256}]
    assert len(keys.find(None)) == 3


def test_key_without_id_alone() -> None:
    """One pinned key without an id answers to any name; with company it answers to none."""
    alone = parse_jwks(jwks(jwk(EC, kid=None)))
    assert len(alone.find("any")) == 1
    accompanied = parse_jwks(jwks(jwk(EC, kid=None), jwk(RSA, kid="k")))
    assert accompanied.find("any") == ()
    assert len(accompanied.find("k")) == 1


def test_key_with_empty_id() -> None:
    """The empty id is an id like any other, not the lack of one."""
    keys = parse_jwks(jwks(jwk(EC, kid="")))
    assert keys.key_ids == {""}
    assert keys.find("any") == ()


def test_keys_show_nothing() -> None:
    """The text form of keys and sets has ids and algorithms alone."""
    secret = shared_secret(b"correct horse battery staple 123", algorithms=frozenset({A.HS256}), key_id="s")
    for shown in (repr(KeySet(keys=(secret, parse_jwk(jwk(RSA))))), repr(secret.material)):
        assert "horse" not in shown
        assert "RSAPublicKey" not in shown
    assert "'s'" in repr(secret)


# --- PEM -------------------------------------------------------------------------------------------------------------


def pem(algorithm: Algorithm) -> bytes:
    """SPKI of one of the test keys."""
    public = private_key(algorithm).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@cache
def certificate() -> bytes:
    """Self-signed, and over since long."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    key: Any = private_key(RSA)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, start, start + dt.timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize("algorithm", [RSA, EC, A.ES384, A.ES512, ED, ED448], ids=lambda a: a.value)
def test_pem(algorithm: Algorithm) -> None:
    """A public key in PEM is the key of its JWK, from bytes and from text."""
    expected = parse_jwk(jwk(algorithm, alg=None))
    assert key_from_pem(pem(algorithm), key_id="k1") == expected
    assert key_from_pem(pem(algorithm).decode(), key_id="k1") == expected
    declared = frozenset({algorithm})
    assert key_from_pem(pem(algorithm), algorithms=declared).algorithms == declared


def test_pem_pkcs1() -> None:
    """The older form of an RSA public key is read too."""
    public: Any = private_key(RSA).public_key()
    assert key_from_pem(public.public_bytes(Encoding.PEM, PublicFormat.PKCS1)) == key_from_pem(pem(RSA))


def test_pem_certificate() -> None:
    """Of a certificate the key counts, even if the certificate is over."""
    assert key_from_pem(certificate(), key_id="k") == key_from_pem(pem(RSA), key_id="k")


def _small_rsa() -> bytes:
    public = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 - that is the point
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _spki(key: Any) -> bytes:
    data: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return data


PEM_REFUSED: dict[str, bytes | str] = {
    "empty": b"",
    "not_pem": b"hello",
    "jwk": json.dumps(jwk(EC)),
    "private_key": private_key(EC).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    "private_rsa_key": private_key(RSA).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ),
    "two_keys": pem(EC) + pem(RSA),
    "certificate_and_key": certificate() + pem(EC),
    "rsa_1024_bits": _small_rsa(),
    "secp256k1": _spki(ec.generate_private_key(ec.SECP256K1())),
    "x25519": _spki(X25519PrivateKey.generate()),
    "dsa": _spki(dsa.generate_private_key(2048)),
    "cut_off": pem(EC)[:-40],
    "garbage_inside": pem(EC).replace(b"M", b"!"),
    "lone_surrogate": "\ud800",
}


@pytest.mark.parametrize("text", PEM_REFUSED.values(), ids=PEM_REFUSED.keys())
def test_pem_refused(text: bytes | str) -> None:
    """What is not exactly one strong public signature key is refused."""
    with pytest.raises(KeyRefused):
        key_from_pem(text)


@pytest.mark.parametrize(
    "algorithms",
    [frozenset[Algorithm](), frozenset({A.HS256}), frozenset({A.ES256, A.RS256}), frozenset({A.ES384})],
)
def test_pem_algorithms_that_do_not_fit(algorithms: frozenset[Algorithm]) -> None:
    """The algorithms asked for must all fit the key; an EC key serves no HMAC."""
    with pytest.raises(KeyRefused):
        key_from_pem(pem(EC), algorithms=algorithms)


# --- shared secrets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("algorithm", "length"), [(A.HS256, 32), (A.HS384, 48), (A.HS512, 64)])
def test_secret_as_long_as_its_hash(algorithm: Algorithm, length: int) -> None:
    """A secret one byte shorter than its hash is refused."""
    algorithms = frozenset({algorithm})
    assert shared_secret(b"x" * length, algorithms=algorithms).algorithms == algorithms
    with pytest.raises(KeyRefused):
        shared_secret(b"x" * (length - 1), algorithms=algorithms)


def test_secret_for_two_algorithms() -> None:
    """The longest hash decides; without algorithms the length does."""
    with pytest.raises(KeyRefused):
        shared_secret(b"x" * 40, algorithms=frozenset({A.HS256, A.HS384}))
    assert shared_secret(b"x" * 50, algorithms=None).algorithms == {A.HS256, A.HS384}
    with pytest.raises(KeyRefused):
        shared_secret(b"x" * 31, algorithms=None)


SECRET_REFUSED = {
    "public_key_pem": pem(RSA),
    "certificate": certificate(),
    "indented_pem": b"\n  " + pem(EC),
    "public_key_der": private_key(EC)
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "public_jwk": json.dumps(jwk(RSA)).encode(),
    "ssh_key": private_key(ED).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "ssh_ecdsa_key": private_key(EC).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
}


@pytest.mark.parametrize("secret", SECRET_REFUSED.values(), ids=SECRET_REFUSED.keys())
def test_public_key_as_secret(secret: bytes) -> None:
    """A public key is no secret: whoever has it could sign."""
    with pytest.raises(KeyRefused):
        shared_secret(secret, algorithms=frozenset({A.HS256}))
    with pytest.raises(KeyRefused):
        parse_jwk({"kty": "oct", "k": b64(secret)}, allow_symmetric=True)


@pytest.mark.parametrize(
    "algorithms", [frozenset({A.RS256}), frozenset({A.HS256, A.ES256}), frozenset[Algorithm]()]
)
def test_secret_for_other_algorithms(algorithms: frozenset[Algorithm]) -> None:
    """A secret serves HMAC alone, and at least one."""
    with pytest.raises(KeyRefused):
        shared_secret(b"x" * 64, algorithms=algorithms)


def test_secret_as_jwk() -> None:
    """An `oct` key is what `shared_secret` makes of its bytes."""
    made = parse_jwk({"kty": "oct", "k": b64(b"x" * 48), "alg": "HS256", "kid": "s"}, allow_symmetric=True)
    assert made == shared_secret(b"x" * 48, algorithms=frozenset({A.HS256}), key_id="s")
    assert isinstance(made.material, SharedSecret)


# --- publishing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ASYMMETRIC, ids=lambda a: a.value)
def test_published_key_reads_back(algorithm: Algorithm) -> None:
    """What we publish is what we would load, and holds nothing private."""
    public = private_key(algorithm).public_key()
    published = public_jwk(public, key_id="k1", algorithm=algorithm)
    assert published.keys() <= {"kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"}
    loaded = parse_jwk(published)
    assert (loaded.key_id, loaded.algorithms) == ("k1", frozenset({algorithm}))
    assert loaded.material == public


def test_published_rsa_numbers_are_shortest() -> None:
    """No sign byte before the modulus, and AQAB for the usual exponent (RFC 7518 §6.3.1)."""
    published = jwk(RSA)
    assert published["e"] == "AQAB"
    assert len(published["n"]) == 342


def test_published_coordinate_keeps_its_zeros() -> None:
    """A coordinate that begins with zeros is as wide as any other (RFC 7518 §6.2.1.2)."""
    published = small_point()
    assert (len(published["x"]), len(published["y"])) == (88, 88)
    assert decode(published["x"].encode())[0] == 0
    assert parse_jwk(published).algorithms == {A.ES512}


def test_published_key_that_we_would_refuse() -> None:
    """We publish nothing that we would not accept, nor under another algorithm."""
    with pytest.raises(KeyRefused):
        public_jwk(private_key(EC).public_key(), key_id="k", algorithm=A.RS256)
    with pytest.raises(KeyRefused):
        public_jwk(private_key(EC).public_key(), key_id="k\n", algorithm=A.ES256)


@pytest.mark.parametrize("case", vectors("thumbprints")["cases"], ids=lambda case: case["name"])
def test_thumbprint(case: dict[str, Any]) -> None:
    """The digests that the RFCs print, whatever other members the key has."""
    assert thumbprint(case["jwk"]) == case["thumbprint"]
    assert thumbprint({"extra": 1, **case["jwk"], "use": "sig"}) == case["thumbprint"]


@pytest.mark.parametrize("key", [{}, {"kty": "AKP"}, {"kty": ["RSA"]}, {"kty": "RSA", "n": "AQAB"}], ids=repr)
def test_thumbprint_of_no_key(key: Any) -> None:
    """Without its members a key has no thumbprint."""
    with pytest.raises(KeyRefused):
        thumbprint(key)


def test_edwards_keys_of_all_kinds_are_sound() -> None:
    """The check of points takes honest keys; the private halves of RFC 8037 and of this run are such."""
    assert isinstance(parse_jwk(vectors("rfc8037")["cases"][0]["jwk"]).material, Ed25519PublicKey)
    assert isinstance(parse_jwk(jwk(ED448)).material, Ed448PublicKey)
