"""Compact JWS: which texts hold under which keys, and that all else is refused."""

from __future__ import annotations

import contextlib
import json
import pickle
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import KeyRefused, KeyUnknown, SignatureRefused, TokenMalformed, TokenRefused
from segue.tokens.algorithms import Algorithm, SharedSecret
from segue.tokens.base64url import decode
from segue.tokens.jwk import KeySet, VerificationKey, parse_jwk, parse_jwks, shared_secret
from segue.tokens.jws import MAX_CANDIDATES, MAX_LENGTH, parse_jws, sign_jws, verify_jws, verify_parsed
from tests.tokens.jose import PAYLOAD, SECRET, b64, jwk, jwks, private_key, token, vectors

A = Algorithm
ASYMMETRIC = [algorithm for algorithm in Algorithm if not algorithm.value.startswith("HS")]
HEADER = {"alg": "ES256", "kid": "k1"}


@cache
def keys() -> KeySet:
    """What the issuer of the test tokens publishes."""
    return parse_jwks(jwks(jwk(A.ES256), jwk(A.RS256, kid="k2")))


# --- tokens that hold ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ASYMMETRIC, ids=lambda a: a.value)
def test_every_algorithm_holds(algorithm: Algorithm) -> None:
    """A token signed by a key of the set verifies to exactly the bytes that were signed."""
    header = {"alg": algorithm.value, "kid": "k1", "typ": "JWT"}
    signed = sign_jws(header, PAYLOAD, private_key(algorithm), algorithm)
    key_set = parse_jwks(jwks(jwk(algorithm)))
    verified = verify_jws(signed, key_set)
    assert verified.header == header
    assert json.loads(verified.header_bytes) == header
    assert verified.payload == PAYLOAD
    assert verified.key is key_set.keys[0]


@pytest.mark.parametrize("algorithm", [A.HS256, A.HS384, A.HS512], ids=lambda a: a.value)
def test_shared_secret_holds(algorithm: Algorithm) -> None:
    """A token of our own shared secret verifies by that secret."""
    signed = sign_jws({}, PAYLOAD, SECRET, algorithm)
    assert (
        verify_jws(signed, shared_secret(SECRET.secret, algorithms=frozenset({algorithm}))).payload == PAYLOAD
    )


def test_keys_in_every_form() -> None:
    """One call takes loaded keys, a JWK or a JWK set as object, text or bytes, and the token as text or bytes."""
    one, many = jwk(), jwks(jwk())
    for form in (parse_jwk(one), parse_jwks(many), one, many):
        assert verify_jws(token(), form).payload == PAYLOAD
    for data in (one, many):
        text = json.dumps(data)
        assert verify_jws(token(), text).payload == PAYLOAD
        assert verify_jws(token().encode(), text.encode()).payload == PAYLOAD


def test_empty_payload() -> None:
    """A signature over nothing is a signature."""
    assert verify_jws(token(payload=b""), keys()).payload == b""


def test_payload_is_not_looked_at() -> None:
    """Any bytes may be signed; claims are another matter."""
    assert verify_jws(token(payload=b"\xff\0"), keys()).payload == b"\xff\0"


def test_header_with_white_space() -> None:
    """JSON may be written in many ways; what was signed counts."""
    assert verify_jws(token(b' {"alg" :"ES256" ,\n"kid":"k1" } '), keys()).header == HEADER


def test_without_key_id() -> None:
    """A token that names no key is tried with all keys that fit."""
    assert verify_jws(token({"alg": "ES256"}), keys()).key.key_id == "k1"


def test_doubled_key_id() -> None:
    """Of two keys with one id the one that signed is found, wherever it stands."""
    other = jwk(x=None) | _other_point()
    for both in ([jwk(), other], [other, jwk()]):
        assert verify_jws(token(), jwks(*both)).key == parse_jwk(jwk())


def test_odd_key_beside() -> None:
    """A set with keys that we cannot use still verifies."""
    odd: list[Any] = [jwk(A.RS256, use="enc"), {"kty": "new"}, 7, jwk()]
    assert verify_jws(token(), {"keys": odd}).payload == PAYLOAD


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_key_in_header_that_does_not_matter(name: str) -> None:
    """A header that brings a key verifies by our key all the same."""
    assert verify_jws(token(HEADER | {name: {"any": ["thing"]}}), keys()).payload == PAYLOAD


