"""Routes that every SDK or operator asks first (core protocol §6): is it there, which versions, which keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from segue.core.versions import version_text
from segue.errors import Unavailable
from segue.flow import ask
from segue.ids import PUBLIC_APP, SessionHandle
from segue.json import JsonValue
from segue.service.core import answers
from segue.service.core.answers import Answer
from segue.service.core.call import Call, Route, Through
from segue.service.core.headers import served_versions
from segue.sessions.ports import SessionStore
from segue.tokens.signing_keys import KeyKind

_NO_SESSION = SessionHandle("00000000-0000-4000-8000-000000000000")
"""Looked up to see whether the store answers; nobody's."""
_SECOND = timedelta(seconds=1)


async def hello(_call: Call) -> Answer:
    """/hello and /: whether the service and its store answer."""
    try:
        await ask(SessionStore.load_session, PUBLIC_APP, _NO_SESSION)
    except Unavailable:
        return answers.text_answer(500, "The database does not answer")
    return answers.text_answer(200, "Hello")


async def versions(call: Call) -> Answer:
    """GET /apiversion: no status here."""
    served = served_versions(call.context.app.settings)
    return answers.json_answer({"versions": [version_text(version) for version in served]})


async def key_set(call: Call) -> Answer:
    """GET /.well-known/jwks.json: for whoever verifies, without a key (RFC 7517)."""
    seconds = max(1, int((_next_key_at(call) - call.context.now) / _SECOND))
    cache = (b"cache-control", b"max-age=%d, must-revalidate" % seconds)
    return answers.json_answer({"keys": _keys(call)}, headers=(cache,))


async def old_key_set(call: Call) -> Answer:
    """GET /recipe/jwt/jwks, as old SDKs ask."""
    return answers.ok({"keys": _keys(call)})


async def telemetry(_call: Call) -> Answer:
    """GET /telemetry: nothing is told to anybody."""
    return answers.json_answer({"exists": False})


def _next_key_at(call: Call) -> datetime:
    """When the set will have one more."""
    plan, policy = call.context.app.keys.plan, call.context.app.keys.policy
    dynamic = [] if plan is None else [key for key in plan.verifying if key.kind is KeyKind.DYNAMIC]
    return dynamic[0].created_at + policy.update_interval - policy.overlap if dynamic else call.context.now


def _keys(call: Call) -> list[JsonValue]:
    plan = call.context.app.keys.plan
    return [] if plan is None else [dict[str, JsonValue](key.jwk()) for key in plan.verifying]


ROUTES = (
    *(
        Route(method=method, path=path, handler=hello, through=Through.ANY, open=True)
        for path in ("/hello", "/")
        for method in ("GET", "POST", "PUT", "DELETE")
    ),
    Route(method="GET", path="/apiversion", handler=versions, any_version=True),
    Route(method="GET", path="/.well-known/jwks.json", handler=key_set, through=Through.ANY, open=True),
    Route(method="GET", path="/recipe/jwt/jwks", handler=old_key_set),
    Route(method="GET", path="/telemetry", handler=telemetry, through=Through.ANY),
)
