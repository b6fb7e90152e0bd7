"""
The ASGI application of `segue core`.

House rules: translate and nothing more; a body is read up to a limit and a deadline; an application made here belongs
to one process and one event loop, from `lifespan.startup` to `lifespan.shutdown`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import cast

from segue.adapters.asgi import BODY_DEADLINE, Receive, Scope, Send
from segue.clock import Clock
from segue.errors import SessionError
from segue.service.core.answers import Answer, Refused, text_answer
from segue.service.core.deployment import Deployment
from segue.service.core.key_pool import KeyPool
from segue.service.core.service import CoreRequest, CoreService
from segue.service.core.upkeep import CoreUpkeep

logger = logging.getLogger("segue")

LARGEST_BODY = 1024 * 1024
"""Bytes."""
_HEADERS = {b"api-key": "api_key", b"authorization": "authorization", b"cdi-version": "cdi_version"}
_TOO_LARGE = f"The body is larger than {LARGEST_BODY} bytes"
_CLOSING = ((b"connection", b"close"),)


class CoreApp:
    """The core protocol as an ASGI application."""

    def __init__(self, deployment: Deployment, *, clock: Clock | None = None) -> None:
        """
        Args:
            deployment: checked already; nothing is opened before the application starts.
            clock: tells the time of every operation.
        """
        self._deployment = deployment
        self._clock = clock
        self._service: CoreService | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the whole life of the application."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await serve_http(self._service, scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with contextlib.AsyncExitStack() as stack:
            try:
                self._service = await stack.enter_async_context(self._running())
            except SessionError as error:
                logger.error("cannot start: %s", error)  # noqa: TRY400 - facts, and no traceback for an operator
                await send({"type": "lifespan.startup.failed", "message": ""})
                return
            await send({"type": "lifespan.startup.complete"})
            logger.info("ready")
            await receive()
        self._service = None
        await send({"type": "lifespan.shutdown.complete"})

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncGenerator[CoreService]:
        store, keys = self._deployment.open_store(), KeyPool()
        service = CoreService(
            self._deployment.apps(),
            store=store,
            keys=keys,
            base_path=self._deployment.base_path,
            clock=self._clock,
        )
        keys.start()
        try:
            async with CoreUpkeep(service).running():
                yield service
        finally:
            await keys.stop()
            await store.close()


async def serve_http(service: CoreService | None, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request; without a service there is none yet, or no more."""
    try:
        answer = await _answered(service, scope, receive)
    except Exception:
        logger.exception("%s failed", scope["method"])
        answer = text_answer(500, "Internal error")
    await _send(answer, scope, send)


async def _answered(service: CoreService | None, scope: Scope, receive: Receive) -> Answer:
    if service is None:
        return text_answer(503, "Not ready")
    body = await _body_of(scope, receive)
    if isinstance(body, Answer):
        return body
    try:
        request = _request_of(scope, body)
    except Refused as refused:
        return text_answer(refused.status, refused.text)
    return await service.answer(request)


async def _body_of(scope: Scope, receive: Receive) -> bytes | Answer:
    """The body, or what is said where there is none to be had."""
    if _announced(scope) > LARGEST_BODY:
        return text_answer(413, _TOO_LARGE, headers=_CLOSING)
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            body = await _read_body(receive)
    except TimeoutError:
        return text_answer(408, "The body did not arrive in time", headers=_CLOSING)
    except asyncio.CancelledError:  # the server ends; nothing was begun that could be left half done
        return text_answer(503, "Ending", headers=_CLOSING)
    return body if len(body) <= LARGEST_BODY else text_answer(413, _TOO_LARGE, headers=_CLOSING)


def _announced(scope: Scope) -> int:
    """How long the body says it is; 0: it does not."""
    headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
    return next(
        (int(value[:20]) for name, value in headers if name == b"content-length" and value.isdigit()), 0
    )


async def _read_body(receive: Receive) -> bytes:
    """The body, or as much of it as shows that it is too large."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body  # as almost always
    parts = bytearray(body)
    while len(parts) <= LARGEST_BODY and message.get("more_body", False):
        message = await receive()
        parts += message.get("body", b"")
    return bytes(parts)


def _request_of(scope: Scope, body: bytes) -> CoreRequest:
    client = scope.get("client")
    headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
    named = dict[str, str]()
    for name, value in headers:
        known = _HEADERS.get(name)
        if known is None:
            continue
        if known in named:  # a proxy in front may have looked at the other one
            raise Refused(400, f"The header {name.decode()} came more than once")
        named[known] = value.decode("latin-1")
    return CoreRequest(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"],
        body=body,
        api_key=named.get("api_key"),
        authorization=named.get("authorization"),
        cdi_version=named.get("cdi_version"),
        client_ip=client[0] if client else None,
    )


async def _send(answer: Answer, scope: Scope, send: Send) -> None:
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-content-type-options", b"nosniff"),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})