def test_header_handed_out_is_a_copy() -> None:
    """What a caller does to a header does not reach the next token with equal header."""
    nested = token(HEADER | {"nested": {"list": [1]}})
    for signed, change in ((token(), "alg"), (nested, "nested")):
        first: Any = verify_jws(signed, keys()).header
        if change == "nested":
            first["nested"]["list"].append(2)
        first.clear()
        assert verify_jws(signed, keys()).header["alg"] == "ES256"
    assert verify_jws(nested, keys()).header["nested"] == {"list": [1]}


# --- tokens that are malformed ---------------------------------------------------------------------------------------

HEAD, BODY, SIGNATURE = token().split(".")
HOSTILE_TEXT = "s3cret"
MALFORMED: dict[str, str | bytes] = {
    "empty": "",
    "one_part": HEAD,
    "two_parts": f"{HEAD}.{BODY}",
    "four_parts": f"{HEAD}.{BODY}.{SIGNATURE}.",
    "encrypted": f"{HEAD}..{BODY}.{BODY}.{SIGNATURE}",
    "six_parts": ".".join([HEAD] * 6),
    "only_dots": "..",
    "eight_thousand_dots": "." * MAX_LENGTH,
    "header_missing": f".{BODY}.{SIGNATURE}",
    "signature_missing": f"{HEAD}.{BODY}.",
    "bearer_prefix": f"Bearer {token()}",
    "quoted": f'"{token()}"',
    "json_serialisation": json.dumps({"payload": BODY, "protected": HEAD, "signature": SIGNATURE}),
    "space_before": f" {token()}",
    "newline_behind": f"{token()}\n",
    "space_in_header": f"{HEAD[:4]} {HEAD[4:]}.{BODY}.{SIGNATURE}",
    "space_in_payload": f"{HEAD}.{BODY[:4]}    {BODY[4:]}.{SIGNATURE}",
    "space_in_signature": f"{HEAD}.{BODY}.{SIGNATURE[:4]}    {SIGNATURE[4:]}",
    "padding_behind_signature": f"{token()}==",
    "padding_behind_payload": f"{HEAD}.{BODY}=.{SIGNATURE}",
    "other_alphabet": f"{HEAD}.{BODY}.+/{SIGNATURE[2:]}",
    "percent_encoded": f"{HEAD}.{BODY}.%2D{SIGNATURE[3:]}",
    "unused_bits_in_signature": f"{HEAD}.{BODY}.{SIGNATURE[:-1]}{'BRhx'['AQgw'.index(SIGNATURE[-1])]}",
    "length_of_no_bytes": f"{HEAD}.{BODY}.{SIGNATURE[:-1]}",
    "not_ascii": f"{HEAD}.{BODY}.é{SIGNATURE[1:]}",
    "full_width_digit": f"{HEAD}.{BODY}.\uff11{SIGNATURE[1:]}",
    "lone_surrogate": f"{HEAD}.{BODY}.\ud800{SIGNATURE[1:]}",
    "bytes_not_ascii": f"{HEAD}.{BODY}.".encode() + b"\xff" + SIGNATURE[1:].encode(),
    "nul": f"{HEAD}.{BODY}.\0{SIGNATURE[1:]}",
    "too_long": token(payload=b"x" * MAX_LENGTH),
    "header_not_json": token(b"s3cret"),
    "header_empty": token(b""),
    "header_array": token(b'["s3cret"]'),
    "header_name_twice": token(b'{"alg":"ES256","kid":"k1","kid":"s3cret"}'),
    "header_alg_twice": token(b'{"alg":"none","alg":"ES256","kid":"k1"}'),
    "header_name_twice_inside": token(b'{"alg":"ES256","kid":"k1","x":{"a":1,"a":2}}'),
    "header_name_twice_escaped": token(b'{"alg":"none","\\u0061lg":"ES256","kid":"k1"}'),
    "header_invalid_utf8": token(b'{"alg":"ES256","kid":"\xff"}'),
    "header_byte_order_mark": token(b'\xef\xbb\xbf{"alg":"ES256","kid":"k1"}'),
    "header_nan": token(b'{"alg":"ES256","kid":"k1","x":NaN}'),
    "header_deep": token(b'{"alg":"ES256","x":' + b"[" * 2000 + b"]" * 2000 + b"}"),
    "header_trailing_data": token(b'{"alg":"ES256","kid":"k1"}{}'),
    "crit_unknown": token(HEADER | {"crit": ["exp"], "exp": 1}),
    "crit_empty": token(HEADER | {"crit": list[str]()}),
    "crit_null": token(HEADER | {"crit": None}),
    "crit_text": token(HEADER | {"crit": "b64"}),
    "crit_b64": token(HEADER | {"crit": ["b64"], "b64": True}),
    "crit_alg": token(HEADER | {"crit": ["alg"]}),
    "b64_false": token(HEADER | {"b64": False}),
    "b64_true": token(HEADER | {"b64": True}),
    "zip": token(HEADER | {"zip": "DEF"}),
    "alg_missing": token({"kid": "k1"}),
    "alg_null": token(HEADER | {"alg": None}),
    "alg_number": token(HEADER | {"alg": 256}),
    "alg_list": token(HEADER | {"alg": ["ES256"]}),
    "kid_null": token(HEADER | {"kid": None}),
    "kid_number": token(HEADER | {"kid": 1}),
    "kid_list": token(HEADER | {"kid": ["k1"]}),
    "kid_too_long": token(HEADER | {"kid": "k" * 257}),
    "kid_newline": token(HEADER | {"kid": "k1\n"}),
    "kid_nul": token(HEADER | {"kid": "k1\0"}),
    "kid_delete": token(HEADER | {"kid": "k1\x7f"}),
    "kid_right_to_left": token(HEADER | {"kid": "\u202ek1"}),
    "kid_lone_surrogate": token(b'{"alg":"ES256","kid":"\\ud800"}'),
    **{
        f"alg_{spelling!r}": f"{b64(json.dumps({'alg': spelling}).encode())}.{BODY}.{signature}"
        for spelling in ("none", "None", "NONE", "nOnE", " none", "none\t")
        for signature in ("", SIGNATURE)
    },
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(text: str | bytes) -> None:
    """What is not the one strict spelling of a signed token is refused before any key is looked at."""
    with pytest.raises(TokenMalformed) as caught:
        parse_jws(text)
    assert HOSTILE_TEXT not in str(caught.value)
    assert len(str(caught.value)) < 100
    with pytest.raises(TokenMalformed):
        verify_jws(text, keys())


def test_encrypted_token_is_named() -> None:
    """Five parts are a JWE; the log says so, as the provider's setting is what has to change."""
    with pytest.raises(TokenMalformed, match="encrypted token"):
        parse_jws(vectors("rfc7520")["encrypted"])


def test_length_before_all_else() -> None:
    """The cap is on the text as it came, exactly, and the caller may choose it."""
    signed = token()
    assert parse_jws(signed, max_length=len(signed)).payload == PAYLOAD
    for text in (signed, signed.encode(), "é" * len(signed)):
        with pytest.raises(TokenMalformed, match=f"longer than {len(signed) - 1} characters"):
            parse_jws(text, max_length=len(signed) - 1)


def test_key_id_at_its_limit() -> None:
    """256 characters of any script are a name."""
    name = "ключ" * 64
    header = {"alg": "ES256", "kid": name}
    assert verify_jws(token(header), parse_jwk(jwk(kid=name))).key.key_id == name


# --- tokens that do not hold -----------------------------------------------------------------------------------------


def test_other_key_of_the_same_name() -> None:
    """A signature by a key that only calls itself so is wrong."""
    with pytest.raises(SignatureRefused):
        verify_jws(token(key=ec.generate_private_key(ec.SECP256R1())), keys())


def test_key_in_header() -> None:
    """A key that the token brings along is not a key."""
    own = ec.generate_private_key(ec.SECP256R1())
    brought = {"jwk": jwk() | _point(own)}
    with pytest.raises(SignatureRefused):
        verify_jws(token(HEADER | brought, key=own), keys())


@pytest.mark.parametrize("part", [0, 1, 2])
def test_part_of_another_token(part: int) -> None:
    """Parts of two valid tokens do not make a third."""
    parts = token().split(".")
    parts[part] = token(HEADER | {"typ": "JWT"}, payload=b"other").split(".")[part]
    with pytest.raises(SignatureRefused):
        verify_jws(".".join(parts), keys())


def test_unknown_key_id() -> None:
    """A name that the set does not have is told apart: fetching the keys again may help."""
    with pytest.raises(KeyUnknown):
        verify_jws(token(HEADER | {"kid": "k3"}), keys())
    with pytest.raises(KeyUnknown):
        verify_jws(token(HEADER | {"kid": "k3"}), parse_jwk(jwk()))
    with pytest.raises(KeyUnknown):
        verify_jws(token(), jwks())


@pytest.mark.parametrize("kid", ["K1", "k1 ", "", "k", "k1/../k1", "' OR 1=1 --"])
def test_key_id_almost_right(kid: str) -> None:
    """Key ids are compared exactly, and mean nothing."""
    with pytest.raises(KeyUnknown):
        verify_jws(token(HEADER | {"kid": kid}), keys())


def test_empty_set_without_key_id() -> None:
    """No key, no name: there is nothing to fetch again for."""
    with pytest.raises(SignatureRefused):
        verify_jws(token({"alg": "ES256"}), jwks())


def test_name_of_another_key() -> None:
    """A named key alone is tried, even if another one would fit."""
    with pytest.raises(SignatureRefused):
        verify_jws(token(HEADER | {"kid": "k2"}), keys())


@pytest.mark.parametrize(
    ("header_algorithm", "key_algorithm"),
    [
        ("HS256", A.ES256),
        ("RS256", A.ES256),
        ("ES384", A.ES256),
        ("EdDSA", A.ES256),
        ("PS256", A.RS256),
        ("RS512", A.RS256),
        ("Ed25519", A.EdDSA),
        ("EdDSA", A.Ed25519),
        ("es256", A.ES256),
        ("ES256 ", A.ES256),
        ("ES256K", A.ES256),
        ("", A.ES256),
        ("RSA-OAEP", A.RS256),
        ("dir", A.RS256),
        ("n0ne", A.ES256),
    ],
)
def test_algorithm_that_the_key_does_not_have(header_algorithm: str, key_algorithm: Algorithm) -> None:
    """The header cannot choose: only a key's own algorithm is ever run, even where the signature would be right."""
    signed = token({"alg": header_algorithm, "kid": "k1"}, algorithm=key_algorithm)
    with pytest.raises(SignatureRefused):
        verify_jws(signed, jwk(key_algorithm))


@pytest.mark.parametrize("declared", [True, False])
def test_public_key_as_hmac_secret(*, declared: bool) -> None:
    """The classic confusion: HS256 keyed with the public key in any of its spellings never verifies."""
    public = private_key(A.RS256).public_key()
    published = jwk(A.RS256) if declared else jwk(A.RS256, alg=None)
    spellings = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).rstrip(),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        decode(published["n"].encode()),
        published["n"].encode(),
        json.dumps(published).encode(),
    ]
    for spelling in spellings:
        forged = token({"alg": "HS256", "kid": "k1"}, algorithm=A.HS256, key=SharedSecret(secret=spelling))
        for trusted in (published, jwks(published)):
            with pytest.raises(SignatureRefused):
                verify_jws(forged, trusted, allow_symmetric=True)


