"""
The application of `segue serve`: the browser routes, `GET {base}/session`, `GET /health`, and 404 for the rest.

Bare ASGI. House rules: a caller learns that something failed and nothing more; an application made here belongs to one
process and one event loop, from `lifespan.startup` to `lifespan.shutdown`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from msgspec.structs import replace

from segue.adapters.asgi import Receive, Scope, Send, read_body, request_of, send_response
from segue.adapters.background import BackgroundWork
from segue.adapters.core import AsyncHttpCore
from segue.adapters.web import AsyncHttpWeb
from segue.clock import Clock
from segue.engine import AsyncEngine
from segue.errors import SessionError, Unavailable
from segue.http.message import HttpRequest, HttpResponse, json_response
from segue.ids import SessionHandle, to_milliseconds
from segue.service.cors import Cors
from segue.service.metrics import Metrics
from segue.service.settings import Settings

logger = logging.getLogger("segue")

HEALTH = "/health"
_NO_SESSION = SessionHandle("health")
"""Looked up to see whether the store answers; there is none of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the application works with while it runs."""

    engine: AsyncEngine
    work: BackgroundWork


class Service:
    """The ASGI application."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        """
        Args:
            settings: checked already; nothing is opened before the application starts.
            clock: tells the time of every operation.
        """
        self._settings = settings
        self._clock = clock
        self._cors = Cors.of(settings.config)
        self._session_path = f"{settings.config.http.routes_path}/session"
        self._parts: Parts | None = None
        port = settings.server.metrics_port
        self._metrics = None if port is None else Metrics(port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the whole life of the application."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with contextlib.AsyncExitStack() as stack:
            try:
                self._parts = await stack.enter_async_context(self._running())
            except SessionError as error:
                logger.error("cannot start: %s", error)  # noqa: TRY400 - facts, and no traceback for an operator
                await send({"type": "lifespan.startup.failed", "message": ""})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        self._parts = None
        await send({"type": "lifespan.shutdown.complete"})

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncGenerator[Parts]:
        settings = self._settings
        async with AsyncHttpWeb(allow_private_hosts=settings.server.private_hosts) as web:
            engine = AsyncEngine(
                settings.config,
                store=settings.store.open_async(),
                core=None if settings.core is None else AsyncHttpCore(settings.core),
                web=web,
                clock=self._clock,
            )
            if self._metrics is not None:
                engine.listen(self._metrics.listener)
                engine.listen_to_pins(self._metrics.pin_listener)
            work = BackgroundWork(engine)
            try:
                async with work.running(first=lambda: _warm_up(engine)):
                    yield Parts(engine=engine, work=work)
            finally:
                await engine.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._metrics is not None and self._metrics.asked(scope):
            await send_response(self._metrics.answer(scope), send)
            return
        request = request_of(scope)
        try:
            response = self._cors.preflight(request) or await self._answer(request, receive)
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            response = json_response(500, {"message": "internal error"})
        await self._send(self._cors.applied(response, request), request, send)
        logger.debug("%s %s %s", request.method, request.path, response.status)

    async def _answer(self, request: HttpRequest, receive: Receive) -> HttpResponse:
        parts = self._parts
        if parts is None:
            return json_response(503, {"message": "try again later"})
        if parts.engine.answers(request):
            body = await read_body(receive)
            if isinstance(body, HttpResponse):
                return body
            response = await parts.engine.respond(replace(request, body=body))
            if request.path.rstrip("/").endswith(("/migrate-session", "/token")):
                parts.work.wake()  # what it wrote to the outbox is delivered at once
            return response
        match request.method, request.path.rstrip("/"):
            case "GET" | "HEAD", path if path == HEALTH:
                return await _health(parts.engine)
            case "GET", path if path == self._session_path:
                return await _session(request, parts.engine)
            case _:
                return json_response(404, {"message": "not found"})

    async def _send(self, response: HttpResponse, request: HttpRequest, send: Send) -> None:
        lines = self._cors.exposing(response.lines(), request)
        if response.status != 204:
            lines.append(("content-length", str(len(response.body))))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})


async def _health(engine: AsyncEngine) -> HttpResponse:
    try:
        await engine.load_session(_NO_SESSION)
    except Unavailable as error:
        logger.error("the store of sessions does not answer: %s", error)  # noqa: TRY400 - as above
        return json_response(503, {"status": "UNAVAILABLE"})
    return json_response(200, {"status": "OK"})


async def _session(request: HttpRequest, engine: AsyncEngine) -> HttpResponse:
    """Who is asking: what the access token says, to whoever holds it. A revocation counts at once here."""
    try:
        found = await engine.authenticate(request, check_database=True)
    except SessionError as error:
        if isinstance(error, Unavailable):
            logger.error("%s %s failed: %s", request.method, request.path, error)  # noqa: TRY400 - as above
        return engine.refuse(error, request)
    if found is None:
        return json_response(404, {"message": "not found"})
    claims = found.access.claims
    return json_response(
        200,
        {
            "status": "OK",
            "userId": claims.user_id,
            "tenantId": claims.tenant_id,
            "sessionHandle": claims.handle,
            "expiresAt": to_milliseconds(claims.expires_at),
            "payload": dict(claims.custom),
        },
        actions=found.actions,
    )


async def _warm_up(engine: AsyncEngine) -> None:
    if not await engine.warm_up():
        logger.warning("a provider did not answer for its keys; requests will ask again")
