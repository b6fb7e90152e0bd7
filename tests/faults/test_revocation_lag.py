"""
How long a session that one process has revoked is still accepted by another one, which verifies without the store.

The bound is the configured lag, and it holds for every request by the time at which it was sent, however slow the
machine is. `python -m benchmarks.scale.lag` says how much sooner it usually is.
"""

from __future__ import annotations

import asyncio
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.faults import settings
from tests.faults.client import Client
from tests.faults.load import under_load
from tests.faults.service import Process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.wire import Wire

pytestmark = pytest.mark.processes

SEED = 20261108
LAG = settings.LAG.total_seconds()
AT_ONCE, EACH = 10, 10
USES = 80
NOBODY = "http://127.0.0.1:9/"


def test_revocation_is_felt_by_another_process(store_address: str, tmp_path: Path) -> None:
    """No access token is accepted by a request that was sent later than the lag after its session was revoked."""
    lags = asyncio.run(measured_lags(store_address, tmp_path))
    assert len(lags) == AT_ONCE * EACH
    assert max(lags) > 0, "nothing was accepted after its revocation: was it the same process?"


async def measured_lags(address: str, folder: Path, *, pooler: bool = False) -> list[float]:
    """Seconds from each revocation's acknowledgement by one process to the first refusal by the other."""
    processes = [Process(store=address, folder=folder, revocation=NOBODY, pooler=pooler) for _ in range(2)]
    async with under_load(processes, seed=SEED, clients=AT_ONCE) as load:
        for client in load.clients:
            client.leave()
        rounds = [one_after_the_other(client, load.wire, processes, load.luck) for client in load.clients]
        found = await asyncio.gather(*rounds)
        load.journal.hold()
    return [lag for lags in found for lag in lags]


async def one_after_the_other(
    client: Client, wire: Wire, processes: list[Process], luck: Random
) -> list[float]:
    """Sign in, be revoked, see how long that takes to be felt."""
    here, there = processes
    lags: list[float] = []
    for _ in range(EACH):
        life = await client.sign_in()
        assert life is not None
        # So often that the revocation falls anywhere between two looks at the feed.
        for _ in range(luck.randrange(1, USES)):
            used = await wire.ask("GET", "/me", bearer=life.access, process=there)
            assert used.status == 200
        assert (await wire.ask("POST", f"/control/revoke?handle={life.handle}", process=here)).status == 200
        revoked_at = time.monotonic()
        answer = await wire.ask("GET", "/me", bearer=life.access, process=there)
        while answer.status == 200:
            assert answer.sent_at < revoked_at + LAG
            answer = await wire.ask("GET", "/me", bearer=life.access, process=there)
        assert answer.status == 401
        lags.append(answer.sent_at - revoked_at)
    return lags
