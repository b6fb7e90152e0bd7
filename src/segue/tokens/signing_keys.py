"""
Our own signing keys: what is stored of them, which one signs now, and which ones still verify.

A *dynamic* key signs for one update interval and verifies until the last token that it signed is over; a *static* key
does both for ever. The next dynamic key is made and published `overlap` before it signs, so that caches of our JWKS
learn it in time. House rule: the plan is a pure function of the stored keys and the time; making a key is the only
place that draws on the machine's randomness, because no library takes it as an argument.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from typing import TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from segue.errors import ConfigurationError
from segue.ids import AppId, to_milliseconds, whole_milliseconds
from segue.tokens.algorithms import Algorithm, Sign, signer
from segue.tokens.jwk import public_jwk
from segue.tokens.published import PublishedKeys
from segue.tokens.secrets import Secrets

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

SIGNING_ALGORITHMS = frozenset({Algorithm.RS256, Algorithm.ES256, Algorithm.EdDSA})
"""What we sign with."""

_PURPOSE = "signing key"


class KeyKind(Enum):
    """How long a key signs. The value is the prefix of its key id, which SuperTokens back ends read."""

    DYNAMIC = "d"
    STATIC = "s"


class StoredSigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key as the store keeps it: the private half sealed with the deployment secret."""

    key_id: str
    kind: KeyKind
    algorithm: Algorithm
    created_at: datetime
    sealed_private: bytes


