"""
TCP connections for one outgoing exchange: the name resolved and judged once, every wait bounded by one deadline.

These are network backends of httpcore2, so the address that was judged is the one that is connected to, while `Host`,
SNI and the certificate check keep the name. House rule: a server that sends one byte now and then gains no time.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import httpcore2

from segue.adapters.addresses import judge_addresses
from segue.adapters.resolving import AsyncResolve, Deadline, Resolve, resolve_in_time
from segue.errors import FetchFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector(httpcore2.NetworkBackend):
    """Connects where it is allowed to, in time."""

    resolve: Resolve
    private_hosts: frozenset[str]
    deadline: Deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline rules
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first judged address that answers."""
        found = resolve_in_time(self.resolve, host, port, self.deadline)
        addresses = judge_addresses(host, found, private_hosts=self.private_hosts)
        backend = httpcore2.SyncBackend()
        for untried in range(len(addresses), 0, -1):
            try:
                stream = backend.connect_tcp(
                    addresses[-untried], port, self.deadline.left() / untried, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if untried == 1:
                    raise
            else:
                return BoundedStream(stream=stream, deadline=self.deadline)
        raise FetchFailed(host, "the name has no address")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedStream(httpcore2.NetworkStream):
    """A connection whose every wait ends with the deadline."""

    stream: httpcore2.NetworkStream
    deadline: Deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Read what has come."""
        return self.stream.read(max_bytes, self.deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send all of *buffer*."""
        self.stream.write(buffer, self.deadline.left())

    def close(self) -> None:
        """Hang up."""
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        """Speak TLS from here on."""
        secured = self.stream.start_tls(ssl_context, server_hostname, self.deadline.left())
        return BoundedStream(stream=secured, deadline=self.deadline)

    def get_extra_info(self, info: str) -> object:
        """As the connection says."""
        return self.stream.get_extra_info(info)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncConnector(httpcore2.AsyncNetworkBackend):
    """`Connector` for asyncio; the exchange around it is bounded as a whole."""

    resolve: AsyncResolve
    private_hosts: frozenset[str]
    deadline: Deadline

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the deadline rules; the signature is httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first judged address that answers."""
        addresses = judge_addresses(host, await self.resolve(host, port), private_hosts=self.private_hosts)
        # Cast: where anyio is missing the class is another one; httpx2 never comes without.
        backend = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())
        for untried in range(len(addresses), 0, -1):
            try:
                stream = await backend.connect_tcp(
                    addresses[-untried], port, self.deadline.left() / untried, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if untried == 1:
                    raise
            else:
                return AsyncStream(stream=stream)
        raise FetchFailed(host, "the name has no address")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncStream(httpcore2.AsyncNetworkStream):
    """A connection that is hung up also when its TLS handshake is cancelled, which the library forgets."""

    stream: httpcore2.AsyncNetworkStream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Read what has come."""
        return await self.stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send all of *buffer*."""
        await self.stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Hang up."""
        await self.stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        """Speak TLS from here on."""
        try:
            return await self.stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self.stream.aclose()
            raise

    def get_extra_info(self, info: str) -> object:
        """As the connection says."""
        return self.stream.get_extra_info(info)
