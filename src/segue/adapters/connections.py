"""
TCP connections for one outgoing exchange: the name resolved and judged once, every wait bounded by one deadline.

These are network backends of httpcore2, so the address that was judged is the one that is connected to, while `Host`,
SNI and the certificate check keep the name. House rule: a server that sends one byte now and then gains no time.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import httpcore2

from segue.adapters.addresses import judge_addresses
from segue.errors import FetchFailed

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""Host and port to numeric addresses; raises OSError."""
AsyncResolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


class Deadline:
    """An instant after which an exchange is given up."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """
        Seconds until then, more than none.

        Raises:
            TimeoutError: it is over.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


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
        found = _resolve_in_time(self.resolve, host, port, self.deadline)
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
                return await backend.connect_tcp(
                    addresses[-untried], port, self.deadline.left() / untried, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if untried == 1:
                    raise
        raise FetchFailed(host, "the name has no address")


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Ask the operating system, in its order of preference."""
    return _numeric(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


async def system_resolve_async(host: str, port: int) -> Sequence[str]:
    """As `system_resolve`, without blocking the loop."""
    loop = asyncio.get_running_loop()
    return _numeric(await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))


_AddressInfo: TypeAlias = tuple[int, int, int, str, tuple[str | int, ...] | tuple[int, bytes]]


def _numeric(infos: Iterable[_AddressInfo]) -> Sequence[str]:
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


def _resolve_in_time(resolve: Resolve, host: str, port: int, deadline: Deadline) -> Sequence[str]:
    """The system's resolver has time-outs of its own, longer than ours: it is left behind in its thread if need be."""
    outcome: list[Sequence[str] | BaseException] = []

    def work() -> None:
        try:
            outcome.append(resolve(host, port))
        except BaseException as error:  # noqa: BLE001 - raised below, where somebody waits
            outcome.append(error)

    thread = threading.Thread(target=work, name="segue-resolve", daemon=True)
    thread.start()
    thread.join(deadline.left())
    if not outcome:
        raise TimeoutError
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
