"""
Clients at work while a test breaks things, and the account that is settled with them afterwards.

House rule: everything that clients do and when something breaks comes from a seed; only the machine's own timing is not
repeatable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from tests.faults.client import Client
from tests.faults.journal import PATIENCE, End, Journal, Life
from tests.faults.judge import judge_store, left_behind, opened
from tests.faults.wire import POLL_SECONDS, Wire

if TYPE_CHECKING:
    from tests.faults.old_provider import RevocationEndpoint
    from tests.faults.service import Process

CLIENTS = 24
LEASE_SECONDS = 20 * 60.0
"""By which the outbox rows that a killed worker held are free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A deployment, its clients, and what they know."""

    processes: Sequence[Process]
    clients: Sequence[Client]
    tasks: Sequence[asyncio.Task[None]]
    journal: Journal
    wire: Wire
    luck: Random

    async def random_moment(self) -> None:
        """Some answers later, at a moment that falls anywhere between two commits."""
        await self.journal.more_answers(self.luck.randrange(50, 250))
        await asyncio.sleep(self.luck.random() * 0.02)

    def judge(self) -> None:
        """Compare journal and store now; the loop stands still, so that nobody learns anything meanwhile."""
        address = self.processes[0].store
        running = any(process.up.is_set() for process in self.processes)
        with opened(address) if running else left_behind(address) as store:
            self.journal.violations += judge_store(store, self.journal, now=datetime.now(UTC))
        self.journal.hold()

    async def forward(self, seconds: float) -> None:
        """Move the clock of every process on, and no request sees a part of them moved."""
        async with self.wire.paused():
            for process in self.processes:
                await self.wire.ask("POST", f"/control/clock?seconds={seconds}", process=process)
            self.journal.ahead += timedelta(seconds=seconds)

    async def settle(self, provider: RevocationEndpoint) -> None:
        """Let the clients finish, then hold the deployment to everything that they were ever told."""
        for client in self.clients:
            client.leave()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self.tasks)
        self.judge()
        crowd = len(self.clients)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(
                *(
                    self._confirm(client, self.journal.lives[n::crowd])
                    for n, client in enumerate(self.clients)
                )
            )
        self.judge()
        await self._deliver_all(provider)

    async def _confirm(self, client: Client, lives: Sequence[Life]) -> None:
        """What lives can be used and ended, what was ended cannot be used."""
        for life in lives:
            if life.end is End.ENDED:
                await client.find_nothing_left(life)
            elif await client.refresh(life, tabs=2) and await client.call_api(life) and len(life.tokens) > 2:
                await (client.be_robbed(life) if len(life.tokens) % 2 else client.sign_out(life))

    async def _deliver_all(self, provider: RevocationEndpoint) -> None:
        wanted = {life.old_token for life in self.journal.lives if life.old_token is not None}
        await self.forward(LEASE_SECONDS)
        async with asyncio.timeout(PATIENCE):
            while not wanted <= provider.revoked:
                await self.forward(1)
                await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def under_load(
    processes: Sequence[Process], *, seed: int, clients: int = CLIENTS, lag: float = 0.0
) -> AsyncGenerator[Load]:
    """
    Processes that run, and clients that use them until `Load.settle`.

    Args:
        processes: of one deployment; started, and stopped in the end.
        seed: of everything that happens by chance.
        clients: how many at once.
        lag: seconds for which a process may still accept what another one revoked.
    """
    luck, journal = Random(seed), Journal()  # noqa: S311 - to be repeated, not to be secret
    wire = Wire(processes, journal)
    crowd = [
        Client(f"c{number}", wire, journal, luck=Random(luck.random()), lag=lag)  # noqa: S311
        for number in range(clients)
    ]
    tasks: list[asyncio.Task[None]] = []
    try:
        for process in processes:
            await process.start()
        tasks += [asyncio.create_task(client.live()) for client in crowd]
        yield Load(processes=processes, clients=crowd, tasks=tasks, journal=journal, wire=wire, luck=luck)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        wire.close()
        for process in processes:
            process.stop()
