"""
Sessions are created and refreshed: `POST /create` and our own refresh route, on the store that is given.

The one argument is the path of an SQLite file or the address of a PostgreSQL database; both commit durably.
"""

from __future__ import annotations

import sys
from itertools import count

from benchmarks import scene
from benchmarks.servers.serve import Application, answer
from segue import AsyncEngine
from segue.adapters.asgi import ASGIApp, BrowserRoutes, Receive, Scope, Send, request_of, send_response
from segue.http.message import HttpResponse
from segue.stores.ports import AsyncStore
from segue.tokens.algorithms import Algorithm


def application() -> Application:
    """Both routes, with ES256."""
    engine = AsyncEngine(scene.config(Algorithm.ES256), store=store(sys.argv[2]))
    refresh = BrowserRoutes(engine, _nothing)
    return Application({"/create": _creating(engine), "/auth/session/refresh": refresh}, [])


def store(place: str) -> AsyncStore:
    """By the form of its address."""
    if place.startswith("postgresql:"):
        from segue.stores.postgres import AsyncPostgresStore  # noqa: PLC0415 - not installed for every benchmark

        return AsyncPostgresStore(place)
    from segue.stores.sqlite import AsyncSqliteStore  # noqa: PLC0415

    return AsyncSqliteStore(place)


def _creating(engine: AsyncEngine) -> ASGIApp:
    numbers = count()

    async def create(scope: Scope, _receive: Receive, send: Send) -> None:
        new = scene.somebody(next(numbers))
        _, actions = await engine.create_session_on(request_of(scope), new)
        await send_response(HttpResponse(status=200, body=b"{}", actions=actions), send)

    return create


async def _nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(b"{}", send, status=404)
