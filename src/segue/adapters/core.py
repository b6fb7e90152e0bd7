"""
A remote core over HTTP: `HttpCore` for threads, `AsyncHttpCore` for an event loop.

Connections are kept, because a core is asked often; otherwise as `segue.adapters.web`: no redirect is followed, nothing
is decompressed, no proxy is read from the environment, answers have a size. House rule: whether a request may have been
heard is told exactly, for on that depends whether it may be made again.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from typing import Self

import httpcore2

from segue._version import __version__
from segue.adapters.http_messages import ResponseReader, as_fetch_failed, url_of, verifying
from segue.adapters.single_flight import TaskFlights, ThreadFlights
from segue.errors import FetchFailed
from segue.migration.urls import Destination
from segue.migration.web import MAX_BODY, WebRequest, WebResponse
from segue.remote.settings import RemoteCore
from segue.remote.wire import CoreRequest, Unanswered

MAX_CONNECTIONS = 100
KEPT_FOR = 3.0
"""Seconds that an idle connection is kept: shorter than any server does, so that none is closed under a request."""

_NOT_SENT = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout)


class HttpCore:
    """
    The port `CoreWire` for threads.

    Args:
        core: which one.
        tls: to trust other authorities than the system's; it has to verify certificates.

    Raises:
        ConfigurationError: *tls* does not verify.
    """

    def __init__(self, core: RemoteCore, *, tls: ssl.SSLContext | None = None) -> None:
        self.core = core
        self._tls = verifying(tls)
        self._seconds = core.timeout.total_seconds()
        self._flights = ThreadFlights()
        self._pool = self._open()

    def exchange(self, request: CoreRequest) -> WebResponse | Unanswered:
        """As `CoreWire.exchange`."""
        try:
            if request.flight is None:
                return self._exchange(request)
            return self._flights.run(
                _shared(request), lambda _: self._exchange(request), patience=self._seconds + 1
            )
        except FetchFailed as error:
            return _unanswered(error)

    def pause(self, seconds: float) -> None:
        """As `CoreWire.pause`."""
        time.sleep(seconds)

    def close(self) -> None:
        """As `CoreWire.close`."""
        self._pool[1].close()

    def _open(self) -> tuple[int, httpcore2.ConnectionPool]:
        pool = httpcore2.ConnectionPool(self._tls, max_connections=MAX_CONNECTIONS, keepalive_expiry=KEPT_FOR)
        return os.getpid(), pool

    def _exchange(self, request: CoreRequest) -> WebResponse:
        if self._pool[0] != os.getpid():  # after a fork: the connections are the parent's
            self._pool = self._open()
        destination = _destination(request)
        with (
            as_fetch_failed(destination, self._seconds),
            self._pool[1].stream(
                request.method,
                url_of(destination),
                headers=_headers(request),
                content=request.body,
                extensions=_timeouts(self._seconds),
            ) as answer,
        ):
            reader = ResponseReader(
                destination, status=answer.status, headers=answer.headers, max_body=MAX_BODY
            )
            for chunk in answer.iter_stream():
                reader.add(chunk)
            return reader.response()

    def __enter__(self) -> Self:
        """Close at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """As `close`."""
        self.close()


class AsyncHttpCore:
    """The port `AsyncCoreWire` for one asyncio event loop; arguments and errors as for `HttpCore`."""

    def __init__(self, core: RemoteCore, *, tls: ssl.SSLContext | None = None) -> None:
        self.core = core
        self._seconds = core.timeout.total_seconds()
        self._flights = TaskFlights()
        self._pool = httpcore2.AsyncConnectionPool(
            verifying(tls), max_connections=MAX_CONNECTIONS, keepalive_expiry=KEPT_FOR
        )

    async def exchange(self, request: CoreRequest) -> WebResponse | Unanswered:
        """As `AsyncCoreWire.exchange`."""
        try:
            if request.flight is None:
                return await self._exchange(request)
            return await self._flights.run(_shared(request), lambda _: self._exchange(request))
        except FetchFailed as error:
            return _unanswered(error)

    async def pause(self, seconds: float) -> None:
        """As `AsyncCoreWire.pause`."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """As `AsyncCoreWire.close`."""
        await self._flights.end()
        await self._pool.aclose()

    async def _exchange(self, request: CoreRequest) -> WebResponse:
        destination = _destination(request)
        with as_fetch_failed(destination, self._seconds):
            async with (
                asyncio.timeout(self._seconds * 2),  # a limit for the whole, behind those of its parts
                self._pool.stream(
                    request.method,
                    url_of(destination),
                    headers=_headers(request),
                    content=request.body,
                    extensions=_timeouts(self._seconds),
                ) as answer,
            ):
                reader = ResponseReader(
                    destination, status=answer.status, headers=answer.headers, max_body=MAX_BODY
                )
                async for chunk in answer.aiter_stream():
                    reader.add(chunk)
                return reader.response()

    async def __aenter__(self) -> Self:
        """Close at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """As `close`."""
        await self.close()


def _destination(request: CoreRequest) -> Destination:
    host = request.host
    return Destination(scheme=host.scheme, host=host.host, port=host.port, target=request.target)


def _headers(request: CoreRequest) -> list[tuple[bytes, bytes]]:
    headers = (
        ("host", request.host.authority),
        ("user-agent", f"segue/{__version__}"),
        ("accept-encoding", "identity"),
        *request.headers,
    )
    return [(name.encode(), value.encode()) for name, value in headers]


def _timeouts(seconds: float) -> dict[str, dict[str, float]]:
    return {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds)}


def _shared(request: CoreRequest) -> WebRequest:
    """What tells flights apart."""
    return WebRequest(url=request.host.url + request.target, purpose="the remote core", flight=request.flight)


def _unanswered(error: FetchFailed) -> Unanswered:
    cause = error.__cause__
    return Unanswered(
        reason=str(error.args[-1]),
        sent=not isinstance(cause, _NOT_SENT),
        slow=isinstance(cause, TimeoutError | httpcore2.TimeoutException),
    )