def test_secret_in_a_published_set() -> None:
    """A secret that a public set shows verifies nothing, unless the caller says that the set is secret."""
    secret = {"kty": "oct", "k": b64(SECRET.secret), "kid": "k1", "alg": "HS256"}
    signed = token({"alg": "HS256", "kid": "k1"}, algorithm=A.HS256, key=SECRET)
    with pytest.raises(KeyUnknown):
        verify_jws(signed, jwks(jwk(kid="k0"), secret))
    with pytest.raises(KeyRefused):
        verify_jws(signed, secret)
    assert verify_jws(signed, secret, allow_symmetric=True).payload == PAYLOAD
    assert verify_jws(signed, jwks(secret), allow_symmetric=True).payload == PAYLOAD


def test_algorithm_not_accepted_by_the_caller() -> None:
    """A valid token of an algorithm that the caller does not want is refused, before its key id is judged."""
    assert verify_jws(token(), keys(), algorithms=frozenset({A.ES256})).payload == PAYLOAD
    for header in (HEADER, HEADER | {"kid": "k3"}):
        with pytest.raises(SignatureRefused):
            verify_jws(token(header), keys(), algorithms=frozenset({A.RS256}))
    with pytest.raises(SignatureRefused):
        verify_jws(token(), keys(), algorithms=frozenset())


