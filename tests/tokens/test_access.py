"""Our access tokens: what is written, what is accepted, and what the verifier remembers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from segue.errors import KeyUnknown, SignatureRefused, TokenExpired, TokenMalformed, TokenRefused
from segue.ids import PUBLIC_TENANT, SessionHandle, TokenHash, UserId
from segue.json import dump
from segue.tokens import base64url
from segue.tokens.access import PROTECTED, AccessToken, AccessVerifier, mint_access
from segue.tokens.algorithms import Algorithm, sign
from segue.tokens.signing_keys import KeyKind, SigningKey
from tests.support.keys import make_signing_key

if TYPE_CHECKING:
    from segue.json import JsonObject

NOW = datetime(2026, 3, 1, 12, 0, 0, 999_999, tzinfo=UTC)
HANDLE = SessionHandle("11111111-1111-4111-8111-111111111111")
KEY = make_signing_key(KeyKind.DYNAMIC, Algorithm.ES256, now=NOW, unique="")
OTHER = make_signing_key(KeyKind.DYNAMIC, Algorithm.ES256, now=NOW + timedelta(hours=1), unique="")
RSA = make_signing_key(KeyKind.STATIC, Algorithm.RS256, now=NOW, unique="r")
EDWARDS = make_signing_key(KeyKind.STATIC, Algorithm.EdDSA, now=NOW, unique="e")


def minted(
    key: SigningKey = KEY, custom: JsonObject | None = None, handle: SessionHandle = HANDLE
) -> AccessToken:
    """A token of Ada's that lives for an hour."""
    return mint_access(
        custom or {},
        key,
        user_id=UserId("ada"),
        tenant_id=PUBLIC_TENANT,
        handle=handle,
        refresh_hash=TokenHash("0" * 64),
        anti_csrf=None,
        issued_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )


def forged(
    header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes | None = None, key: SigningKey = KEY
) -> str:
    """A token with our signature over any content; *header* is laid over the usual one."""
    usual = {"alg": key.algorithm.value, "kid": key.key_id, "typ": "JWT", "version": "5"}
    head = header if isinstance(header, bytes) else dump({**usual, **header})
    body = claims if isinstance(claims, bytes) else dump(claims or dict(minted().claims.payload))
    data = base64url.encode(head) + b"." + base64url.encode(body)
    return (data + b"." + base64url.encode(sign(key.private, key.algorithm, data))).decode()


class TestMint:
    """What is written."""

    @pytest.mark.parametrize("key", [KEY, RSA, EDWARDS], ids=lambda key: key.algorithm.name)
    def test_form(self, key: SigningKey) -> None:
        """Header and claims are those of version 5, with every nullable claim there."""
        head, payload, _ = minted(key).text.split(".")
        assert json.loads(base64url.decode(head.encode())) == {
            "alg": key.algorithm.value,
            "kid": key.key_id,
            "typ": "JWT",
            "version": "5",
        }
        assert json.loads(base64url.decode(payload.encode())) == {
            "sub": "ada",
            "rsub": "ada",
            "tId": "public",
            "sessionHandle": HANDLE,
            "refreshTokenHash1": "0" * 64,
            "parentRefreshTokenHash1": None,
            "antiCsrfToken": None,
            "iat": int(NOW.timestamp()),
            "exp": int(NOW.timestamp()) + 3600,
        }

    @pytest.mark.parametrize("key", [KEY, RSA, EDWARDS], ids=lambda key: key.algorithm.name)
    def test_verifies(self, key: SigningKey) -> None:
        """What was minted verifies to the same claims."""
        token = minted(key, {"role": "x"})
        assert AccessVerifier((key,)).verify(token.text, now=NOW) == token
        assert token.claims.custom == {"role": "x"}

    def test_one_key_id_and_two_algorithms(self) -> None:
        """The header names the algorithm of the key that signed, also if another key once had the same id."""
        twin = replace(EDWARDS, key_id=KEY.key_id)
        minted(KEY)
        token = minted(twin)
        assert AccessVerifier((twin,)).verify(token.text, now=NOW) == token

    def test_times_are_floored(self) -> None:
        """No verifier sees a token from its future."""
        assert minted().claims.issued_at <= NOW

    @pytest.mark.parametrize("name", sorted(PROTECTED - {"stt"}))
    def test_custom_claims_never_overrule(self, name: str) -> None:
        """A protected name among the custom claims is overruled by ours."""
        assert minted(custom={name: "x"}).claims == minted().claims


