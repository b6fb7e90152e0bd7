"""
Routes that hand out or read tokens (core protocol §7): create, verify, refresh, regenerate.

House rule: what a flow reports becomes the protocol's own outcome here, and every message is text.
"""

from __future__ import annotations

from datetime import timedelta

from segue.core import session_flows
from segue.core.session_flows import PayloadRefused, Verification, Wanted, refuse_protected
from segue.core.token_flows import looks_like_token
from segue.errors import (
    AntiCsrfRefused,
    RefreshExpired,
    ReuseDetected,
    SessionGone,
    TokenRefused,
    UnknownRefreshToken,
)
from segue.json import JsonObject, JsonValue
from segue.service.core import answers
from segue.service.core.answers import Answer, Refused
from segue.service.core.call import Call, Route, Through
from segue.service.core.dialect import KeyChoice
from segue.service.core.fields import invalid
from segue.sessions.flows import AntiCsrf
from segue.sessions.issuing import NewSession

PROTECTED = "The user payload contains protected field"
GONE = "Session does not exist."
_MILD = frozenset({"RECENT_PREV", "ORPHANED_BRANCH"})
_MILLISECOND = timedelta(milliseconds=1)


async def create(call: Call) -> Answer:
    """POST /recipe/session (§7.1)."""
    fields, dialect = call.fields, call.dialect
    user_id, anti_csrf = fields.user_id("userId"), fields.flag("enableAntiCsrf")
    payload, data = fields.payload("userDataInJWT"), fields.object("userDataInDatabase")
    wanted = Wanted(version=dialect.access_version, access_lifetime=_access_lifetime(call))
    new = NewSession(
        user_id=user_id,
        tenant_id=call.tenant_id,
        payload=payload,
        data=data,
        static_key=_static_key(call),
        anti_csrf=anti_csrf,
    )
    demand_unprotected(call, payload)
    issued = await session_flows.create_session(new, wanted, call.context)
    return answers.ok(answers.session_tokens(issued, dialect, call.context))


async def verify(call: Call) -> Answer:
    """POST /recipe/session/verify (§7.3)."""
    fields, dialect = call.fields, call.dialect
    if dialect.rotates_at_once:
        call.demand_public_tenant()
    text, presented = fields.token("accessToken"), fields.optional_token("antiCsrfToken")
    demanded, enabled = fields.flag("doAntiCsrfCheck"), fields.flag("enableAntiCsrf")
    check = (
        fields.flag("checkDatabase") if dialect.chooses_check else call.context.app.settings.check_database
    )
    wish = Verification(
        anti_csrf=presented,
        demand_anti_csrf=demanded and enabled,
        check_database=check,
        rotates_at_once=dialect.rotates_at_once,
    )
    try:
        found = await session_flows.verify_session(text, wish, call.context)
    except TokenRefused as error:
        return _try_refresh(call, error)
    except SessionGone:
        ended = "Either the session has ended or has been blacklisted"
        return answers.outcome("UNAUTHORISED", ended if check else "Session missing in db")
    if found.rotated_out:
        return answers.outcome("UNAUTHORISED", "rotated-out token branch; refresh required")
    members: dict[str, JsonValue] = {"session": answers.verified_object(found, dialect)}
    if found.fresh is not None:
        members["accessToken"] = answers.access_object(found.fresh)
    if found.outdated is not None:
        members["payloadUpdateAvailable"] = found.outdated
    return answers.ok(
        members | answers.key_material(dialect, call.context, static=call.context.app.settings.static_keys)
    )


async def refresh(call: Call) -> Answer:
    """POST /recipe/session/refresh (§7.4)."""
    fields, dialect = call.fields, call.dialect
    text, presented = fields.token("refreshToken"), fields.optional_token("antiCsrfToken")
    anti_csrf = AntiCsrf(enabled=fields.flag("enableAntiCsrf"), presented=presented)
    wanted = Wanted(
        version=dialect.access_version,
        static_keys=_static_key_at_refresh(call),
        access_lifetime=_access_lifetime(call),
    )
    at_once = dialect.rotates_at_once or call.context.app.settings.rotate_at_refresh
    try:
        issued = await session_flows.refresh_session(
            text, wanted, call.context, anti_csrf=anti_csrf, rotates_at_once=at_once
        )
    except AntiCsrfRefused:
        return answers.outcome("UNAUTHORISED", "Anti CSRF token missing, or not matching")
    except (UnknownRefreshToken, RefreshExpired):
        return answers.outcome("UNAUTHORISED", "Session missing in db or has expired")
    except PayloadRefused:
        return answers.outcome("UNAUTHORISED", PROTECTED)
    except ReuseDetected as reuse:
        return _reused(reuse, call)
    return answers.ok(answers.session_tokens(issued, dialect, call.context))