@pytest.mark.parametrize("header", [{"alg": "ES256"}, HEADER], ids=["no_key_id", "one_key_id_for_all"])
def test_too_many_keys(header: dict[str, str]) -> None:
    """A token does not make us try more than a few keys, not even if one of them is right."""
    good, other = parse_jwk(jwk()), parse_jwk(jwk() | _other_point())
    foreign = parse_jwk(jwk(A.RS256))
    most = KeySet(keys=(*[other] * (MAX_CANDIDATES - 1), *[foreign] * 20, good))
    assert verify_jws(token(header), most).key is good
    with pytest.raises(SignatureRefused):
        verify_jws(token(header), KeySet(keys=(other, *most.keys)))


@pytest.mark.parametrize("document", ["", "[]", "null", "{}", '{"keys":1}', '{"keys":[],"keys":[]}', b"\xff"])
def test_keys_that_are_none(document: str | bytes) -> None:
    """Broken keys are our fault and not the token's."""
    with pytest.raises(KeyRefused):
        verify_jws(token(), document)


# --- published vectors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [case for name in ("rfc7515", "rfc7520", "rfc8037") for case in vectors(name)["cases"]],
    ids=lambda case: case["name"],
)
def test_published_token_holds(case: dict[str, Any]) -> None:
    """The RFCs' own tokens verify to their own payload, by their own keys."""
    verified = verify_jws(case["token"], case["jwk"], allow_symmetric=True)
    assert verified.payload == decode(case["payload"].encode())
    assert b64(verified.header_bytes) == case["token"].split(".")[0]