class TestRefused:
    """What is not accepted, and how it is told apart."""

    @pytest.mark.parametrize(
        "text",
        ["", ".", "..", "a.b", "a.b.c.d", "é.é.é", "a.b.c" * 4000, "\ud800.x.y"],
        ids=["empty", "dot", "dots", "two", "four", "letters", "long", "surrogate"],
    )
    def test_not_a_token(self, text: str) -> None:
        """Text of another form is malformed: perhaps another party's."""
        with pytest.raises(TokenMalformed):
            AccessVerifier((KEY,)).verify(text, now=NOW)

    @pytest.mark.parametrize(
        "header",
        [
            {"typ": "at+jwt"},
            {"typ": None},
            {"kid": None},
            {"kid": 7},
            {"version": 5},
            {"version": "2"},
            {"version": "05"},
            {"version": None},
            {"crit": ["exp"]},
            b"[]",
            b"{",
            b'{"typ":"JWT","kid":"a","kid":"b"}',
        ],
        ids=repr,
    )
    def test_header(self, header: dict[str, Any] | bytes) -> None:
        """A header that we do not write makes it no token of ours."""
        with pytest.raises(TokenMalformed):
            AccessVerifier((KEY,)).verify(forged(header), now=NOW)

    @pytest.mark.parametrize(
        "change",
        [
            {"sub": None},
            {"sub": 7},
            {"sessionHandle": None},
            {"refreshTokenHash1": 0},
            {"exp": "9999999999"},
            {"exp": None},
            {"exp": True},
            {"exp": 1e300},
            {"iat": None},
            {"iat": -1e18},
            {"stt": 1},
            {"stt": False},
            {"stt": "0"},
        ],
        ids=repr,
    )
    def test_claims(self, change: dict[str, Any]) -> None:
        """Claims that are not a session's make it no token of ours."""
        with pytest.raises(TokenMalformed):
            AccessVerifier((KEY,)).verify(forged({}, {**minted().claims.payload, **change}), now=NOW)

    @pytest.mark.parametrize(
        "body", [b"[]", b"null", b"{", b"\xff", b"", b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}"], ids=len
    )
    def test_payload_is_no_object(self, body: bytes) -> None:
        """A payload that is no JSON object, or one nested by the thousand, is malformed and no fault of ours."""
        with pytest.raises(TokenMalformed):
            AccessVerifier((KEY,)).verify(forged({}, body), now=NOW)

    def test_key_unknown(self) -> None:
        """A key id that is not ours is told apart, because newer keys may know it."""
        with pytest.raises(KeyUnknown):
            AccessVerifier((OTHER,)).verify(minted().text, now=NOW)

    @pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "EdDSA", "es256", "", None, 7])
    def test_algorithm_is_the_keys(self, algorithm: object) -> None:
        """The header cannot choose another algorithm than the key's (RFC 8725 §3.1)."""
        with pytest.raises(SignatureRefused):
            AccessVerifier((KEY,)).verify(forged({"alg": algorithm}), now=NOW)

    def test_other_keys_signature(self) -> None:
        """A signature of another key under our key id is refused."""
        text = forged({"kid": KEY.key_id}, key=OTHER)
        with pytest.raises(SignatureRefused):
            AccessVerifier((KEY, OTHER)).verify(text, now=NOW)

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_one_bit(self, place: int) -> None:
        """Any changed bit of any part is refused, also after the true token was remembered."""
        token, verifier = minted(), AccessVerifier((KEY,))
        verifier.verify(token.text, now=NOW)
        parts = [bytearray(base64url.decode(part.encode())) for part in token.text.split(".")]
        for index in range(len(parts[place])):
            changed = [bytes(part) for part in parts]
            changed[place] = bytes(
                parts[place][:index] + bytes([parts[place][index] ^ 1]) + parts[place][index + 1 :]
            )
            text = b".".join(base64url.encode(part) for part in changed).decode()
            with pytest.raises(TokenRefused):
                verifier.verify(text, now=NOW)

    @pytest.mark.parametrize("tail", ["=", "==", "A", "\n", " "])
    def test_another_spelling(self, tail: str) -> None:
        """One token has one spelling: padding, spaces or more characters are refused."""
        with pytest.raises(TokenRefused):
            AccessVerifier((KEY,)).verify(minted().text + tail, now=NOW)