async def regenerate(call: Call) -> Answer:
    """POST /recipe/session/regenerate (§7.5)."""
    fields, dialect = call.fields, call.dialect
    text = fields.token("accessToken")
    payload = fields.payload("userDataInJWT") if "userDataInJWT" in fields else None
    if not looks_like_token(text):
        raise invalid("accessToken")
    try:
        session, fresh = await session_flows.regenerate(
            text, payload, call.context, protect=dialect.protects_payload
        )
    except PayloadRefused:
        raise Refused(400, PROTECTED) from None
    except TokenRefused:
        return answers.outcome("UNAUTHORISED", "The access token is not one of a session")
    except SessionGone:
        return answers.outcome("UNAUTHORISED", GONE)
    members: dict[str, JsonValue] = {"session": answers.session_object(session, session.payload, dialect)}
    if fresh is not None:
        members["accessToken"] = answers.access_object(fresh)
    return answers.ok(members)


def demand_unprotected(call: Call, payload: JsonObject) -> None:
    """
    Refuse a payload with a token's own names, in versions where they would meet.

    Raises:
        Refused: 400.
    """
    if call.dialect.protects_payload:
        try:
            refuse_protected(payload, call.dialect.access_version)
        except PayloadRefused:
            raise Refused(400, PROTECTED) from None


def _access_lifetime(call: Call) -> timedelta | None:
    name = "accessTokenValidity"
    if not call.dialect.chooses_lifetime or name not in call.fields:
        return None
    wanted, most = call.fields.whole(name), call.context.app.settings.lifetimes.access // _MILLISECOND
    if not 0 < wanted <= most:
        raise Refused(
            400,
            f"{name} must be greater than 0 and at most the configured access_token_validity ({most} ms)",
        )
    return wanted * _MILLISECOND


def _static_key(call: Call) -> bool:
    if not call.dialect.chooses_key:
        return call.context.app.settings.static_keys
    return not call.fields.optional_flag("useDynamicSigningKey", default=True)


def _static_key_at_refresh(call: Call) -> bool | None:
    match call.dialect.key_at_refresh:
        case KeyChoice.IGNORED:
            return None
        case KeyChoice.OPTIONAL if "useDynamicSigningKey" not in call.fields:
            return None
        case KeyChoice.OPTIONAL | KeyChoice.REQUIRED:
            return not call.fields.flag("useDynamicSigningKey")


def _try_refresh(call: Call, error: TokenRefused) -> Answer:
    members: dict[str, JsonValue] = {
        "status": "TRY_REFRESH_TOKEN",
        "message": "Access token has expired"
        if error.code == "TOKEN_EXPIRED"
        else "Access token does not hold",
    }
    if isinstance(error, AntiCsrfRefused):
        members["message"] = "anti-csrf check failed"
    static = call.context.app.settings.static_keys
    return answers.json_answer(members | answers.key_material(call.dialect, call.context, static=static))


def _reused(reuse: ReuseDetected, call: Call) -> Answer:
    at_once = call.dialect.rotates_at_once
    mild = call.context.app.settings.mild_reuse and reuse.subtype in _MILD
    members: dict[str, JsonValue] = {"recentTokenReuseSubtype": reuse.subtype} if at_once else {}
    if mild and (at_once or call.context.app.settings.rotate_at_refresh):
        message = "refresh token reuse detected"
        return answers.json_answer({"status": "UNAUTHORISED", "message": message, **members})
    session: dict[str, JsonValue] = {
        "handle": reuse.handle,
        "userId": reuse.user_id,
        "recipeUserId": reuse.user_id,  # in every version: two SDKs index it
    }
    return answers.json_answer({"status": "TOKEN_THEFT_DETECTED", "session": session, **members})


ROUTES = (
    Route(method="POST", path="/recipe/session", handler=create, through=Through.TENANT),
    Route(method="POST", path="/recipe/session/verify", handler=verify, through=Through.ANY),
    Route(method="POST", path="/recipe/session/refresh", handler=refresh, through=Through.ANY),
    Route(method="POST", path="/recipe/session/regenerate", handler=regenerate, through=Through.ANY),
)
