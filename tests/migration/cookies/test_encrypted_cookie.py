"""Encrypted sessions of Auth.js and NextAuth.js."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import ConfigurationError
from segue.migration.cookies.authjs import AuthJs
from segue.migration.cookies.jwe import A256CBC_HS512, A256GCM, thumbprint
from segue.migration.cookies.nextauth import NextAuth
from segue.tokens import base64url
from tests.migration.cookies.forge_jwe import encrypted
from tests.migration.cookies.node_reading import NOW, SECRET, VECTORS, code, read

if TYPE_CHECKING:
    from segue.migration.cookies.encrypted_cookie import EncryptedCookie

V5, V4 = "authjs.session-token", "next-auth.session-token"
AUTHJS = AuthJs(secrets=(SECRET,), cookie_name=V5)
NEXTAUTH = NextAuth(secrets=(SECRET,), cookie_name=V4)
BOTH: list[EncryptedCookie] = [AUTHJS, NEXTAUTH]
both = pytest.mark.parametrize("old", BOTH, ids=["authjs", "nextauth"])
ISSUED = int(NOW.timestamp()) - 3600
CLAIMS: dict[str, Any] = {"sub": "user-7", "iat": ISSUED, "exp": ISSUED + 7200, "jti": "j"}


def cookie(
    old: EncryptedCookie,
    claims: object = CLAIMS,
    *,
    secret: str = SECRET,
    header: dict[str, object] | None = None,
) -> str:
    """A cookie as the old application makes it, with whatever is changed."""
    key = old.derive(secret)
    usual: dict[str, object] = {"alg": "dir", "enc": old.encryption}
    if old.encryption == A256CBC_HS512:
        usual["kid"] = thumbprint(key)
    members = {name: value for name, value in (usual | (header or {})).items() if value is not None}
    plaintext = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return encrypted(plaintext, key, header=members, encryption=old.encryption)


def vector_time(vector: dict[str, Any]) -> datetime:
    """When a vector was made: it has its own times inside."""
    return datetime.fromtimestamp(vector["made_at"], UTC)


@both
def test_claims_of_a_visit(old: EncryptedCookie) -> None:
    """The cookie proves its user and its own writing, and nothing of the sign-in."""
    found = read(old, {old.cookie_name: cookie(old)})
    assert (found.subject, found.session_id, found.record_key) == ("user-7", None, None)
    assert found.written_at == NOW - timedelta(hours=1)
    assert found.expires_at == NOW + timedelta(hours=1)
    assert found.authenticated_at is None
    assert found.claims == CLAIMS


@both
def test_what_the_application_put_there(old: EncryptedCookie) -> None:
    """An id and a time of the sign-in, and another user id, are read where the application has put them."""
    richer = type(old)(
        secrets=(SECRET,),
        cookie_name=old.cookie_name,
        user_id="account.id",
        session_id="sid",
        signed_in_at="signedInAt",
    )
    claims = CLAIMS | {"account": {"id": 7}, "sid": "s-1", "signedInAt": "2026-11-28T12:00:00Z"}
    found = read(richer, {old.cookie_name: cookie(old, claims)})
    assert (found.subject, found.session_id) == ("7", "s-1")
    assert found.authenticated_at == NOW - timedelta(days=2)
    assert code(richer, {old.cookie_name: cookie(old)}) == "TOKEN_CLAIMS_INVALID"


@pytest.mark.parametrize("number", range(4))
def test_vectors_of_auth_core(number: int) -> None:
    """What the published @auth/core has encrypted is read, under its own cookie name."""
    vector = VECTORS["authjs"][number]
    old = AuthJs(secrets=("another secret 0123456789", vector["secret"]), cookie_name=vector["name"])
    found = read(old, {vector["name"]: vector["cookie"]}, now=vector_time(vector))
    assert found.subject == vector["token"]["sub"]
    assert vector["token"].items() <= found.claims.items()


@pytest.mark.parametrize("number", range(2))
def test_vectors_of_next_auth(number: int) -> None:
    """What the published next-auth has encrypted is read."""
    vector = VECTORS["nextauth"][number]
    old = NextAuth(secrets=("another secret 0123456789", vector["secret"]))
    found = read(old, {old.cookie_name: vector["cookie"]}, now=vector_time(vector))
    assert vector["token"].items() <= found.claims.items()


def test_vectors_without_user() -> None:
    """What the published packages encrypt for a sign-in that is still going on names nobody."""
    for vector, old in (
        (VECTORS["authjs"][4], AuthJs(secrets=(VECTORS["authjs"][4]["secret"],), cookie_name=V5)),
        (VECTORS["nextauth"][2], NextAuth(secrets=(VECTORS["nextauth"][2]["secret"],), cookie_name=V4)),
    ):
        presented = {old.cookie_name: vector["cookie"]}
        assert code(old, presented, now=vector_time(vector)) == "TOKEN_CLAIMS_INVALID"


def test_cookie_of_another_name() -> None:
    """A cookie that was made under another name does not open, whatever name it is presented under."""
    for vector, old in (
        (VECTORS["authjs"][0], AuthJs(secrets=(VECTORS["authjs"][0]["secret"],))),
        (VECTORS["authjs"][5], AuthJs(secrets=(VECTORS["authjs"][5]["secret"],), cookie_name=V5)),
        (VECTORS["nextauth"][3], NextAuth(secrets=(VECTORS["nextauth"][3]["secret"],), cookie_name=V4)),
    ):
        presented = {old.cookie_name: vector["cookie"]}
        assert code(old, presented, now=vector_time(vector)) == "TOKEN_SIGNATURE_INVALID"


def test_secure_names_by_default() -> None:
    """On https their cookies have other names, and the plain ones, which others can plant, are not read."""
    for old, plain in ((AuthJs(secrets=(SECRET,)), V5), (NextAuth(secrets=(SECRET,)), V4)):
        assert old.cookie_names == {f"__Secure-{plain}"}
        assert code(old, {plain: cookie(old)}) == "TOKEN_MISSING"


@both
def test_in_chunks(old: EncryptedCookie) -> None:
    """A long cookie comes in chunks; one that lacks, or that another cookie took the place of, spoils it."""
    whole = cookie(old, CLAIMS | {"note": "x" * 5000})
    pieces = [whole[start : start + 3936] for start in range(0, len(whole), 3936)]
    chunks = {f"{old.cookie_name}.{number}": piece for number, piece in enumerate(pieces)}
    assert len(chunks) == 2
    assert read(old, chunks).subject == "user-7"
    lacking = {name: piece for name, piece in chunks.items() if not name.endswith(".0")}
    assert code(old, lacking) == "TOKEN_MALFORMED"
    swapped = dict(zip(chunks, reversed(chunks.values()), strict=True))
    assert code(old, swapped) == "TOKEN_MALFORMED"


@both
def test_too_many_chunks(old: EncryptedCookie) -> None:
    """Chunks without end are not joined."""
    assert code(old, {f"{old.cookie_name}.{n}": "x" * 4000 for n in range(50)}) == "TOKEN_MALFORMED"


@both
def test_other_secret(old: EncryptedCookie) -> None:
    """A cookie under a secret that is not configured does not open."""
    presented = {old.cookie_name: cookie(old, secret="another-secret-0123456789")}
    assert code(old, presented) == "TOKEN_SIGNATURE_INVALID"


@both
def test_secrets_rotated(old: EncryptedCookie) -> None:
    """Cookies of both secrets open while both are configured, in either order."""
    for secrets in (("the new one, long enough", SECRET), (SECRET, "the new one, long enough")):
        rotated = type(old)(secrets=secrets, cookie_name=old.cookie_name)
        for secret in secrets:
            assert read(rotated, {old.cookie_name: cookie(old, secret=secret)}).subject == "user-7"


def test_kid_of_no_secret() -> None:
    """A `kid` that is no key of ours is refused even if the key would open it; without one, each key is tried."""
    other = thumbprint(AUTHJS.derive("another-secret-0123456789"))
    assert code(AUTHJS, {V5: cookie(AUTHJS, header={"kid": other})}) == "TOKEN_SIGNATURE_INVALID"
    assert read(AUTHJS, {V5: cookie(AUTHJS, header={"kid": None})}).subject == "user-7"


@both
@pytest.mark.parametrize(
    "header",
    [
        {"alg": "A256KW"},
        {"alg": "PBES2-HS512+A256KW"},
        {"alg": "none"},
        {"alg": "DIR"},
        {"alg": None},
        {"enc": "A128CBC-HS256"},
        {"enc": "A128GCM"},
        {"enc": None},
        {"zip": "DEF"},
        {"crit": ["exp"]},
        {"kid": 7},
    ],
    ids=repr,
)
def test_other_header(old: EncryptedCookie, header: dict[str, object]) -> None:
    """Nothing but `dir` and the one encryption is taken, nothing compressed, no extension."""
    assert code(old, {old.cookie_name: cookie(old, header=header)}) == "TOKEN_MALFORMED"


def test_encryption_of_the_other_version() -> None:
    """A token that says A256GCM is not decrypted with the key of A256CBC-HS512, nor the reverse."""
    for old, other in ((AUTHJS, A256GCM), (NEXTAUTH, A256CBC_HS512)):
        key = old.derive(SECRET)[:32] if other == A256GCM else old.derive(SECRET) * 2
        text = encrypted(
            json.dumps(CLAIMS).encode(), key, header={"alg": "dir", "enc": other}, encryption=other
        )
        assert code(old, {old.cookie_name: text}) == "TOKEN_MALFORMED"


@both
def test_encrypted_key(old: EncryptedCookie) -> None:
    """`dir` has no encrypted key; one that is there would make a second spelling."""
    header, _, *rest = cookie(old).split(".")
    assert code(old, {old.cookie_name: ".".join([header, "AAAA", *rest])}) == "TOKEN_MALFORMED"


@both
def test_short_tag(old: EncryptedCookie) -> None:
    """A tag that was cut off is not compared in part."""
    *rest, tag = cookie(old).split(".")
    for length in (0, 4, 8, 12, 15):
        short = base64url.encode(base64url.decode(tag.encode())[:length]).decode()
        assert code(old, {old.cookie_name: ".".join([*rest, short])}) == "TOKEN_MALFORMED"


@both
@given(place=st.integers(min_value=0), bit=st.integers(0, 6))
def test_any_flipped_bit(old: EncryptedCookie, place: int, bit: int) -> None:
    """Whatever character differs by a bit, it does not open."""
    text = FIXED[old.encryption]
    place %= len(text)
    changed = text[:place] + chr(ord(text[place]) ^ 1 << bit) + text[place + 1 :]
    assert code(old, {old.cookie_name: changed}) in ("TOKEN_MALFORMED", "TOKEN_SIGNATURE_INVALID")


@both
@given(text=st.text(max_size=120), parts=st.lists(st.binary(max_size=40), min_size=5, max_size=5))
def test_garbage(old: EncryptedCookie, text: str, parts: list[bytes]) -> None:
    """Whatever a stranger sends, only our own errors come out."""
    spelled = ".".join(base64url.encode(part).decode() for part in parts)
    for value in (text, spelled, cookie(old).rpartition(".")[0] + "." + spelled[:43]):
        assert code(old, {old.cookie_name: value}) != "read"


@both
@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        (b"", "TOKEN_MALFORMED"),
        (b"null", "TOKEN_MALFORMED"),
        (b'{"sub":"a","sub":"b"}', "TOKEN_MALFORMED"),
        (b"\xff", "TOKEN_MALFORMED"),
        ({}, "TOKEN_CLAIMS_INVALID"),
        ({"sub": "u", "iat": ISSUED}, "TOKEN_CLAIMS_INVALID"),
        ({"sub": "u", "exp": ISSUED + 7200}, "TOKEN_CLAIMS_INVALID"),
        (CLAIMS | {"sub": None}, "TOKEN_CLAIMS_INVALID"),
        (CLAIMS | {"sub": ""}, "TOKEN_CLAIMS_INVALID"),
        (CLAIMS | {"sub": ["user-7"]}, "TOKEN_CLAIMS_INVALID"),
        (CLAIMS | {"exp": ISSUED + 3600}, "TOKEN_EXPIRED"),
        (CLAIMS | {"exp": "never"}, "TOKEN_CLAIMS_INVALID"),
        (CLAIMS | {"exp": 1e300}, "TOKEN_CLAIMS_INVALID"),
        (CLAIMS | {"iat": ISSUED + 3600 + 61, "exp": ISSUED + 9000}, "TOKEN_NOT_ACTIVE"),
        (CLAIMS | {"nbf": ISSUED + 3600 + 61}, "TOKEN_NOT_ACTIVE"),
        (CLAIMS | {"iat": -1}, "TOKEN_CLAIMS_INVALID"),
        (CLAIMS | {"iat": True}, "TOKEN_CLAIMS_INVALID"),
    ],
    ids=repr,
)
def test_claims_judged(old: EncryptedCookie, claims: object, wanted: str) -> None:
    """Nobody's, expired, from the future, without times, no object: each is refused."""
    assert code(old, {old.cookie_name: cookie(old, claims)}) == wanted


