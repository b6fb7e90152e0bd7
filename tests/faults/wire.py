"""
How an honest client speaks to servers that come and go: it asks again until it is answered.

A request without an answer (the connection broke) and an answer of 503 are alike to it: the same request goes out once
more, to another process if there is one. House rule: it never gives up before `PATIENCE`, nor changes what it asks.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.faults.connections import Connections, Reply, Unanswered, Unreachable
from tests.faults.journal import PATIENCE, Journal

if TYPE_CHECKING:
    from tests.faults.service import Process

POLL_SECONDS = 0.02
LATER_SECONDS = 0.1
"""What a client waits that is told to come again in some seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back in the end."""

    status: int
    access: str | None
    refresh: str | None
    body: Mapping[str, Any]
    lost: int
    """How often the same request had been sent in vain before; the server may have acted on each."""
    sent_at: float
    """When the answered one was sent, by the monotonic clock."""


class Wire:
    """The way to one or more processes of one deployment."""

    def __init__(self, processes: Sequence[Process], journal: Journal) -> None:
        """Close it with `close`."""
        self._processes = processes
        self._turns = itertools.count()
        self._under_way = 0
        self._open = asyncio.Event()
        self._open.set()
        self._journal = journal
        self._connections = Connections()

    def close(self) -> None:
        """Let go of the connections."""
        self._connections.close()

    @asynccontextmanager
    async def paused(self) -> AsyncGenerator[None]:
        """Nobody asks any process meanwhile, but for those who name one."""
        self._open.clear()
        try:
            async with asyncio.timeout(PATIENCE):
                while self._under_way:  # noqa: ASYNC110 - at most for as long as one request takes
                    await asyncio.sleep(POLL_SECONDS)
            yield
        finally:
            self._open.set()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] | None = None,
        process: Process | None = None,
    ) -> Answer:
        """
        Ask until there is an answer.

        Args:
            method: of HTTP.
            path: with its query.
            bearer: goes into the Authorization header.
            headers: more of them.
            process: whom to ask; any unless told.
        """
        sent = {"st-auth-mode": "header", **(headers or {})}
        if bearer is not None:
            sent["authorization"] = f"Bearer {bearer}"
        async with asyncio.timeout(PATIENCE):
            for lost in itertools.count():
                if process is None:
                    await self._open.wait()
                asked = process or self._whoever_is_up()
                await asked.up.wait()
                answer = await self._try(asked, method, path, sent, lost=lost)
                if answer is not None:
                    return answer
        raise AssertionError("unreachable: the time-out ends it")

    async def _try(
        self, process: Process, method: str, path: str, headers: Mapping[str, str], *, lost: int
    ) -> Answer | None:
        sent_at = time.monotonic()
        self._under_way += 1
        try:
            reply = await self._connections.request(process.port, method, path, headers)
        except Unreachable:
            await asyncio.sleep(POLL_SECONDS)
            return None
        except Unanswered:
            self._journal.happened["lost"] += 1
            return None
        finally:
            self._under_way -= 1
        if reply.status == 503:
            self._journal.happened["asked to come later"] += 1
            await asyncio.sleep(LATER_SECONDS)
            return None
        return _answer(reply, lost=lost, sent_at=sent_at)

    def _whoever_is_up(self) -> Process:
        process = self._processes[next(self._turns) % len(self._processes)]
        if process.up.is_set():
            return process
        return next((other for other in self._processes if other.up.is_set()), process)


def _answer(reply: Reply, *, lost: int, sent_at: float) -> Answer:
    return Answer(
        status=reply.status,
        access=reply.headers.get("st-access-token"),
        refresh=reply.headers.get("st-refresh-token"),
        body=reply.body,
        lost=lost,
        sent_at=sent_at,
    )
