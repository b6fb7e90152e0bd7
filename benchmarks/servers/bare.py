"""Ours without a framework."""

from __future__ import annotations

import json

from benchmarks.servers.engines import engines
from benchmarks.servers.serve import Application, answer
from segue import AsyncEngine
from segue.adapters.asgi import ASGIApp, Receive, Scope, Send, send_response, session_request_of
from segue.errors import SessionError


def application() -> Application:
    """`/trivial` answers; the others verify a session first."""
    hot, cold, tokens = engines()
    return Application({"/trivial": _trivial, "/hot": _protected(hot), "/cold": _protected(cold)}, tokens)


async def _trivial(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(json.dumps({"userId": "user-00000000"}).encode(), send)


def _protected(engine: AsyncEngine) -> ASGIApp:
    async def protected(scope: Scope, _receive: Receive, send: Send) -> None:
        request = session_request_of(scope)
        try:
            found = await engine.authenticate(request)
        except SessionError as error:
            await send_response(engine.refuse(error, request), send)
            return
        assert found is not None
        await answer(json.dumps({"userId": found.access.claims.user_id}).encode(), send)

    return protected