@both
def test_required_and_forbidden(old: EncryptedCookie) -> None:
    """What the application marks, such as a second factor or a support agent, is looked at."""
    strict = type(old)(
        secrets=(SECRET,), cookie_name=old.cookie_name, required=(("mfa", "done"),), forbidden=("act",)
    )
    good = CLAIMS | {"mfa": "done"}
    assert read(strict, {old.cookie_name: cookie(old, good)}).subject == "user-7"
    for wrong in (CLAIMS, good | {"act": {"sub": "support"}}, good | {"mfa": True}):
        assert code(strict, {old.cookie_name: cookie(old, wrong)}) == "TOKEN_CLAIMS_INVALID"


def test_padding_is_judged_after_the_tag() -> None:
    """Wrong padding under a wrong tag and wrong padding under a right one are told apart only for who has the key."""
    key = AUTHJS.derive(SECRET)
    header = {"alg": "dir", "enc": A256CBC_HS512}
    unpadded = encrypted(b"x" * 15 + b"\x00", key, header=header, encryption=A256CBC_HS512, pad=False)
    assert code(AUTHJS, {V5: unpadded}) == "TOKEN_MALFORMED"
    assert code(AUTHJS, {V5: unpadded[:-8] + "AAAAAAAA"}) in ("TOKEN_SIGNATURE_INVALID", "TOKEN_MALFORMED")
    half = encrypted(b"", key, header=header, encryption=A256CBC_HS512, pad=False)
    assert code(AUTHJS, {V5: half}) == "TOKEN_MALFORMED"


@both
def test_secret_is_not_shown(old: EncryptedCookie) -> None:
    """Configuration can be logged, also after keys were derived."""
    read(old, {old.cookie_name: cookie(old)})
    assert SECRET not in repr(old)
    assert "derive" not in repr(old)


@pytest.mark.parametrize("kind", [AuthJs, NextAuth])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secrets": ()}, "at least one"),
        ({"secrets": ("short",)}, "can be forged"),
        ({"cookie_name": "a=b"}, "no name of a cookie"),
        ({"user_id": ""}, "no path"),
        ({"session_id": "."}, "no path"),
    ],
    ids=repr,
)
def test_configuration_refused(kind: type[EncryptedCookie], change: dict[str, object], said: str) -> None:
    """What cannot be safe is refused when it is written."""
    with pytest.raises(ConfigurationError, match=said):
        kind(**({"secrets": (SECRET,)} | change))  # type: ignore[arg-type]


FIXED = {old.encryption: cookie(old) for old in BOTH}
