"""
A client that keeps some connections busy, each with one request at a time, and the server process it speaks to.

The client's own CPU is nobody's: the server tells what it used.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import TypeAlias, cast

import uvloop

from benchmarks.measuring import Contender, Sample

CONNECTIONS = 64
"""Enough to keep the server busy: one that has to wait for each request pays for being woken as well."""
BROWSER = (
    "host: localhost:8000\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
    "accept: application/json\r\naccept-encoding: gzip, deflate, br\r\naccept-language: en-GB,en;q=0.9\r\n"
    "origin: http://localhost:3000\r\nrid: anti-csrf\r\n"
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server process."""

    port: int
    tokens: list[str]

    def usage(self) -> dict[str, float]:
        """What it has used so far."""
        return cast("dict[str, float]", _get(self.port, "/usage"))

    def load(self, path: str, count: int) -> None:
        """So many requests with a session, the tokens in turn."""
        requests = [
            f"GET {path} HTTP/1.1\r\n{BROWSER}authorization: Bearer {token}\r\n\r\n".encode()
            for token in self.tokens
        ]
        turns = cycle(requests)
        exchange(self.port, [lambda _head: next(turns)] * CONNECTIONS, count)

    def contender(self, name: str, path: str, *, count: int) -> Contender:
        """Requests to one path, measured in the server's CPU."""

        def turn() -> Sample:
            before, started = self.usage()["cpu"], time.perf_counter()
            self.load(path, count)
            wall = time.perf_counter() - started
            return Sample((self.usage()["cpu"] - before) / count * 1e6, wall / count * 1e6)

        return Contender(name, turn)


@contextmanager
def server(name: str, *arguments: str) -> Iterator[Server]:
    """One of `benchmarks.servers`, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.servers.serve", name, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            yield Server(port, cast("list[str]", _get(port, "/tokens")))
        finally:
            process.terminate()


def _get(port: int, path: str) -> object:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
        return json.load(response)


Next: TypeAlias = Callable[[bytes], bytes]
"""The head of the last answer → the next request of this connection; the first gets no head."""


def exchange(port: int, following: list[Next], count: int) -> None:
    """So many requests over as many connections as there are in *following*, each with one request at a time."""
    uvloop.run(_load(port, following, count))


async def _load(port: int, following: list[Next], count: int) -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    left = iter(range(count))
    busy = len(following)

    class Client(asyncio.Protocol):
        transport: asyncio.Transport
        received = b""

        def __init__(self, following: Next) -> None:
            self._following = following

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by class
            self._send(b"")

        def data_received(self, data: bytes) -> None:
            self.received += data
            head, end, body = self.received.partition(b"\r\n\r\n")
            if end and len(body) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
                assert head.startswith(b"HTTP/1.1 200"), head
                self.received = b""
                self._send(head)

        def _send(self, answered: bytes) -> None:
            nonlocal busy
            request = self._following(
                answered
            )  # in any case: it may keep what was answered for the next turn
            if next(left, None) is not None:
                self.transport.write(request)
                return
            self.transport.close()
            busy -= 1
            if not busy:
                done.set()

    for each in following:
        await loop.create_connection(partial(Client, each), "127.0.0.1", port)
    await asyncio.wait_for(done.wait(), 120)
