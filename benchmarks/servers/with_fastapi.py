"""FastAPI, alone and with our adapter."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from benchmarks.servers.engines import engines
from benchmarks.servers.serve import Application
from segue import AsyncEngine
from segue.adapters.asgi import ASGIApp
from segue.adapters.fastapi import CurrentSession, SegueFastAPI


def application() -> Application:
    """`/trivial` is FastAPI's own, `/depends` too, with a dependency that does nothing."""
    hot, cold, tokens = engines()
    plain = _plain()
    paths = {
        "/trivial": plain,
        "/depends": plain,
        "/hot": _protected("/hot", hot),
        "/cold": _protected("/cold", cold),
    }
    return Application(paths, tokens)


def _plain() -> ASGIApp:
    app = FastAPI()

    @app.get("/trivial")
    async def trivial() -> dict[str, str]:
        return {"userId": "user-00000000"}

    async def nothing() -> str:
        return "user-00000000"

    given = Depends(nothing)

    @app.get("/depends")
    async def depends(user_id: str = given) -> dict[str, str]:
        return {"userId": user_id}

    return app


def _protected(path: str, engine: AsyncEngine) -> ASGIApp:
    app, segue = FastAPI(), SegueFastAPI(engine)
    segue.install(app)
    given = Depends(segue.session)

    @app.get(path)
    async def protected(session: CurrentSession = given) -> dict[str, str]:
        return {"userId": session.user_id}

    return app
