"""
What callers of a core do: create, refresh, verify, and all of it mixed as back ends do it.

Every caller is one connection and one user's device: it refreshes with the token that it got last.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from benchmarks.core.connection import Connection, Target

SEED = 7
_PAYLOAD = {"iss": "https://api.example.com/auth", "plan": "pro", "roles": ["reader", "writer"]}


@dataclass(slots=True)
class Caller:
    """One device."""

    connection: Connection
    number: int
    choose: random.Random
    access: str = ""
    refresh_token: str = ""

    async def create(self) -> None:
        """A new session."""
        body: dict[str, object] = {
            "userId": f"user-{self.number}-{self.choose.getrandbits(32)}",
            "userDataInJWT": _PAYLOAD,
            "userDataInDatabase": {},
            "useDynamicSigningKey": True,
            "enableAntiCsrf": False,
        }
        self._keep(await self.connection.post("/public/recipe/session", body))

    async def refresh(self) -> None:
        """The next tokens of the session."""
        body: dict[str, object] = {
            "refreshToken": self.refresh_token,
            "enableAntiCsrf": False,
            "useDynamicSigningKey": True,
        }
        self._keep(await self.connection.post("/recipe/session/refresh", body))

    async def verify(self) -> None:
        """The access token held against its session."""
        body: dict[str, object] = {
            "accessToken": self.access,
            "doAntiCsrfCheck": False,
            "enableAntiCsrf": False,
            "checkDatabase": True,
        }
        self._keep(await self.connection.post("/recipe/session/verify", body))

    async def mixed(self) -> None:
        """Seven verifications, two refreshes and one new session in ten."""
        luck = self.choose.random()
        await (self.verify() if luck < 0.7 else self.refresh() if luck < 0.9 else self.create())

    def _keep(self, answer: dict[str, Any]) -> None:
        if "accessToken" in answer:
            self.access = answer["accessToken"]["token"]
        if "refreshToken" in answer:
            self.refresh_token = answer["refreshToken"]["token"]


OPERATIONS: dict[str, Callable[[Caller], Awaitable[None]]] = {
    "create": Caller.create,
    "refresh": Caller.refresh,
    "verify": Caller.verify,
    "mixed": Caller.mixed,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one kind of work took."""

    rate: float
    """Requests a second."""
    p50: float
    """Milliseconds."""
    p99: float
    """Milliseconds."""


@dataclass(slots=True)
class Clocked:
    """How long each request took."""

    seconds: list[float] = field(default_factory=list[float])
    wall: float = 0.0

    def outcome(self) -> Outcome:
        """In figures."""
        cuts = quantiles(self.seconds, n=100, method="inclusive")
        return Outcome(rate=len(self.seconds) / self.wall, p50=cuts[49] * 1e3, p99=cuts[98] * 1e3)


async def work(target: Target, operation: str, *, connections: int, count: int) -> Outcome:
    """So many requests of one kind over so many connections."""
    callers = [
        Caller(await Connection.open(target), number, random.Random(SEED + number))  # noqa: S311 - to be repeated
        for number in range(connections)
    ]
    try:
        for caller in callers:
            await caller.create()
        return (await _clocked(callers, OPERATIONS[operation], count)).outcome()
    finally:
        for caller in callers:
            await caller.connection.close()


async def _clocked(
    callers: Sequence[Caller], act: Callable[[Caller], Awaitable[None]], count: int
) -> Clocked:
    clocked, left = Clocked(), iter(range(count))

    async def keep_busy(caller: Caller) -> None:
        for _ in left:
            began = time.perf_counter()
            await act(caller)
            clocked.seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(keep_busy(caller) for caller in callers))
    clocked.wall = time.perf_counter() - began
    return clocked
