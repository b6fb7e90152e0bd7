"""Signing as somebody else would: any JWT by one of our keys, and the key and token of another instance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from segue.ids import PUBLIC_APP
from segue.json import JsonObject, dump
from segue.tokens import base64url
from segue.tokens.access import mint_access
from segue.tokens.algorithms import Algorithm, sign
from segue.tokens.refresh import hash_token
from segue.tokens.signing_keys import (
    KeyKind,
    KeyPlan,
    SigningKey,
    StoredSigningKey,
    seal_signing_key,
)
from tests.support.keys import make_signing_key

if TYPE_CHECKING:
    from segue.sessions.issuing import Issued
    from segue.tokens.secrets import Secrets


def signed_with(plan: KeyPlan, header: JsonObject, claims: JsonObject, *, static: bool) -> str:
    """A JWT by the present key of a kind; *header* replaces what we would write."""
    key = plan.static if static else plan.dynamic
    assert key is not None
    members: JsonObject = {"alg": key.algorithm.value, "kid": key.key_id, "typ": "JWT", "version": "5"}
    return _signed(key, {**members, **header}, claims)


def _signed(key: SigningKey, header: JsonObject, claims: JsonObject) -> str:
    """Members of the header that are None are left out."""
    kept: JsonObject = {name: value for name, value in header.items() if value is not None}
    data = base64url.encode(dump(kept)) + b"." + base64url.encode(dump(claims))
    return (data + b"." + base64url.encode(sign(key.private, key.algorithm, data))).decode()


def key_of_another(now: datetime, secrets: Secrets) -> tuple[SigningKey, StoredSigningKey]:
    """A dynamic key that another instance makes a second from now, and its form for the store."""
    key = make_signing_key(KeyKind.DYNAMIC, Algorithm.ES256, now=now + timedelta(seconds=1), unique="")
    return key, seal_signing_key(key, secrets, app_id=PUBLIC_APP, nonce=bytes(12))


def access_by(key: SigningKey, issued: Issued, *, now: datetime, lifetime: timedelta) -> str:
    """An access token of a session, signed with that key."""
    session = issued.session
    return mint_access(
        session.payload,
        key,
        user_id=session.user_id,
        tenant_id=session.tenant_id,
        handle=session.handle,
        refresh_hash=hash_token(issued.refresh.text),
        anti_csrf=None,
        issued_at=now,
        expires_at=now + lifetime,
    ).text
