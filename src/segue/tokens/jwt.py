"""
JWTs that an application asks us to sign for others (RFC 7519): not sessions, but signed by the same keys.

House rule: issuance and expiry are ours to say, whatever the application's claims hold; the issuer is the caller's.
"""

from __future__ import annotations

from datetime import datetime

from segue.json import JsonObject, JsonValue, dump
from segue.tokens import base64url
from segue.tokens.signing_keys import SigningKey


def mint_jwt(claims: JsonObject, key: SigningKey, *, issuer: str, now: datetime, lifetime: int) -> str:
    """
    Sign an application's claims.

    Args:
        claims: an `iss` among them stands; `iat` and `exp` are overruled.
        key: signs, and names itself in the header.
        issuer: where the claims name none.
        now: floored to whole seconds.
        lifetime: seconds, more than zero; a hundred years are common.

    Raises:
        ValueError: a claim that JSON cannot hold.
    """
    issued = int(now.timestamp())
    header: JsonObject = {"alg": key.algorithm.value, "kid": key.key_id, "typ": "JWT"}
    payload: dict[str, JsonValue] = {"iss": issuer, **claims, "iat": issued, "exp": issued + lifetime}
    data = base64url.encode(dump(header)) + b"." + base64url.encode(dump(payload))
    return (data + b"." + base64url.encode(key.sign(data))).decode()
