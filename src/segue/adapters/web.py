"""
Outgoing HTTP: `HttpWeb` for threads, `AsyncHttpWeb` for an event loop.

Over httpcore2, the lower half of httpx2, chosen for what it does not do: it follows no redirect, keeps no cookie, reads
no proxy from the environment, decompresses nothing and logs no URL. House rules: https, except to this machine;
private addresses only for hosts that were named; one connection per exchange, so that nothing is left for the next.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from typing import Self

import httpcore2

from segue.adapters.connections import AsyncConnector, Connector
from segue.adapters.http_messages import (
    ResponseReader,
    as_fetch_failed,
    destination_of,
    headers_of,
    url_of,
    verifying,
)
from segue.adapters.resolving import (
    AsyncResolve,
    Deadline,
    Resolve,
    system_resolve,
    system_resolve_async,
)
from segue.adapters.single_flight import TaskFlights, ThreadFlights, is_shareable
from segue.errors import FetchFailed
from segue.migration.web import MAX_BODY, WebRequest, WebResponse

DEADLINE = timedelta(seconds=10)
"""For one exchange, from the first look at the name to the last byte."""


class HttpWeb:
    """
    The port `Web` for threads. One per process is enough and best: equal GETs of all its users share an exchange.

    Args:
        allow_private_hosts: exact host names that may resolve to private or loopback addresses. `localhost`, 127.0.0.1
            and `[::1]` in a URL need no permission, and no other name reaches this machine without one.
        deadline: for one exchange as a whole.
        max_body: bytes of a response.
        tls: to trust other authorities than the system's; it has to verify certificates.
        resolve: host name and port to addresses.

    Raises:
        ConfigurationError: *tls* does not verify.
    """

    def __init__(
        self,
        *,
        allow_private_hosts: frozenset[str] = frozenset(),
        deadline: timedelta = DEADLINE,
        max_body: int = MAX_BODY,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = system_resolve,
    ) -> None:
        self._private_hosts = frozenset(host.lower() for host in allow_private_hosts)
        self._seconds = deadline.total_seconds()
        self._max_body = max_body
        self._tls = verifying(tls)
        self._resolve = resolve
        self._flights = ThreadFlights()
        self._closed = False

    def exchange(self, request: WebRequest) -> WebResponse:
        """As `Web.exchange`."""
        if self._closed:
            raise FetchFailed(request.place, "the client is closed")
        if not is_shareable(request):
            return self._exchange(request)
        return self._flights.run(request, self._exchange, patience=self._seconds + 1)

    def _exchange(self, request: WebRequest) -> WebResponse:
        destination = destination_of(request)
        headers = headers_of(request, destination)
        backend = Connector(
            resolve=self._resolve, private_hosts=self._private_hosts, deadline=Deadline(self._seconds)
        )
        with (
            as_fetch_failed(destination, self._seconds),
            httpcore2.ConnectionPool(self._tls, network_backend=backend) as pool,
            pool.stream(request.method, url_of(destination), headers=headers, content=request.body) as answer,
        ):
            reader = ResponseReader(
                destination, status=answer.status, headers=answer.headers, max_body=self._max_body
            )
            for chunk in answer.iter_stream():
                reader.add(chunk)
            return reader.response()

    def close(self) -> None:
        """Refuse further exchanges; those under way end by themselves."""
        self._closed = True

    def __enter__(self) -> Self:
        """Close at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """As `close`."""
        self.close()


class AsyncHttpWeb:
    """The port `AsyncWeb` for one asyncio event loop; arguments and errors as for `HttpWeb`."""

    def __init__(
        self,
        *,
        allow_private_hosts: frozenset[str] = frozenset(),
        deadline: timedelta = DEADLINE,
        max_body: int = MAX_BODY,
        tls: ssl.SSLContext | None = None,
        resolve: AsyncResolve = system_resolve_async,
    ) -> None:
        self._private_hosts = frozenset(host.lower() for host in allow_private_hosts)
        self._seconds = deadline.total_seconds()
        self._max_body = max_body
        self._tls = verifying(tls)
        self._resolve = resolve
        self._flights = TaskFlights()
        self._closed = False

    async def exchange(self, request: WebRequest) -> WebResponse:
        """As `Web.exchange`."""
        if self._closed:
            raise FetchFailed(request.place, "the client is closed")
        if not is_shareable(request):
            return await self._exchange(request)
        return await self._flights.run(request, self._exchange)

    async def _exchange(self, request: WebRequest) -> WebResponse:
        destination = destination_of(request)
        headers = headers_of(request, destination)
        backend = AsyncConnector(
            resolve=self._resolve, private_hosts=self._private_hosts, deadline=Deadline(self._seconds)
        )
        with as_fetch_failed(destination, self._seconds):
            async with (
                asyncio.timeout(self._seconds),
                httpcore2.AsyncConnectionPool(self._tls, network_backend=backend) as pool,
                pool.stream(
                    request.method, url_of(destination), headers=headers, content=request.body
                ) as answer,
            ):
                reader = ResponseReader(
                    destination, status=answer.status, headers=answer.headers, max_body=self._max_body
                )
                async for chunk in answer.aiter_stream():
                    reader.add(chunk)
                return reader.response()

    async def close(self) -> None:
        """Refuse further exchanges and break off those that are shared."""
        self._closed = True
        await self._flights.end()

    async def __aenter__(self) -> Self:
        """Close at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """As `close`."""
        await self.close()
