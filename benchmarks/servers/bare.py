"""Ours without a framework."""

from __future__ import annotations

import msgspec

from benchmarks import limits
from benchmarks.servers.engines import engines
from benchmarks.servers.serve import Application, answer
from segue import AsyncEngine
from segue.adapters.asgi import ASGIApp, Receive, Scope, Send, send_response, session_request_of
from segue.errors import SessionError


def application() -> Application:
    """`/trivial` answers; `/hot` and `/cold` verify a session first, `/raw` a signature and nothing else."""
    hot, cold, tokens = engines()
    paths = {"/trivial": _trivial, "/hot": _protected(hot), "/cold": _protected(cold), "/raw": _raw()}
    return Application(paths, tokens)


async def _trivial(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(msgspec.json.encode({"userId": "user-00000000"}), send)


def _raw() -> ASGIApp:
    verify = limits.rsa_verify()

    async def raw(scope: Scope, receive: Receive, send: Send) -> None:
        verify(1)
        await _trivial(scope, receive, send)

    return raw


def _protected(engine: AsyncEngine) -> ASGIApp:
    async def protected(scope: Scope, _receive: Receive, send: Send) -> None:
        request = session_request_of(scope)
        try:
            found = await engine.authenticate(request)
        except SessionError as error:
            await send_response(engine.refuse(error, request), send)
            return
        assert found is not None
        await answer(msgspec.json.encode({"userId": found.access.claims.user_id}), send)

    return protected
