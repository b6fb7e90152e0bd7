"""
PostgreSQL is restarted under load, politely, at once and by a power cut of its processes; the server above stays.

Clients see 503 for as long as it takes and are then served by the same process. That nothing acknowledged is lost rests
on `synchronous_commit` and `fsync`, which the server of the tests has on.
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
    from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.processes

SEED = 20261106
ENDS = ("stop", "stop_at_once", "kill")
"""As `pg_ctl restart -m fast`, `-m immediate`, and as nobody means to: methods of `PostgresServer`."""


@pytest.mark.parametrize("how", ENDS)
def test_postgres_restarted_under_load(how: str, mortal_postgres: PostgresServer, tmp_path: Path) -> None:
    """Nothing acknowledged is lost, nobody is logged out, and the application needs no restart of its own."""
    journal = asyncio.run(restarted_under_load(mortal_postgres, tmp_path, how, times=3))
    for what in ("signed in", "migrated", "refreshed", "called the API", "signed out"):
        assert journal.happened[what] > 0, journal.happened
    assert journal.happened["lost"] == 0, "the application's own connections to its clients stay"
    assert journal.happened["asked to come later"] > 0, "the database was away and nobody noticed"


async def restarted_under_load(server: PostgresServer, folder: Path, how: str, *, times: int) -> Journal:
    """Stop the database, start it, look at what it holds."""
    async with revocation_endpoint() as provider:
        address = server.dsn(server.new_database())
        process = Process(store=address, folder=folder, revocation=provider.url)
        async with under_load([process], seed=SEED + ENDS.index(how)) as load:
            for _ in range(times):
                await load.random_moment()
                await asyncio.to_thread(getattr(server, how))
                await asyncio.to_thread(server.start)
                load.judge()
            await load.settle(provider)
    return load.journal