def test_private_keys_of_rfc7520_verify_too() -> None:
    """The private halves that the RFC prints verify as the public ones."""
    document = vectors("rfc7520")
    rsa_token, ec_token = document["cases"][0]["token"], document["cases"][2]["token"]
    assert verify_jws(rsa_token, document["private_keys"]["rsa"]).payload
    assert verify_jws(ec_token, document["private_keys"]["ec"]).payload


def test_unsecured_token_of_rfc7515() -> None:
    """Appendix A.5 is `none`; it never holds."""
    with pytest.raises(TokenMalformed, match="unsigned"):
        verify_jws(vectors("rfc7515")["unsecured"], keys())


def test_detached_content_of_rfc7520() -> None:
    """A token without its content (§4.5) signs something that is not there."""
    detached = vectors("rfc7520")["detached"]
    with pytest.raises(SignatureRefused):
        verify_jws(detached["token"], detached["jwk"], allow_symmetric=True)


def test_encryption_key_of_rfc7520() -> None:
    """The key of §3.6 is for encryption."""
    with pytest.raises(KeyRefused, match="use"):
        parse_jwk(vectors("rfc7520")["encryption_key"], allow_symmetric=True)


def _forged() -> list[Any]:
    return [
        pytest.param(group["jwk"], text, id=f"{group['algorithm']}: {name}")
        for group in vectors("refused_signatures")["groups"]
        for name, text in group["refused"].items()
    ]


@pytest.mark.parametrize(
    "group", vectors("refused_signatures")["groups"], ids=lambda group: group["algorithm"]
)
def test_forged_signatures_have_a_true_one(group: dict[str, Any]) -> None:
    """The key and the data of the forgeries are right: the honest signature beside them holds."""
    assert verify_jws(group["valid"], group["jwk"], allow_symmetric=True).payload == b"paid"


@pytest.mark.parametrize(("key", "text"), _forged())
def test_forged_signature(key: dict[str, Any], text: str) -> None:
    """A signature that a careless verifier takes is wrong, and raises nothing else."""
    with pytest.raises(SignatureRefused):
        verify_jws(text, key, allow_symmetric=True)


# --- any text at all -------------------------------------------------------------------------------------------------

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([A.ES256, A.RS256, A.Ed25519]), st.integers(0), st.sampled_from(ALPHABET))
def test_one_character_changed(algorithm: Algorithm, place: int, character: str) -> None:
    """No character of a token can be another one."""
    signed = _signed(algorithm)
    place %= len(signed)
    changed = signed[:place] + character + signed[place + 1 :]
    if changed != signed:
        with pytest.raises(TokenRefused):
            verify_jws(changed, jwk(algorithm))


@settings(max_examples=200, deadline=None)
@given(st.integers(0), st.integers(0, 9), st.text(ALPHABET, max_size=3))
def test_piece_cut_out_or_put_in(place: int, length: int, piece: str) -> None:
    """Nothing can be added or taken away."""
    signed = _signed(A.ES256)
    place %= len(signed) + 1
    changed = signed[:place] + piece + signed[place + length :]
    if changed != signed:
        with pytest.raises(TokenRefused):
            verify_jws(changed, keys())


