"""Access tokens of form 2, and what tells forms 3 to 5 apart."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from segue.errors import SignatureRefused, TokenExpired, TokenMalformed
from segue.ids import PUBLIC_TENANT, SessionHandle, TenantId, TokenHash, UserId
from segue.json import dump
from segue.tokens import base64url
from segue.tokens.access import AccessToken, AccessVerifier, AccessVersion, mint_access, read_access
from segue.tokens.access_v2 import is_v2, mint_v2, read_v2, verify_v2
from segue.tokens.algorithms import Algorithm, sign
from segue.tokens.jwt import mint_jwt
from segue.tokens.signing_keys import KeyKind
from tests.support.keys import make_signing_key

NOW = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
HANDLE = SessionHandle("11111111-1111-4111-8111-111111111111")
KEY = make_signing_key(KeyKind.DYNAMIC, Algorithm.RS256, now=NOW, unique="")
OTHER = make_signing_key(KeyKind.STATIC, Algorithm.RS256, now=NOW, unique="o")
CURVE = make_signing_key(KeyKind.STATIC, Algorithm.ES256, now=NOW, unique="e")


def minted(**given: Any) -> AccessToken:
    """A token of Ada's that lives for an hour."""
    usual: dict[str, Any] = {
        "user_id": UserId("ada"),
        "handle": HANDLE,
        "refresh_hash": TokenHash("0" * 64),
        "parent_hash": None,
        "anti_csrf": None,
        "issued_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
    }
    return mint_v2({"sub": "the application's own", "n": None}, KEY, **(usual | given))


def respelled(payload: object, header: str = '{"alg":"RS256","typ":"JWT","version":"2"}') -> str:
    """Our signature over any payload."""
    data = b64encode(header.encode()) + b"." + b64encode(json.dumps(payload).encode())
    return (data + b"." + b64encode(sign(KEY.private, KEY.algorithm, data))).decode()


class TestFormTwo:
    """Written and read."""

    def test_form(self) -> None:
        """The header is the one exact text, the application's claims lie apart, times are milliseconds."""
        head, payload, _ = minted().text.split(".")
        assert b64decode(head) == b'{"alg":"RS256","typ":"JWT","version":"2"}'
        assert json.loads(b64decode(payload)) == {
            "sessionHandle": HANDLE,
            "userId": "ada",
            "refreshTokenHash1": "0" * 64,
            "userData": {"sub": "the application's own", "n": None},
            "expiryTime": int((NOW + timedelta(hours=1)).timestamp() * 1000),
            "timeCreated": int(NOW.timestamp() * 1000),
        }

    def test_optional_members(self) -> None:
        """Parent and anti-CSRF token are there only if there are any."""
        payload = json.loads(b64decode(minted(parent_hash="1" * 64, anti_csrf="x").text.split(".")[1]))
        assert (payload["parentRefreshTokenHash1"], payload["antiCsrfToken"]) == ("1" * 64, "x")

    def test_round_trip(self) -> None:
        """What was written is read, with any of our RSA keys at hand, and by no other."""
        token = minted(anti_csrf="x")
        verified = verify_v2(token.text, (CURVE, OTHER, KEY), now=NOW)
        assert verified == token
        assert read_v2(token.text) == token.claims
        assert token.claims.custom == {"sub": "the application's own", "n": None}
        assert token.claims.version is AccessVersion.V2
        with pytest.raises(SignatureRefused):
            verify_v2(token.text, (CURVE, OTHER), now=NOW)

    def test_time(self) -> None:
        """Over at its last instant."""
        end = NOW.replace(microsecond=123_000) + timedelta(hours=1)
        verify_v2(minted().text, (KEY,), now=end - timedelta(microseconds=1))
        with pytest.raises(TokenExpired):
            verify_v2(minted().text, (KEY,), now=end)

    @pytest.mark.parametrize(
        "change",
        [
            {"userId": 1},
            {"sessionHandle": None},
            {"refreshTokenHash1": []},
            {"userData": "x"},
            {"expiryTime": "1"},
            {"expiryTime": True},
            {"expiryTime": 10**30},
            {"timeCreated": 1.5},
        ],
        ids=str,
    )
    def test_wrong_claims(self, change: dict[str, Any]) -> None:
        """A member of the wrong type is malformed, whatever the signature says."""
        payload = json.loads(b64decode(minted().text.split(".")[1])) | change
        with pytest.raises(TokenMalformed):
            verify_v2(respelled(payload), (KEY,), now=NOW)

    @pytest.mark.parametrize(
        "header",
        [
            '{"alg":"none","typ":"JWT","version":"2"}',
            '{"alg":"RS256","typ":"JWT","version":"3"}',
            '{"typ":"JWT","alg":"RS256","version":"2"}',
            '{"alg":"HS256","typ":"JWT","version":"2"}',
        ],
    )
    def test_other_header(self, header: str) -> None:
        """The header is compared, not interpreted: nothing in it chooses how to verify."""
        payload = json.loads(b64decode(minted().text.split(".")[1]))
        text = respelled(payload, header)
        assert not is_v2(text)
        with pytest.raises(TokenMalformed):
            verify_v2(text, (KEY,), now=NOW)

    @pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é.é.é", "x" * 9000])
    def test_junk(self, text: str) -> None:
        """What is no token is malformed."""
        with pytest.raises(TokenMalformed):
            verify_v2(text, (KEY,), now=NOW)

    def test_changed(self) -> None:
        """A changed payload or signature is refused."""
        head, payload, signature = minted().text.split(".")
        other = b64encode(b64decode(payload).replace(b"ada", b"eve")).decode()
        for text in (f"{head}.{other}.{signature}", f"{head}.{payload}.{b64encode(bytes(256)).decode()}"):
            with pytest.raises(SignatureRefused):
                verify_v2(text, (KEY,), now=NOW)

    def test_signed_with_rsa_alone(self) -> None:
        """No other key makes this form."""
        with pytest.raises(ValueError, match="RS256"):
            mint_v2(
                {},
                CURVE,
                user_id=UserId("ada"),
                handle=HANDLE,
                refresh_hash=TokenHash("0" * 64),
                parent_hash=None,
                anti_csrf=None,
                issued_at=NOW,
                expires_at=NOW,
            )


