"""A previous provider to test against: its keys, its tokens with any claim bent, and its configuration."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from segue.migration.key_sources import PinnedKeys
from segue.migration.model import Identity
from segue.migration.provider import Provider
from segue.migration.user_state import KEYS_ONLY, LONGEST_UNCHECKED, Standing
from segue.migration.verification import verify_credential
from segue.tokens.algorithms import Algorithm, PrivateKey, SharedSecret
from segue.tokens.jwk import parse_jwks, public_jwk
from segue.tokens.jws import parse_jws, sign_jws

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ISSUER = "https://old.example"
PAGE = "page"
"""Client id of the application's own page."""
API = "https://api.example"
LATE = NOW + timedelta(days=3650)
"""When pinned keys end that should not end in a test."""
ABSENT = object()
"""As the value of a claim: leave it out."""


def key(owner: str = ISSUER) -> ec.EllipticCurvePrivateKey:
    """One signing key for each issuer; all are called `k1`."""
    return _key(owner)


@cache
def _key(_owner: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def published(owner: str = ISSUER) -> PinnedKeys:
    """An issuer's keys, pinned."""
    jwk = public_jwk(key(owner).public_key(), key_id="k1", algorithm=Algorithm.ES256)
    return PinnedKeys(keys=parse_jwks({"keys": [{**jwk}]}), not_after=LATE)


def seconds(instant: datetime) -> float:
    """A NumericDate."""
    return instant.timestamp()


def claims(**changes: Any) -> dict[str, Any]:
    """What a good access token of alice says at `NOW`, with claims changed or left out."""
    good = {
        "iss": ISSUER,
        "sub": "alice",
        "aud": API,
        "azp": PAGE,
        "sid": "sign-in-1",
        "jti": "token-1",
        "iat": seconds(NOW - timedelta(minutes=1)),
        "exp": seconds(NOW + timedelta(minutes=9)),
        "auth_time": seconds(NOW - timedelta(hours=1)),
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ABSENT}


def signed(
    payload: dict[str, Any] | bytes,
    *,
    header: dict[str, Any] | None = None,
    private: PrivateKey | SharedSecret | None = None,
    algorithm: Algorithm = Algorithm.ES256,
) -> str:
    """A token; members of the usual header may be added, changed or left out."""
    members = {"typ": "JWT", "kid": "k1", **(header or {})}
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    kept = {name: value for name, value in members.items() if value is not ABSENT}
    return sign_jws(kept, data, private or key(), algorithm)


def token(**changes: Any) -> str:
    """A good access token, with claims changed or left out."""
    return signed(claims(**changes))


def welcome(_identity: Identity, _user_id: str) -> Standing:
    """An application that knows of nothing against anybody."""
    return Standing.ACTIVE


_ASKING = frozenset({"introspection", "valid_since", "check_user"})


def provider(**changes: Any) -> Provider:
    """The provider's configuration, with settings changed."""
    settings: dict[str, Any] = {
        "name": "old",
        "issuers": (ISSUER,),
        "keys": published(),
        "audiences": frozenset({API}),
        "authorized_parties": frozenset({PAGE}),
    }
    if _ASKING.isdisjoint(changes):
        alone = changes.get("maximum_age", LONGEST_UNCHECKED) <= LONGEST_UNCHECKED
        settings |= {"live_check": KEYS_ONLY} if alone else {"check_user": welcome}
    return Provider(**{**settings, **changes})


def verified(text: str, *, by: Provider | None = None, now: datetime = NOW) -> Identity:
    """Verify a token as its provider would have it."""
    rules = by or provider()
    keys = rules.keys
    if not isinstance(keys, PinnedKeys):
        raise TypeError("this test needs pinned keys")
    return verify_credential(parse_jws(text), keys.keys, rules, now=now)
