"""
Two server processes on one store, each client speaking now to the one and now to the other.

Keys rotate while both run, tabs refresh on both at once, one of them dies: clients notice nothing but retries.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from segue.ids import PUBLIC_APP
from segue.tokens.signing_keys import KeyKind
from tests.faults import settings
from tests.faults.judge import opened
from tests.faults.load import Load, under_load
from tests.faults.old_provider import revocation_endpoint
from tests.faults.service import Process

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.faults.journal import Journal

pytestmark = pytest.mark.processes

SEED = 20261107
LAG = settings.LAG.total_seconds()
ROTATIONS = 3
KILLS = 6
RACES, TABS = 20, 32
EARLY = timedelta(seconds=60)
"""By which the next key is made before the present one ends."""


def test_keys_rotate_while_two_processes_run(store_address: str, tmp_path: Path) -> None:
    """Each rotation makes one key, whichever process is first; nobody is logged out by it or by a jump of the clock."""
    made: dict[str, datetime] = {}

    async def jumps(load: Load) -> None:
        while len(made) <= ROTATIONS:
            await load.random_moment()
            step = load.luck.choice([timedelta(seconds=25), timedelta(minutes=50), settings.KEY_INTERVAL / 2])
            await load.forward(step.total_seconds())
            with opened(store_address) as store:
                keys = store.load_signing_keys(PUBLIC_APP)
            made.update({key.key_id: key.created_at for key in keys if key.kind is KeyKind.DYNAMIC})

    journal = asyncio.run(shared(store_address, tmp_path, jumps))
    assert journal.happened["told to refresh"] > 0, "the clock jumped further than an access token lives"
    gaps = [later - earlier for earlier, later in pairwise(sorted(made.values()))]
    assert min(gaps) >= settings.KEY_INTERVAL - EARLY, gaps


def test_tabs_refresh_on_both_processes_at_once(store_address: str, tmp_path: Path) -> None:
    """However many requests bring one refresh token to both processes, all are answered with one successor."""

    async def races(load: Load) -> None:
        (client,) = load.clients
        client.leave()
        life = await client.sign_in()
        assert life is not None, load.journal.violations
        for _ in range(RACES):
            assert await client.refresh(life, tabs=TABS), load.journal.violations
        load.judge()

    journal = asyncio.run(shared(store_address, tmp_path, races, clients=1))
    assert journal.happened["refreshed"] >= RACES


def test_one_of_two_processes_is_killed(store_address: str, tmp_path: Path) -> None:
    """The other one goes on serving everybody; what the dead one said holds."""

    async def kills(load: Load) -> None:
        for number in range(KILLS):
            process = load.processes[number % 2]
            await load.random_moment()
            await process.kill()
            load.judge()
            await load.random_moment()  # the other one alone
            await process.start()

    journal = asyncio.run(shared(store_address, tmp_path, kills))
    assert journal.happened["lost"] > 0, journal.happened


async def shared(
    address: str, folder: Path, course: Callable[[Load], Awaitable[None]], *, clients: int = 24
) -> Journal:
    """Two processes under load, what the test does to them, and the account at the end."""
    async with revocation_endpoint() as provider:
        processes = [Process(store=address, folder=folder, revocation=provider.url) for _ in range(2)]
        async with under_load(processes, seed=SEED, clients=clients, lag=LAG) as load:
            await course(load)
            await load.settle(provider)
    return load.journal
