"""
Tokens as a provider's own documentation describes them, and what must not pass: one `Sample` for each profile.

Nobody runs the provider here: a sample is what its pages and its own verifying code say, written anew, and signed
with a key of the test's own.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from segue.flow import drive, performer
from segue.migration.credential import BearerToken
from segue.migration.key_sources import KeySource, PinnedKeys
from segue.migration.model import Identity
from segue.migration.provider import Provider
from segue.migration.shared_secrets import SharedSecrets
from segue.migration.user_state import KEYS_ONLY
from segue.migration.verifying import Migration, verify
from segue.profiles import PROFILES
from segue.tokens.algorithms import Algorithm, PrivateKey, SharedSecret, sign
from segue.tokens.jwk import parse_jwks, public_jwk
from segue.tokens.jws import sign_jws
from tests.migration.issuer import ABSENT, LATE, NOW

GOOD, STRANGER = b"good" * 16, b"none" * 16


def ago(seconds: float) -> int:
    """A NumericDate."""
    return int(NOW.timestamp() - seconds)


@dataclass(frozen=True, kw_only=True)
class Bend:
    """What is changed of a good token, and which claim the refusal names; `ABSENT` leaves one out."""

    claims: Mapping[str, Any] = field(default_factory=dict[str, Any])
    header: Mapping[str, Any] = field(default_factory=dict[str, Any])
    wrong: str


def bend(wrong: str, /, *, header: Any = None, **claims: Any) -> Bend:
    """Claims by keyword."""
    return Bend(claims=claims, header=header or {}, wrong=wrong)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One profile, a good token for it, and the tokens that it must refuse."""

    profile: str
    claims: dict[str, Any]
    subject: str
    header: dict[str, Any] = field(default_factory=dict[str, Any])
    algorithm: Algorithm = Algorithm.RS256
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """Other than the examples of the profile."""
    session: str | None = None

    other_client: tuple[Bend, ...]
    """Tokens that the same issuer gave to another client, or for another application."""
    other_kind: tuple[Bend, ...]
    """Refresh, ID, machine and one-purpose tokens under the same keys."""
    other_tenant: tuple[Bend, ...]
    """Tokens of another tenant, project or directory, under keys that may be the same."""
    impersonated: tuple[Bend, ...]
    traps: tuple[tuple[str, Bend], ...] = ()
    """What the provider's page warns of, in a sentence."""
    odd: tuple[Bend, ...] = ()
    """What no provider makes, to see each rule alone at work."""
    also_good: tuple[tuple[str, Bend], ...] = ()
    """What differs and does no harm; `wrong` says nothing."""

    def provider(self, **policy: Any) -> Provider:
        """By the profile's constructor, with the test's keys."""
        profile = PROFILES[self.profile]
        values = {value.name: value.example for value in profile.values if value.required}
        settings = {
            "keys": keys_of(self.algorithm),
            "live_check": KEYS_ONLY,
            "deadline": LATE,
            **values,
            **self.values,
            **policy,
        }
        return profile.make(**settings)

    def token(self, how: Bend | None = None, *, private: PrivateKey | SharedSecret | None = None) -> str:
        """A good token, bent."""
        changes = how or Bend(wrong="")
        claims = {**self.claims, **changes.claims}
        header = {"typ": "JWT", "kid": "k1", **self.header, **changes.header}
        kept = {name: value for name, value in claims.items() if value is not ABSENT}
        members = {name: value for name, value in header.items() if value is not ABSENT}
        if self.profile == "supertokens-v2":
            return _spelled_as_v2(kept, private or key_of(self.algorithm))
        return sign_jws(members, json.dumps(kept).encode(), private or key_of(self.algorithm), self.algorithm)


def verified(text: str, provider: Provider) -> Identity:
    """Whom the whole flow takes a token for."""
    migration = Migration(providers=(provider,), key_caches={}, version="test")
    return drive(verify(BearerToken(text=text), migration, now=NOW), performer({})).identity


@cache
def key_of(algorithm: Algorithm, owner: str = "the provider") -> PrivateKey | SharedSecret:
    """A signing key of an owner, of the kind that an algorithm needs."""
    match algorithm:
        case Algorithm.HS256:
            return SharedSecret(secret=GOOD if owner == "the provider" else STRANGER)
        case Algorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.ES384:
            return ec.generate_private_key(ec.SECP384R1())
        case _:
            return rsa.generate_private_key(65537, 2048)


def keys_of(algorithm: Algorithm) -> KeySource:
    """What the provider's side publishes, or shares."""
    private = key_of(algorithm)
    if isinstance(private, SharedSecret):
        return SharedSecrets.of(private.secret)
    jwk = public_jwk(private.public_key(), key_id="k1", algorithm=algorithm)
    return PinnedKeys(keys=parse_jwks({"keys": [{**jwk}]}))


def _spelled_as_v2(claims: dict[str, Any], private: PrivateKey | SharedSecret) -> str:
    """As cores before 2.21 wrote their tokens: padded standard base64, and one header for all."""
    header = b'{"alg":"RS256","typ":"JWT","version":"2"}'
    data = b64encode(header) + b"." + b64encode(json.dumps(claims).encode())
    return (data + b"." + b64encode(sign(private, Algorithm.RS256, data))).decode()
