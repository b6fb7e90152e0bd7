"""
Routes of stored sessions (core protocol §7): look at, change, list, remove.

House rule: a handle says its tenant, and one of a tenant that is not there is refused before anything is looked up.
"""

from __future__ import annotations

from segue.core import session_flows
from segue.core.context import tenant_of
from segue.errors import SessionGone
from segue.ids import SessionHandle, UserId
from segue.service.core import answers
from segue.service.core.answers import Answer, Refused
from segue.service.core.call import Call, Route, Through
from segue.service.core.paths import is_id
from segue.service.core.routes.tokens import GONE, demand_unprotected
from segue.sessions.model import ByUser, Session


async def look_at(call: Call) -> Answer:
    """GET /recipe/session (§7.2)."""
    if not call.dialect.shows_sessions:
        raise Refused(404, "Not found")
    try:
        session = await _found(call)
    except SessionGone:
        return answers.outcome("UNAUTHORISED", GONE)
    return answers.ok(answers.session_information(session, call.dialect))


async def put_data(call: Call) -> Answer:
    """PUT /recipe/session/data (§7.8)."""
    text, data = call.fields.text("sessionHandle"), call.fields.object("userDataInDatabase")
    handle = await _handle(call, text)
    try:
        await session_flows.change(handle, call.context, payload=None, data=data)
    except SessionGone:
        return answers.outcome("UNAUTHORISED", GONE)
    return answers.ok()


async def get_data(call: Call) -> Answer:
    """GET /recipe/session/data, as old SDKs ask."""
    try:
        session = await _found(call)
    except SessionGone:
        return answers.outcome("UNAUTHORISED", GONE)
    return answers.ok({"userDataInDatabase": dict(session.data)})


async def put_payload(call: Call) -> Answer:
    """PUT /recipe/jwt/data (§7.9)."""
    text, payload = call.fields.text("sessionHandle"), call.fields.payload("userDataInJWT")
    demand_unprotected(call, payload)
    handle = await _handle(call, text)
    try:
        await session_flows.change(handle, call.context, payload=payload, data=None)
    except SessionGone:
        return answers.outcome("UNAUTHORISED", GONE)
    return answers.ok()


async def get_payload(call: Call) -> Answer:
    """GET /recipe/jwt/data, as old SDKs ask."""
    try:
        session = await _found(call)
    except SessionGone:
        return answers.outcome("UNAUTHORISED", GONE)
    return answers.ok({"userDataInJWT": dict(session.payload)})


async def remove(call: Call) -> Answer:
    """POST /recipe/session/remove (§7.6)."""
    fields = call.fields
    by_user = "userId" in fields
    if by_user == ("sessionHandles" in fields):
        raise Refused(400, "Invalid JSON input - use one of userId or sessionHandles array")
    for name in ("revokeAcrossAllTenants", "revokeSessionsForLinkedAccounts"):
        if name in fields and not by_user:
            raise Refused(400, f"Invalid JSON input - {name} can only be set if userId is set")
    if not by_user:
        handles = [await _handle(call, text) for text in fields.texts("sessionHandles")]
        gone = await session_flows.remove(tuple(handles), call.context)
    else:
        fields.optional_flag("revokeSessionsForLinkedAccounts", default=True)  # there are no linked accounts
        everywhere = fields.optional_flag("revokeAcrossAllTenants", default=True)
        selection = _of_user(call, fields.text("userId"), everywhere=everywhere)
        gone = await session_flows.end_all(selection, call.context)
    return answers.ok({"sessionHandlesRevoked": list(gone)})


async def list_of_user(call: Call) -> Answer:
    """GET /recipe/session/user (§7.7)."""
    everywhere = call.query.truth("fetchAcrossAllTenants", default=True)
    selection = _of_user(call, call.query.text("userId"), everywhere=everywhere)
    found = await session_flows.handles_of(selection, call.context)
    return answers.ok({"sessionHandles": list(found)})


async def _found(call: Call) -> Session:
    handle = await _handle(call, call.query.text("sessionHandle"))
    return await session_flows.find(handle, call.context)


async def _handle(call: Call, text: str) -> SessionHandle:
    """
    A handle whose tenant is there.

    Raises:
        Refused: 400.
    """
    handle = SessionHandle(text)
    tenant_id = tenant_of(handle)
    if not is_id(tenant_id):
        raise Refused(400, "AppId or tenantId not found => the session handle names none")
    await call.demand_tenant(tenant_id)
    return handle


def _of_user(call: Call, user_id: str, *, everywhere: bool) -> ByUser:
    """The sessions of a user, in the app or in the tenant of the path."""
    if everywhere:
        call.demand_public_tenant()
        return ByUser(user_id=UserId(user_id))
    return ByUser(user_id=UserId(user_id), tenant_id=call.tenant_id)


ROUTES = (
    Route(method="GET", path="/recipe/session", handler=look_at, through=Through.ANY),
    Route(method="PUT", path="/recipe/session/data", handler=put_data, through=Through.ANY),
    Route(method="GET", path="/recipe/session/data", handler=get_data, through=Through.ANY),
    Route(method="PUT", path="/recipe/jwt/data", handler=put_payload, through=Through.ANY),
    Route(method="GET", path="/recipe/jwt/data", handler=get_payload, through=Through.ANY),
    Route(method="POST", path="/recipe/session/remove", handler=remove, through=Through.TENANT),
    Route(method="GET", path="/recipe/session/user", handler=list_of_user, through=Through.TENANT),
)
