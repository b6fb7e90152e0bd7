"""
A network that loses things: an HTTP proxy on loopback that cuts connections before the server acts, or after it.

It sees what the server really answered, also where the client saw nothing. One request a connection, so that no client
repeats one by itself; one at a time, so that none overtakes another. House rule: what happens to which request is
decided by the test, never by luck.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from tests.support.processes import free_port, wait_until

HEAD_END = b"\r\n\r\n"


class Fate(Enum):
    """What becomes of a request."""

    PASS = "pass"
    BEFORE = "before"
    """The connection is cut, and the server never learns of the request."""
    AFTER = "after"
    """The server has acted; its answer is lost."""
    HALF = "half"
    """The answer's head arrives, and half of its body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request as the proxy saw it."""

    method: str
    path: str
    fate: Fate
    status: int | None
    """What the server answered; None: it was not asked."""
    body: bytes


Schedule: TypeAlias = Callable[[str, str], Fate]
"""(method, path) → what becomes of the request."""


def untouched(_method: str, _path: str) -> Fate:
    """Everything passes."""
    return Fate.PASS


def lossy(seed: int, fates: Sequence[Fate], *, paths: Sequence[str]) -> Schedule:
    """
    A schedule that is the same for the same seed.

    Requests for each of *paths* meet all the *fates* in a random order, then again in another.
    """
    dealt = {path: _dealt(random.Random(f"{seed} {path}"), fates) for path in paths}  # noqa: S311 - to be repeated

    def schedule(_method: str, path: str) -> Fate:
        return next(dealt[path]) if path in dealt else Fate.PASS

    return schedule


def _dealt(chance: random.Random, fates: Sequence[Fate]) -> Iterator[Fate]:
    while True:
        yield from chance.sample(fates, k=len(fates))


@dataclass(slots=True, kw_only=True)
class FlakyProxy:
    """A proxy in a thread of its own, in front of 127.0.0.1:*upstream*."""

    upstream: int
    port: int = field(default_factory=free_port)
    schedule: Schedule = untouched
    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _thread: threading.Thread | None = None

    def answered(self, path: str) -> list[Exchange]:
        """Exchanges of a path that the server answered, whoever saw it."""
        return [one for one in self.exchanges if one.path == path and one.status is not None]

    def start(self) -> None:
        """Return when it listens."""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        wait_until(self._listens, what="the proxy to listen")

    def stop(self) -> None:
        """Return when it is gone."""
        self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join()

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._exchange, "127.0.0.1", self.port)
        async with server:
            await self._stop.wait()
        open_still = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_still:
            task.cancel()
        await asyncio.gather(*open_still, return_exceptions=True)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._pass_on(reader, writer)
        writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(HEAD_END)
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        path = target.partition("?")[0]
        body = await reader.readexactly(_length(head))
        async with self._turn:
            fate = self.schedule(method, path)
            answer = b"" if fate is Fate.BEFORE else await self._ask(head, body)
            status = int(answer.split(b" ", 2)[1]) if answer else None
            said = answer.partition(HEAD_END)[2]
            self.exchanges.append(Exchange(method=method, path=path, fate=fate, status=status, body=said))
        if fate in {Fate.PASS, Fate.HALF}:
            kept = len(answer) if fate is Fate.PASS else len(answer) - (len(said) + 1) // 2
            writer.write(answer[:kept])
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
            lines.insert(1, b"connection: close")
            writer.write(b"\r\n".join(lines) + body)
            return await reader.read()
        finally:
            writer.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


@contextlib.contextmanager
def flaky_proxy(*, upstream: int) -> Generator[FlakyProxy]:
    """A proxy for the length of a block; everything passes until its schedule is changed."""
    proxy = FlakyProxy(upstream=upstream)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
