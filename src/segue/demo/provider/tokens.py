"""
The provider's own tokens: RFC 9068 access tokens and OpenID Connect ID tokens, RS256.

House rule: nothing here reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from segue.demo.provider.clients import AUDIENCE
from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import public_jwk
from segue.tokens.jws import sign_jws

if TYPE_CHECKING:
    from segue.demo.provider.ledger import Grant
    from segue.json import JsonObject, JsonValue

ACCESS_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs in the provider's name."""

    issuer: str
    key: rsa.RSAPrivateKey
    key_id: str

    def jwks(self) -> JsonObject:
        """The public half, for everybody."""
        own = public_jwk(self.key.public_key(), key_id=self.key_id, algorithm=Algorithm.RS256)
        return {"keys": [{**own}]}

    def sign(self, kind: str, claims: JsonObject) -> str:
        """A compact JWS over the claims, of the media type *kind*."""
        return sign_jws(
            {"kid": self.key_id, "typ": kind}, msgspec.json.encode(claims), self.key, Algorithm.RS256
        )


def new_signer(issuer: str, *, key_id: str) -> Signer:
    """A signer with a key made now."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Signer(issuer=issuer, key=key, key_id=key_id)


def access_claims(grant: Grant, *, issuer: str, jti: str, now: datetime) -> JsonObject:
    """What an access token for the application's API says (RFC 9068 §2.2)."""
    return _common(grant, issuer=issuer, now=now) | {
        "aud": AUDIENCE,
        "client_id": grant.client_id,
        "azp": grant.client_id,
        "scope": grant.scope,
        "jti": jti,
    }


def id_claims(grant: Grant, *, issuer: str, now: datetime) -> JsonObject:
    """What an ID token tells the client about who signed in (OpenID Connect Core §2)."""
    claims = _common(grant, issuer=issuer, now=now) | {
        "aud": grant.client_id,
        "name": grant.sign_in.person.name,
    }
    return claims if grant.nonce is None else claims | {"nonce": grant.nonce}


def _common(grant: Grant, *, issuer: str, now: datetime) -> dict[str, JsonValue]:
    issued_at = int(now.timestamp())
    return {
        "iss": issuer,
        "sub": grant.sign_in.person.subject,
        "sid": grant.sign_in.sid,
        "iat": issued_at,
        "exp": issued_at + int(ACCESS_LIFETIME.total_seconds()),
        "auth_time": int(grant.sign_in.signed_in_at.timestamp()),
    }
