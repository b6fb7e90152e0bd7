"""An issuer for tests that need real signatures and no HTTP: one RSA key, tokens as a provider would write them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa

from segue.migration.key_sources import PinnedKeys
from segue.migration.provider import Provider
from segue.migration.user_state import KEYS_ONLY
from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import public_jwk
from segue.tokens.jws import sign_jws

if TYPE_CHECKING:
    from segue.json import JsonValue

ISSUER = "https://login.example.test/"
AUDIENCE = "https://api.example.test"
CLIENT = "spa"
KEY_ID = "key-1"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@cache
def private_key() -> rsa.RSAPrivateKey:
    """Made once: RSA keys are dear."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pinned() -> PinnedKeys:
    """The issuer's keys, pinned."""
    jwk: dict[str, JsonValue] = {
        **public_jwk(private_key().public_key(), key_id=KEY_ID, algorithm=Algorithm.RS256)
    }
    return PinnedKeys.from_jwks({"keys": [jwk]}, not_after=NOW + timedelta(days=3650))


def provider(name: str = "old") -> Provider:
    """The issuer as a configured provider."""
    return Provider(
        name=name,
        issuers=(ISSUER,),
        keys=pinned(),
        audiences=frozenset({AUDIENCE}),
        authorized_parties=frozenset({CLIENT}),
        live_check=KEYS_ONLY,
    )


def token(subject: str = "alice", *, now: datetime = NOW, sid: str = "session-1", **claims: JsonValue) -> str:
    """An access token as the issuer's pages hold it, made ten minutes before *now*."""
    issued = int((now - timedelta(minutes=10)).timestamp())
    payload: dict[str, JsonValue] = {
        "iss": ISSUER,
        "sub": subject,
        "aud": AUDIENCE,
        "azp": CLIENT,
        "sid": sid,
        "iat": issued,
        "auth_time": issued,
        "exp": issued + 3600,
        **claims,
    }
    header = {"alg": "RS256", "kid": KEY_ID, "typ": "at+jwt"}
    return sign_jws(header, json.dumps(payload).encode(), private_key(), Algorithm.RS256)