class TestRemembered:
    """The memory of verified tokens."""

    def test_time_is_looked_at_on_every_use(self) -> None:
        """A remembered token still expires, at the very second."""
        token, verifier = minted(), AccessVerifier((KEY,))
        end = token.claims.expires_at
        assert verifier.verify(token.text, now=end - timedelta(microseconds=1)) is verifier.verify(
            token.text, now=NOW
        )
        with pytest.raises(TokenExpired):
            verifier.verify(token.text, now=end)

    def test_no_longer_than_tokens_live_now(self) -> None:
        """A token from before the lifetime was shortened counts from its making for as long as one made now."""
        token, longest = minted(), timedelta(minutes=1)
        made = token.claims.issued_at
        verifier = AccessVerifier((KEY,), longest=longest)
        for _ in range(2):
            known = verifier.verify(token.text, now=made + longest - timedelta(microseconds=1))
            assert known.claims.expires_at == made + longest
            with pytest.raises(TokenExpired):
                verifier.verify(token.text, now=made + longest)
        assert AccessVerifier((KEY,), longest=timedelta(days=30)).verify(token.text, now=NOW) == token

    def test_memory_is_bounded(self) -> None:
        """The oldest is forgotten first, and forgetting changes no verdict."""
        verifier = AccessVerifier((KEY,), capacity=2)
        tokens = [minted(custom={"n": n}) for n in range(3)]
        first = [verifier.verify(token.text, now=NOW) for token in tokens]
        assert verifier.verify(tokens[2].text, now=NOW) is first[2]
        assert verifier.verify(tokens[0].text, now=NOW) is not first[0]

    def test_large_tokens_take_the_place_of_many(self) -> None:
        """Of large tokens fewer are remembered, because of what they take at hand; of small ones none less."""
        verifier = AccessVerifier((KEY,), capacity=128)  # two large ones
        small = verifier.verify(minted().text, now=NOW)
        tokens = [minted(custom={"n": n, "filling": "x" * 1500}) for n in range(3)]
        first = [verifier.verify(token.text, now=NOW) for token in tokens]
        for place in (1, 2):
            assert verifier.verify(tokens[place].text, now=NOW) is first[place]
        assert verifier.verify(tokens[0].text, now=NOW) is not first[0]
        assert verifier.verify(small.text, now=NOW) is small

    def test_no_memory(self) -> None:
        """With no capacity nothing is remembered."""
        verifier = AccessVerifier((KEY,), capacity=0)
        text = minted().text
        assert verifier.verify(text, now=NOW) is not verifier.verify(text, now=NOW)

    def test_refused_tokens_are_not_remembered(self) -> None:
        """A token that was refused takes no place."""
        verifier = AccessVerifier((KEY,), capacity=1)
        token = verifier.verify(minted().text, now=NOW)
        for _ in range(3):
            with pytest.raises(SignatureRefused):
                verifier.verify(forged({"alg": "none"}), now=NOW)
        assert verifier.verify(token.text, now=NOW) is token


def test_fractions_of_seconds_are_read() -> None:
    """Other writers' times may have fractions."""
    payload = {**minted().claims.payload, "exp": int(NOW.timestamp()) + 10.5}
    token = AccessVerifier((KEY,)).verify(forged({}, payload), now=NOW)
    assert token.claims.expires_at - NOW.replace(microsecond=0) == timedelta(seconds=10.5)