class TestOtherForms:
    """What forms 3 to 5 hold."""

    @pytest.mark.parametrize(
        ("version", "there"),
        [
            (AccessVersion.V3, set[str]()),
            (AccessVersion.V4, {"tId"}),
            (AccessVersion.V5, {"tId", "rsub"}),
        ],
        ids=["3", "4", "5"],
    )
    def test_members(self, version: AccessVersion, there: set[str]) -> None:
        """The tenant comes with form 4, the sign-in's id with form 5; before, the names are the application's."""
        own = {"tId": "mine", "rsub": "mine"}
        token = mint_access(
            {name: value for name, value in own.items() if name not in version.protected},
            KEY,
            user_id=UserId("ada"),
            tenant_id=TenantId("t1"),
            handle=HANDLE,
            refresh_hash=TokenHash("0" * 64),
            anti_csrf=None,
            issued_at=NOW,
            expires_at=NOW + timedelta(hours=1),
            parent_hash=TokenHash("1" * 64),
            version=version,
        )
        payload = json.loads(base64url.decode(token.text.split(".")[1].encode()))
        assert (payload.get("tId"), payload.get("rsub")) == (
            "t1" if "tId" in there else "mine",
            "ada" if "rsub" in there else "mine",
        )
        verified = AccessVerifier((KEY,)).verify(token.text, now=NOW)
        assert verified == token
        assert read_access(token.text) == token.claims
        assert verified.claims.version is version
        assert verified.claims.parent_hash == "1" * 64
        assert set(verified.claims.custom) == set(own) - there
        assert verified.claims.tenant_id == ("t1" if "tId" in there else PUBLIC_TENANT)

    def test_unverified_reading_wants_the_form(self) -> None:
        """Reading without a signature still refuses what is not ours."""
        head = base64url.encode(dump({"alg": "none", "typ": "JWT", "kid": "x", "version": "7"})).decode()
        for text in (f"{head}.e30.", "a.b.c", ""):
            with pytest.raises(TokenMalformed):
                read_access(text)


class TestJwt:
    """JWTs for others."""

    @pytest.mark.parametrize(
        "claims", [{}, {"iss": "mine", "iat": 1, "exp": 2, "n": None}], ids=["none", "all"]
    )
    def test_claims(self, claims: dict[str, Any]) -> None:
        """The application's issuer stands; times are ours, also a century away."""
        text = mint_jwt(claims, KEY, issuer="https://api.example.com", now=NOW, lifetime=3_153_600_000)
        head, payload, _ = (segment.encode() for segment in text.split("."))
        assert json.loads(base64url.decode(head)) == {"alg": "RS256", "kid": KEY.key_id, "typ": "JWT"}
        issued = int(NOW.timestamp())
        assert json.loads(base64url.decode(payload)) == {
            **claims,
            "iss": claims.get("iss", "https://api.example.com"),
            "iat": issued,
            "exp": issued + 3_153_600_000,
        }
