"""
The server is killed with SIGKILL again and again while honest clients use it: nothing that it said is taken back.

`tests/faults/client.py` says what clients do and hold against it, `tests/faults/judge.py` what is looked for in the
store while the server is dead.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.faults.load import under_load
from tests.faults.old_provider import revocation_endpoint
from tests.faults.service import Process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.journal import Journal

pytestmark = pytest.mark.processes

KILLS = 20
SEED = 20261105


def test_server_killed_twenty_times(store_address: str, tmp_path: Path) -> None:
    """No acknowledged session, rotation, migration or end is lost, nobody is logged out, no thief gets in."""
    journal = asyncio.run(killed_again_and_again(store_address, tmp_path))
    for what in (
        "signed in",
        "migrated",
        "refreshed",
        "called the API",
        "signed out",
        "refused to a thief",
        "lost",
    ):
        assert journal.happened[what] >= KILLS, journal.happened


async def killed_again_and_again(address: str, folder: Path) -> Journal:
    """Kill, look at what is left, start again."""
    async with revocation_endpoint() as provider:
        process = Process(store=address, folder=folder, revocation=provider.url)
        async with under_load([process], seed=SEED) as load:
            for _ in range(KILLS):
                await load.random_moment()
                await process.kill()
                load.judge()
                await process.start()
            await load.settle(provider)
    return load.journal