class SigningKey(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A signing key at hand."""

    key_id: str
    kind: KeyKind
    algorithm: Algorithm
    created_at: datetime
    private: PrivateKey

    def __repr__(self) -> str:
        return f"<SigningKey {self.key_id} {self.algorithm.name}>"

    @cached_property
    def sign(self) -> Sign:
        """Signs; bound once, because to find out how takes 2 µs."""
        return signer(self.private, self.algorithm)

    def jwk(self) -> dict[str, str]:
        """The public half, as published (RFC 7517)."""
        return public_jwk(self.private.public_key(), key_id=self.key_id, algorithm=self.algorithm)


class KeyPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How keys come and go."""

    algorithm: Algorithm
    update_interval: timedelta
    """How long a dynamic key signs."""
    access_lifetime: timedelta
    """The longest life of a token signed with it."""

    @property
    def overlap(self) -> timedelta:
        """How long the next key is published before it signs: a fifth of the interval, at most a minute."""
        return min(timedelta(seconds=60), self.update_interval / 5)

    @property
    def kept_for(self) -> timedelta:
        """Age at which a dynamic key may be forgotten."""
        return self.update_interval + 2 * self.access_lifetime


class KeyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the stored keys mean at an instant."""

    dynamic: SigningKey | None
    """Signs by default; None if one has to be made first."""
    static: SigningKey | None
    """Signs where a session asked for a key that does not rotate."""
    verifying: tuple[SigningKey, ...]
    """All that verify: dynamic newest first, then static."""
    outdated: tuple[str, ...]
    """Ids of keys that no living token can need."""
    make: tuple[KeyKind, ...]
    """Kinds of which a new key is due now."""
    next_change: datetime
    """When to plan again at the latest."""

    def published(self) -> PublishedKeys:
        """The public halves of all that verify."""
        return PublishedKeys(jwks=tuple(key.jwk() for key in self.verifying), next_change=self.next_change)


def plan_keys(keys: tuple[SigningKey, ...], policy: KeyPolicy, *, now: datetime) -> KeyPlan:
    """
    Decide which key signs, which ones verify, which go and what has to be made.

    Args:
        keys: all of one app, in any order.
        policy: keys of another algorithm still verify but no longer sign.
        now: aware UTC instant.
    """
    newest_first = sorted(keys, key=lambda key: (key.created_at, key.key_id), reverse=True)
    dynamic = [key for key in newest_first if key.kind is KeyKind.DYNAMIC]
    kept = [key for key in dynamic if now < key.created_at + policy.kept_for]
    static = [key for key in newest_first if key.kind is KeyKind.STATIC]
    able = [key for key in kept if key.algorithm is policy.algorithm]
    signing = _dynamic_signer(able, policy, now)
    static_signer = next((key for key in reversed(static) if key.algorithm is policy.algorithm), None)
    made_at = able[0].created_at + policy.update_interval - policy.overlap if able else now
    due = now >= made_at
    make = ((KeyKind.DYNAMIC,) if due else ()) + (() if static_signer else (KeyKind.STATIC,))
    return KeyPlan(
        dynamic=signing,
        static=static_signer,
        verifying=(*kept, *static),
        outdated=tuple(key.key_id for key in dynamic if key not in kept),
        make=make,
        next_change=_next_change(able, policy, now, made_at),
    )


def _dynamic_signer(able: list[SigningKey], policy: KeyPolicy, now: datetime) -> SigningKey | None:
    if not able or now >= able[0].created_at + policy.update_interval:
        return None
    newest = able[0]
    if len(able) > 1 and now < newest.created_at + policy.overlap:
        previous = able[1]
        if now < previous.created_at + policy.update_interval:
            return previous  # caches of our JWKS have not had the time to learn the newest
    return newest


def _next_change(able: list[SigningKey], policy: KeyPolicy, now: datetime, made_at: datetime) -> datetime:
    if not able:
        return now
    published = able[0].created_at + policy.overlap
    return published if now < published else max(made_at, now)


def make_private_key(algorithm: Algorithm) -> PrivateKey:
    """
    Make the private half of a key: RSA with 2048 bits (50 to 300 ms), P-256 or Ed25519 (microseconds).

    Raises:
        ConfigurationError: an algorithm that we do not sign with.
    """
    match algorithm:
        case Algorithm.RS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case Algorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.EdDSA:
            return ed25519.Ed25519PrivateKey.generate()
        case other:
            raise ConfigurationError(f"we do not sign with {other.name}; choose RS256, ES256 or EdDSA")


def name_signing_key(
    private: PrivateKey, kind: KeyKind, algorithm: Algorithm, *, now: datetime, unique: str
) -> SigningKey:
    """
    Make a signing key of a private one.

    Args:
        private: of the algorithm.
        kind: decides the form of the key id: `d-<milliseconds>` or `s-<unique>`.
        algorithm: what it signs with.
        now: becomes `created_at`.
        unique: text that no other static key of the app has.
    """
    name = str(to_milliseconds(now)) if kind is KeyKind.DYNAMIC else unique
    return SigningKey(
        key_id=f"{kind.value}-{name}",
        kind=kind,
        algorithm=algorithm,
        created_at=whole_milliseconds(now),
        private=private,
    )


def seal_signing_key(key: SigningKey, secrets: Secrets, *, app_id: AppId, nonce: bytes) -> StoredSigningKey:
    """The form for the store; *nonce* is 12 fresh random bytes."""
    private = key.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return StoredSigningKey(
        key_id=key.key_id,
        kind=key.kind,
        algorithm=key.algorithm,
        created_at=key.created_at,
        sealed_private=secrets.seal(private, purpose=_PURPOSE, app_id=app_id, nonce=nonce),
    )


def reseal_signing_key(
    key: SigningKey, stored: StoredSigningKey, secrets: Secrets, *, app_id: AppId
) -> bytes | None:
    """The private half sealed with the primary secret; None if it is. Always the same of the same, whoever does it."""
    if secrets.sealed_by_primary(stored.sealed_private):
        return None
    # Of what was sealed with a random nonce: no two keys share it.
    nonce = secrets.primary.authenticate("reseal nonce", app_id, stored.sealed_private)[:12]
    return seal_signing_key(key, secrets, app_id=app_id, nonce=nonce).sealed_private


def open_signing_key(stored: StoredSigningKey, secrets: Secrets, *, app_id: AppId) -> SigningKey:
    """
    The key at hand again.

    Raises:
        ConfigurationError: sealed with a deployment secret that is not configured, or changed in the database.
    """
    private = load_der_private_key(
        secrets.open(stored.sealed_private, purpose=_PURPOSE, app_id=app_id),
        password=None,
        # Its seal has shown that it is the key that we made; to prove its primes again takes 40 ms of the event loop.
        unsafe_skip_rsa_key_validation=True,
    )
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise ConfigurationError(f"stored signing key {stored.key_id} is of a kind that we do not sign with")
    return SigningKey(
        key_id=stored.key_id,
        kind=stored.kind,
        algorithm=stored.algorithm,
        created_at=stored.created_at,
        private=private,
    )
