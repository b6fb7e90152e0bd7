"""
Routes about users, of whom a core for sessions has none (core protocol §15).

SDKs ask for the user of every new session and must get an answer; whose user ids exist is said by the application.
"""

from __future__ import annotations

from segue.core.ports import Users
from segue.core.user_flows import delete_user
from segue.flow import ask
from segue.ids import from_milliseconds, to_milliseconds
from segue.json import JsonValue
from segue.service.core import answers
from segue.service.core.answers import Answer, Refused
from segue.service.core.call import Call, Route, Through

_RECIPES = frozenset({"emailpassword", "thirdparty", "passwordless", "webauthn", "saml"})
_MOST = 253_402_300_799_999
"""Milliseconds to the end of the year 9999."""


async def by_id(call: Call) -> Answer:
    """GET /user/id."""
    call.query.text("userId")
    return answers.outcome("UNKNOWN_USER_ID_ERROR")


async def count(call: Call) -> Answer:
    """GET /users/count."""
    _demand_recipes(call.query.optional("includeRecipeIds"))
    if call.query.truth("includeAllTenants", default=False):
        call.demand_public_tenant()
    members: dict[str, JsonValue] = {"count": 0}
    if call.dialect.counts_approximately and call.query.truth("allowApproximate", default=False):
        members |= {"approximate": False, "asOf": to_milliseconds(call.context.now)}
    return answers.ok(members)


async def list_all(call: Call) -> Answer:
    """GET /users."""
    _demand_recipes(call.query.optional("includeRecipeIds"))
    return answers.ok({"users": []})


async def remove(call: Call) -> Answer:
    """POST /user/remove: OK, whoever it is."""
    user_id = call.fields.user_id("userId")
    call.fields.optional_flag("removeAllLinkedAccounts", default=True)
    await delete_user(user_id, call.context)
    return answers.ok()


async def count_active(call: Call) -> Answer:
    """GET /users/count/active."""
    since = call.query.long("since")
    if since < 0:
        raise Refused(400, "'since' parameter must be a positive number")
    instant = from_milliseconds(min(since, _MOST))
    active = await ask(Users.count_active_users, call.app_id, since=instant)
    return answers.ok({"count": active})


def _demand_recipes(text: str | None) -> None:
    for recipe in (text or "").split(","):
        if recipe and recipe not in _RECIPES:
            shown = recipe if recipe.isascii() and recipe.isalnum() else "(not a name)"
            raise Refused(400, f"Unknown recipe ID: {shown}")


ROUTES = (
    Route(method="GET", path="/user/id", handler=by_id),
    Route(method="GET", path="/users/count", handler=count, through=Through.TENANT),
    Route(method="GET", path="/users", handler=list_all, through=Through.TENANT),
    Route(method="POST", path="/user/remove", handler=remove),
    Route(method="GET", path="/users/count/active", handler=count_active),
)
