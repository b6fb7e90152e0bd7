"""
Answers of the core protocol: JSON with a status, or one line of text (core protocol §1, §4, §7).

House rules: absent parts are left out, never null; instants are whole milliseconds; no text of a refusal repeats
what a caller sent, for it is served as HTML.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from segue.core.context import Context, tenant_of
from segue.core.session_flows import Verified
from segue.ids import TenantId, to_milliseconds
from segue.json import JsonObject, JsonValue
from segue.service.core.dialect import Dialect
from segue.sessions.issuing import IssuedSession
from segue.sessions.model import Session
from segue.sessions.rotation import refresh_expiry
from segue.tokens.access import AccessToken
from segue.tokens.signing_keys import KeyKind, SigningKey

JSON = b"application/json; charset=UTF-8"
TEXT = b"text/html; charset=UTF-8"

_STATIC_FOR = timedelta(days=36_525)
"""How long a key is said to be good that does not rotate."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Status, body, header lines."""

    status: int
    content_type: bytes
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Refused(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


def text_answer(status: int, text: str, *, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """A sentence."""
    return Answer(status=status, content_type=TEXT, body=text.encode() + b"\n", headers=headers)


def json_answer(members: dict[str, JsonValue], *, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """An understood request is always answered with 200."""
    return Answer(status=200, content_type=JSON, body=_encode(members) + b"\n", headers=headers)


def ok(members: dict[str, JsonValue] | None = None) -> Answer:
    """Done."""
    return json_answer({"status": "OK", **(members or {})})


def outcome(status: str, message: str | None = None) -> Answer:
    """An outcome that the protocol names; some SDKs index the message without looking."""
    return json_answer({"status": status} if message is None else {"status": status, "message": message})


def session_tokens(issued: IssuedSession, dialect: Dialect, context: Context) -> dict[str, JsonValue]:
    """What create and refresh hand out."""
    refresh_until = to_milliseconds(refresh_expiry(issued.session, context.now))
    members: dict[str, JsonValue] = {
        "session": session_object(issued.session, issued.session.payload, dialect),
        "accessToken": access_object(issued.access),
        "refreshToken": _token(issued.refresh.text, refresh_until, context.now),
    }
    if issued.anti_csrf is not None:
        members["antiCsrfToken"] = issued.anti_csrf
    if dialect.answers_key_material:
        unique = str(UUID(bytes=context.random(16), version=4))
        members["idRefreshToken"] = _token(unique, refresh_until, context.now)
    return members | key_material(dialect, context, static=issued.session.static_key)


def session_object(session: Session, payload: JsonObject, dialect: Dialect) -> dict[str, JsonValue]:
    """A session as create, verify, refresh and regenerate show it."""
    members = session_names(session.handle, session.user_id, dialect)
    members["userDataInJWT"] = dict(payload)
    if dialect.has_tenants:
        members["tenantId"] = session.tenant_id
    return members


def verified_object(found: Verified, dialect: Dialect) -> dict[str, JsonValue]:
    """Likewise, from an access token alone."""
    members = session_names(found.claims.handle, found.claims.user_id, dialect)
    members["userDataInJWT"] = dict(found.payload)
    if dialect.has_tenants:
        members["tenantId"] = tenant_of(found.claims.handle)
    return members


def session_names(handle: str, user_id: str, dialect: Dialect) -> dict[str, JsonValue]:
    """Whose session it is."""
    members: dict[str, JsonValue] = {"handle": handle, "userId": user_id}
    if dialect.has_recipe_user_id:
        members["recipeUserId"] = user_id
    return members


def session_information(session: Session, dialect: Dialect) -> dict[str, JsonValue]:
    """All that is told of a stored session."""
    members: dict[str, JsonValue] = {
        "sessionHandle": session.handle,
        "userId": session.user_id,
        "userDataInDatabase": dict(session.data),
        "userDataInJWT": dict(session.payload),
        "expiry": to_milliseconds(session.expires_at),
        "timeCreated": to_milliseconds(session.created_at),
    }
    if dialect.has_recipe_user_id:
        members["recipeUserId"] = session.user_id
    if dialect.has_tenants:
        members["tenantId"] = session.tenant_id
    return members


def access_object(token: AccessToken) -> dict[str, JsonValue]:
    """An access token with its times: whole seconds but in form 2."""
    claims = token.claims
    return _token(token.text, to_milliseconds(claims.expires_at), claims.issued_at)


def key_material(dialect: Dialect, context: Context, *, static: bool) -> dict[str, JsonValue]:
    """Public keys for SDKs that fetch no key set; nothing for those that do."""
    plan = context.app.keys.plan
    if not dialect.answers_key_material or plan is None:
        return {}
    kind = KeyKind.STATIC if static else KeyKind.DYNAMIC
    signing = plan.static if static else plan.dynamic
    keys = [key for key in plan.verifying if key.kind is kind]
    listed: list[JsonValue] = [_public_key(key, context) for key in keys]
    first = signing or keys[0]
    members: dict[str, JsonValue] = {
        "jwtSigningPublicKey": _spki(first),
        "jwtSigningPublicKeyExpiryTime": _good_until(first, context),
    }
    if dialect.answers_key_list:
        members["jwtSigningPublicKeyList"] = listed
    return members


def tenant_not_found(tenant_id: TenantId | None = None) -> Refused:
    """An app or a tenant that is not there. Ids that were matched by their form may be repeated."""
    detail = "the app of this path" if tenant_id is None else f"tenantId: {tenant_id}"
    return Refused(400, f"AppId or tenantId not found => {detail}")


def _token(text: str, expiry: int, created: datetime) -> dict[str, JsonValue]:
    return {"token": text, "expiry": expiry, "createdTime": to_milliseconds(created)}


def _public_key(key: SigningKey, context: Context) -> dict[str, JsonValue]:
    return {
        "publicKey": _spki(key),
        "createdAt": to_milliseconds(key.created_at),
        "expiryTime": _good_until(key, context),
    }


def _spki(key: SigningKey) -> str:
    public = key.private.public_key()
    return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _good_until(key: SigningKey, context: Context) -> int:
    lasts = context.app.keys.policy.kept_for if key.kind is KeyKind.DYNAMIC else _STATIC_FOR
    return to_milliseconds(key.created_at + lasts)


_encode = msgspec.json.Encoder().encode
