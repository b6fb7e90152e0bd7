"""
HTTP over a real socket: one uvicorn in a thread of its own, which serves whatever application a case is about, and a
client that sends what it is told to and keeps nothing.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import uvicorn

from tests.http.world import Reply
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")


class Loopback:
    """A server on 127.0.0.1 whose application can be changed between requests."""

    def __init__(self) -> None:
        self.application: ASGIApp | None = None
        self._loop = asyncio.new_event_loop()
        # asyncio sends small answers without delay only where the protocol is named.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._server = uvicorn.Server(
            uvicorn.Config(self._serve, interface="asgi3", lifespan="off", ws="none", log_config=None)
        )
        self._thread = threading.Thread(target=self._run)
        self._client: http.client.HTTPConnection | None = None

    def start(self) -> None:
        """Return when it answers."""
        self._thread.start()
        wait_until(lambda: self._server.started, what="uvicorn to listen")
        host, port = self._socket.getsockname()
        self._client = http.client.HTTPConnection(host, port, timeout=10)

    def stop(self) -> None:
        """Return when it is gone."""
        if self._client is not None:
            self._client.close()
        self._server.should_exit = True
        self._thread.join()

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Do something on the server's event loop, as its application would."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send a request, exactly this, and read the answer to its end."""
        client = self._client
        assert client is not None, "the server was not started"
        client.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            client.putheader(name, value.encode("latin-1"))
        if body:
            client.putheader("content-length", str(len(body)))
        client.endheaders(body or None)
        answer = client.getresponse()
        return Reply(status=answer.status, lines=answer.getheaders(), body=answer.read())

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.application is not None, "no application to serve"
        await self.application(scope, receive, send)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._server.serve(sockets=[self._socket]))
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


@contextmanager
def loopback() -> Generator[Loopback]:
    """A server for the length of a block."""
    server = Loopback()
    server.start()
    try:
        yield server
    finally:
        server.stop()
