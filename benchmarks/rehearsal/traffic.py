"""
The pages of the crowd: so many connections at once, each person's request tried again as a page does when it may.

House rule: an answer is counted before anything is done about it, so that what the client saw can be held against what
the service says of itself.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.rehearsal.cases import Case
from benchmarks.rehearsal.service import WEBSITE

CONNECTIONS = 64
_AGAIN_AFTER = 1.0
"""Seconds until a page tries again that was told to."""
_TRIES = 300


@dataclass(slots=True)
class Seen:
    """What the pages saw."""

    answers: Counter[str] = field(default_factory=Counter[str])
    """Every answer by its code, those to tries that were made again too."""
    settled: Counter[str] = field(default_factory=Counter[str])
    """The last answer to each case."""
    surprises: list[str] = field(default_factory=list[str])
    """Cases that did not end as they must."""
    migrated: set[str] = field(default_factory=set[str])
    """Tokens that became a session."""
    sessions: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """By token: the sessions that were given out for it."""
    seconds: list[float] = field(default_factory=list[float])
    """How long each answer took."""

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share of answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


async def replay(port: int, cases: Iterator[Case], *, connections: int = CONNECTIONS) -> Seen:
    """Send everybody; returns when each case is settled."""
    seen = Seen()
    async with asyncio.TaskGroup() as pages:
        for _ in range(connections):
            pages.create_task(_page(port, cases, seen))
    _judge(seen)
    return seen


async def _page(port: int, cases: Iterator[Case], seen: Seen) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for case in cases:
            code, session, again = await _ask(reader, writer, case, seen)
            tries = 1
            while again and tries < _TRIES:
                await asyncio.sleep(_AGAIN_AFTER)
                code, session, again = await _ask(reader, writer, case, seen)
                tries += 1
            _settle(case, code, session, seen)
    finally:
        writer.close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, case: Case, seen: Seen
) -> tuple[str, str, bool]:
    began = time.perf_counter()
    writer.write(
        f"POST /auth/migrate-session HTTP/1.1\r\nhost: localhost\r\norigin: {WEBSITE}\r\n"
        f"authorization: Bearer {case.token}\r\nidempotency-key: {case.client_key}\r\n"
        f"x-forwarded-for: {case.address}\r\ncontent-type: application/json\r\n"
        "st-auth-mode: cookie\r\ncontent-length: 2\r\n\r\n{}".encode()
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0])
    body = json.loads(await reader.readexactly(length))
    seen.seconds.append(time.perf_counter() - began)
    code = body.get("result") or body.get("code") or "?"
    seen.answers[code] += 1
    return code, body.get("sessionHandle", ""), head.startswith("HTTP/1.1 503")


def _settle(case: Case, code: str, session: str, seen: Seen) -> None:
    seen.settled[code] += 1
    if session:
        seen.sessions.setdefault(case.token, set()).add(session)
    if code == "MIGRATED":
        if case.token in seen.migrated:
            seen.surprises.append(f"person {case.number} was migrated twice")
        seen.migrated.add(case.token)
    # Two requests with one token race: which of them is the second is theirs to find out.
    both = {"MIGRATED", "REPEATED", "ALREADY_MIGRATED"}
    if code != case.expected and not {code, case.expected} <= both:
        seen.surprises.append(f"person {case.number}: {code} instead of {case.expected}")


def _judge(seen: Seen) -> None:
    """Whatever was tried again and by whom, one token is one session."""
    several = [sessions for sessions in seen.sessions.values() if len(sessions) > 1]
    if several:
        seen.surprises.append(f"{len(several)} tokens were given more than one session")
