"""The old provider's process starts, stops, comes back, and never outlives the demo."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from segue.demo.process import ProviderFailed, ProviderProcess

APP = "http://localhost:8040"
pytestmark = pytest.mark.processes

PARENT = f"""
import asyncio
from segue.demo.process import ProviderProcess

async def main():
    provider = ProviderProcess(app_origins=({APP!r},), backend_secret="s" * 32, port=0)
    await provider.start()
    print(provider.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def new_process(port: int = 0) -> ProviderProcess:
    """A provider that was not started yet."""
    return ProviderProcess(app_origins=(APP,), backend_secret="s" * 32, port=port)


def test_process_answers_stops_and_comes_back_under_its_name() -> None:
    """Once started it answers; stopped, nobody answers; started again it has the same issuer."""

    async def story() -> None:
        provider = new_process()
        async with httpx2.AsyncClient(trust_env=False) as client:
            try:
                await provider.start()
                issuer = provider.issuer
                document = await client.get(f"{issuer}/.well-known/openid-configuration")
                assert document.json()["issuer"] == issuer
                await provider.stop()
                assert provider.pid is None
                with pytest.raises(httpx2.ConnectError):
                    await client.get(f"{issuer}/jwks")
                await provider.start()
                assert provider.issuer == issuer
                assert (await client.get(f"{issuer}/jwks")).status_code == 200
            finally:
                await provider.stop()

    asyncio.run(story())


def test_process_that_cannot_start_says_so() -> None:
    """Two cannot share a port; the second one is reported, not waited for."""

    async def story() -> None:
        first = new_process()
        await first.start()
        try:
            with pytest.raises(ProviderFailed):
                await new_process(int(first.issuer.rpartition(":")[2])).start()
        finally:
            await first.stop()

    asyncio.run(story())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_process_ends_with_the_one_that_started_it(number: signal.Signals) -> None:
    """Whatever ends the demo, even SIGKILL, the provider's process ends too."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        waiting = os.pidfd_open(child)
        try:
            parent.send_signal(number)
            parent.wait(10)
            assert ended(child, waiting)
        finally:
            os.close(waiting)


def ended(pid: int, pidfd: int) -> bool:
    """Wait for a process that is not our child to end, at most ten seconds."""
    readable, _, _ = select.select([pidfd], [], [], 10)
    return bool(readable) or not Path(f"/proc/{pid}").exists()
