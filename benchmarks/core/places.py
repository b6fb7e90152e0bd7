"""The cores to be measured: our own on either database with one or two workers, or one that runs already."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.core.connection import Target
from tests.support.processes import free_port

KEY = "benchmark-key-of-thirty-characters"
SECRET = "the deployment secret of a benchmark, long enough"  # noqa: S105 - of nothing else
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A core of ours."""

    target: Target
    pid: int
    started_in: float
    """Seconds from the command to the first answer."""

    def usage(self) -> tuple[float, float]:
        """CPU seconds so far, and resident memory in MiB, of the process and its children."""
        cpu = memory = 0.0
        for pid in _family(self.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            cpu += (int(fields[11]) + int(fields[12])) / _TICKS
            memory += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        return cpu, memory


@contextmanager
def our_core(database: str, *, workers: int) -> Iterator[Running]:
    """`segue core` in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "segue.cli", "core", "--port", str(port), "--database", database]
    command += ["--workers", str(workers)]
    environment = {**os.environ, "API_KEYS": KEY, "SEGUE_SECRET": SECRET}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/hello", process)
            yield Running(
                target=Target(url=url, api_key=KEY),
                pid=process.pid,
                started_in=time.perf_counter() - began,
            )
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.perf_counter() + 30
    while time.perf_counter() < until:
        assert process.poll() is None, "the core ended"
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own address
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.005)
        else:
            return
    raise TimeoutError(url)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]
