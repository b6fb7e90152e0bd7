"""
ASGI: requests and responses as our values, the browser routes as an application, and what a session adds to answers.

House rule: translate and nothing more. A body is read only for our own routes and only up to a limit; whatever an
application sends is passed on byte for byte, with header lines added at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias, cast

from segue.engine import AsyncEngine
from segue.http.message import NO_ACTIONS, Actions, HttpRequest, HttpResponse, json_response
from segue.http.migrate import MAX_BODY
from segue.http.routes import ROOT_ROUTE
from segue.http.verify import SESSION_HEADERS

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_ACTIONS = "segue.actions"


def request_of(scope: Scope, body: bytes = b"") -> HttpRequest:
    """An HTTP scope as our value."""
    client = scope.get("client")
    headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
    return HttpRequest(
        method=scope["method"],
        path=scope["path"],
        headers=tuple([(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]),
        body=body,
        client_ip=client[0] if client else None,
    )


def session_request_of(scope: Scope) -> HttpRequest:
    """
    An HTTP scope with no more headers than verifying its session looks at.

    Every protected request passes here, and decoding the eight headers of a browser takes twice as long as this.
    """
    headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
    return HttpRequest(
        method=scope["method"],
        path=scope["path"],
        # ASGI gives the names in lower case.
        headers=tuple(
            [(_SESSION[name], value.decode("latin-1")) for name, value in headers if name in _SESSION]
        ),
    )


_SESSION = {name.encode(): name for name in SESSION_HEADERS}


BODY_DEADLINE = 10.0
"""Seconds in which a body of our routes has to arrive; whoever sends slowly holds a connection no longer."""

_CLOSING = (("connection", "close"),)


async def read_body(receive: Receive) -> bytes | HttpResponse:
    """
    The body, or as much of it as shows that it is larger than our routes take; or the answer if it does not arrive.

    What is cut off is not acted upon: the end of a token may be missing, and its sender asks again.
    """
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            body = await _read(receive)
    except TimeoutError:
        body = None
    if body is None:
        return json_response(408, {"message": "the body did not arrive in time"}, headers=_CLOSING)
    return body


async def _read(receive: Receive) -> bytes | None:
    body = bytearray()
    while len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


async def send_response(response: HttpResponse, send: Send) -> None:
    """Send an answer of ours."""
    lines = [*response.lines(), ("content-length", str(len(response.body)))]
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def add_actions(scope: Scope, actions: Actions) -> None:
    """Remember what the session adds to the answer of this request; `ActionsMiddleware` puts it on."""
    if actions is not NO_ACTIONS:  # as almost always
        scope[_ACTIONS] = scope.get(_ACTIONS, NO_ACTIONS).then(actions)


class ActionsMiddleware:
    """Puts on every answer what `add_actions` remembered, whatever kind of response the application returns."""

    def __init__(self, app: ASGIApp) -> None:
        """*app*: what comes next."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def put_on(message: Message) -> None:
            if _ACTIONS in scope and message["type"] == "http.response.start":
                message["headers"] = with_actions(message.get("headers", []), scope[_ACTIONS])
            await send(message)

        await self._app(scope, receive, put_on)


def with_actions(headers: list[tuple[bytes, bytes]], actions: Actions) -> list[tuple[bytes, bytes]]:
    """Header lines of an application's answer and those that the session adds; ours replace the same names."""
    expose = b"access-control-expose-headers"
    exposed = b", ".join(value for name, value in headers if name.lower() == expose)
    added = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in actions.render(exposed=exposed.decode("latin-1"))
    ]
    added.append(
        (b"cache-control", b"no-store")
    )  # tokens are for this client alone, whatever the application says
    replaced = {name for name, _ in added if name != b"set-cookie"}
    return [line for line in headers if line[0].lower() not in replaced] + added


class BrowserRoutes:
    """The browser routes as an ASGI application; what is none of them goes to the next one."""

    def __init__(
        self, engine: AsyncEngine, otherwise: ASGIApp, *, posted: Callable[[], None] | None = None
    ) -> None:
        """
        Args:
            engine: answers our routes.
            otherwise: answers all other paths.
            posted: called when a POST has been answered, by whomever.
        """
        self._engine = engine
        self._otherwise = otherwise
        self._posted = posted
        self._prefix = f"{engine.config.http.routes_path}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._otherwise(scope, receive, send)
            return
        if self._is_ours(scope):
            await send_response(await self._respond(scope, receive), send)
        else:
            await self._otherwise(scope, receive, send)
        if self._posted is not None and scope["method"] == "POST":
            self._posted()

    async def _respond(self, scope: Scope, receive: Receive) -> HttpResponse:
        body = await read_body(receive)
        if isinstance(body, HttpResponse):
            return body
        return await self._engine.respond(request_of(scope, body))

    def _is_ours(self, scope: Scope) -> bool:
        path: str = scope["path"]
        # Most requests are the application's: this spares them the 1.3 µs of asking the engine.
        if not path.startswith(self._prefix) and ROOT_ROUTE not in path:
            return False
        return self._engine.answers(HttpRequest(method=scope["method"], path=path, headers=()))
