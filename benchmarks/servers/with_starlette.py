"""Starlette, alone and with our adapter's middleware; the session is asked for in the handler."""

from __future__ import annotations

from typing import cast

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.servers.engines import engines
from benchmarks.servers.serve import Application
from segue import AsyncEngine
from segue.adapters.asgi import ASGIApp
from segue.adapters.fastapi import SegueFastAPI


def application() -> Application:
    """`/trivial` is Starlette's own."""
    hot, cold, tokens = engines()

    async def trivial(_request: Request) -> JSONResponse:
        return JSONResponse({"userId": "user-00000000"})

    plain = Starlette(routes=[Route("/trivial", trivial)])
    return Application(
        {"/trivial": plain, "/hot": _protected("/hot", hot), "/cold": _protected("/cold", cold)}, tokens
    )


def _protected(path: str, engine: AsyncEngine) -> ASGIApp:
    segue = SegueFastAPI(engine)

    async def protected(request: Request) -> JSONResponse:
        session = await segue.session(request)
        return JSONResponse({"userId": session.user_id})

    app = Starlette(routes=[Route(path, protected)])
    segue.install(cast("FastAPI", app))  # it needs no more than Starlette has
    return app
