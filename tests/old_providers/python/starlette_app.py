"""Starlette's SessionMiddleware, with a user id where the application puts it."""

import os

from serving import PASSWORD, serve_asgi
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def login(request):
    sent = await request.json()
    if sent["password"] != PASSWORD:
        return Response(status_code=401)
    request.session["user"] = {"id": sent["user"]}
    return JSONResponse({"ok": True})


async def logout(request):
    request.session.clear()
    return JSONResponse({"ok": True})


async def me(request):
    return JSONResponse({"user": request.session.get("user", {}).get("id")})


async def visit(request):
    """What an anonymous visitor does."""
    request.session["basket"] = ["tea"]
    return JSONResponse({"ok": True})


def made(secret):
    routes = [
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/me", me),
        Route("/visit", visit, methods=["POST"]),
        Route("/_old/retire", retire, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(SessionMiddleware, secret_key=secret)])


async def retire(request):
    """The middleware has one secret: a new one ends all sessions."""
    sent = await request.json()
    current["app"] = made(sent["secret"])
    return JSONResponse({"ok": True})


current = {"app": made(os.environ["SECRET"])}


async def app(scope, receive, send):
    await current["app"](scope, receive, send)


serve_asgi(app)
