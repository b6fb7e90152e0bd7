"""
The provider as an ASGI application.

CORS is open where pages of the application must reach (RFC 6749 public clients in a browser), public for discovery and
keys, closed everywhere else. House rule: every page carries a content security policy without inline anything.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from segue.demo.provider.backchannel import BackChannel
from segue.demo.provider.browser import BrowserDoors
from segue.demo.provider.pages import message_page
from segue.demo.provider.requests import RequestInvalid

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from segue.demo.provider.settings import Provider

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]
STATIC = Path(__file__).with_name("static")


def provider_app(provider: Provider) -> Starlette:
    """All routes of one provider."""
    back, browser = BackChannel(provider), BrowserDoors(provider)
    for_everybody = _cors("*")
    for_the_app = _cors(*provider.app_origins)
    return Starlette(
        routes=[
            _route("/.well-known/openid-configuration", back.discovery, "GET", cors=for_everybody),
            _route("/jwks", back.jwks, "GET", cors=for_everybody),
            _route("/token", back.token, "POST", cors=for_the_app),
            _route("/revoke", back.revoke, "POST", cors=for_the_app),
            # A provider of the wild wants a top-level navigation here; this one lets the page log out in place.
            _route("/logout", browser.logout, "GET", "POST", cors=for_the_app),
            _route("/introspect", back.introspect, "POST"),
            _route("/status", back.status, "GET"),
            _route("/authorize", browser.authorize, "GET"),
            _route("/sign-in", browser.sign_in, "POST"),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            # A page of a foreign name that resolves to this machine must not reach it (DNS rebinding).
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
            Middleware(PageHeaders, form_targets=provider.app_origins),
        ],
        exception_handlers={RequestInvalid: _invalid},
    )


class PageHeaders:
    """Puts the security headers on every response."""

    def __init__(self, app: ASGIApp, *, form_targets: tuple[str, ...]) -> None:
        self._app = app
        # Chromium applies form-action to the redirects that follow a form, and sign-in ends at the application.
        targets = " ".join(("'self'", *form_targets))
        policy = (
            f"default-src 'none'; style-src 'self'; img-src data:; form-action {targets}; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"referrer-policy", b"same-origin"),
            (b"x-content-type-options", b"nosniff"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._headers]
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _route(path: str, endpoint: Endpoint, *methods: str, cors: Middleware | None = None) -> Route:
    if cors is None:
        return Route(path, endpoint, methods=list(methods))
    return Route(path, endpoint, methods=[*methods, "OPTIONS"], middleware=[cors])


def _cors(*origins: str) -> Middleware:
    return Middleware(CORSMiddleware, allow_origins=list(origins), allow_methods=["GET", "POST"], max_age=600)


async def _invalid(request: Request, error: Exception) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(message_page("That did not work", str(error)), status_code=400)
    return JSONResponse({"error": "invalid_request", "error_description": str(error)}, status_code=400)