@settings(deadline=None)
@given(
    st.text()
    | st.binary()
    | st.text(ALPHABET)
    | st.lists(st.text(ALPHABET), min_size=3, max_size=3).map(".".join)
)
def test_random_text(text: str | bytes) -> None:
    """Whatever is presented, the answer is a refusal and no other error."""
    with pytest.raises(TokenRefused):
        verify_jws(text, keys())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "zip", "typ", "jwk", "cty"]), JSON),
    st.binary(),
    st.binary(),
)
def test_random_header(header: dict[str, Any], payload: bytes, signature: bytes) -> None:
    """Any JSON as header, any bytes as signature: refused, and no other error."""
    with pytest.raises(TokenRefused):
        verify_jws(f"{b64(json.dumps(header).encode())}.{b64(payload)}.{b64(signature)}", keys())


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "n", "e", "k", "kid", "use", "alg", "key_ops"]), JSON
    )
)
def test_random_jwk(members: dict[str, Any]) -> None:
    """Any members in place of a key's own: the key is refused or stays usable, and no other error."""
    for honest in (jwk(A.ES256), jwk(A.RS256), jwk(A.Ed25519)):
        with contextlib.suppress(KeyRefused):
            assert isinstance(parse_jwk(honest | members, allow_symmetric=True), VerificationKey)


# --- parsing and signing ---------------------------------------------------------------------------------------------


def test_parts_of_an_unverified_token() -> None:
    """Parsing hands out what is needed to choose keys, and judges nothing."""
    signed = token(HEADER | {"typ": "at+jwt"})
    unverified = parse_jws(signed)
    assert (unverified.key_id, unverified.algorithm_name) == ("k1", "ES256")
    assert unverified.header == HEADER | {"typ": "at+jwt"}
    assert json.loads(unverified.header_bytes) == unverified.header
    assert unverified.payload == PAYLOAD
    assert unverified.signing_input.decode() + "." + b64(unverified.signature) == signed
    assert parse_jws(token({"alg": "whatever"})).key_id is None
    assert verify_parsed(unverified, keys()).payload == PAYLOAD


def test_tokens_show_nothing() -> None:
    """The text form of a token, verified or not, holds nothing of it but the names of key and algorithm."""
    signed = token(HEADER | {"nonce": HOSTILE_TEXT}, payload=HOSTILE_TEXT.encode())
    for shown in (repr(parse_jws(signed)), repr(verify_jws(signed, keys()))):
        assert HOSTILE_TEXT not in shown
        assert not any(part in shown for part in signed.split("."))


def test_refusals_survive_pickle() -> None:
    """A refusal can be carried between processes."""
    for error in (TokenMalformed("x"), SignatureRefused("x"), KeyUnknown("x"), KeyRefused("x")):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes


def test_signing_ready_header() -> None:
    """Ready header bytes are signed as they are."""
    header = b'{ "kid":"k1", "alg":"ES256" }'
    signed = sign_jws(header, PAYLOAD, private_key(A.ES256), A.ES256)
    assert verify_jws(signed, keys()).header_bytes == header


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RS256"},
        {"alg": "none"},
        b'{"kid":"k1"}',
        b"{}",
        b"",
        b'{"alg":"ES256","alg":"ES256"}',
        {"crit": ["x"]},
    ],
    ids=repr,
)
def test_signing_a_header_that_we_would_refuse(header: Any) -> None:
    """We sign nothing that we would not accept."""
    with pytest.raises(ValueError, match="header"):
        sign_jws(header, PAYLOAD, private_key(A.ES256), A.ES256)


@pytest.mark.parametrize("algorithm", list(Algorithm), ids=lambda a: a.value)
def test_signing_with_a_key_that_does_not_fit(algorithm: Algorithm) -> None:
    """Each algorithm signs with its own kind of key and curve only."""
    fitting = {
        A.ES256: {"ES256"},
        A.ES384: {"ES384"},
        A.RS256: {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
        A.Ed25519: {"EdDSA", "Ed25519"},
        A.Ed448: {"EdDSA", "Ed448"},
    }
    for kind, names in fitting.items():
        if algorithm.value not in names:
            with pytest.raises(ValueError, match="does not fit"):
                sign_jws({}, PAYLOAD, private_key(kind), algorithm)
    with pytest.raises(ValueError, match="does not fit"):
        sign_jws({}, PAYLOAD, SharedSecret(secret=b"short"), algorithm)


@cache
def _signed(algorithm: Algorithm) -> str:
    return token(algorithm=algorithm)


def _other_point() -> dict[str, str]:
    return _point(ec.generate_private_key(ec.SECP256R1()))


def _point(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}
