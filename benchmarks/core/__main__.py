"""
`python -m benchmarks.core`: the core service over HTTP at 1, 16 and 64 connections, for 1 and 2 workers.

With `--url` and `--api-key` it measures any core that speaks the protocol, so that another one can stand beside ours
in the same run; nothing is started then. Client and server share the machine: rates are those of both together, and
the server's CPU per request is the figure to compare.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.core.connection import Target
from benchmarks.core.places import Running, our_core
from benchmarks.core.work import OPERATIONS, Outcome, work
from benchmarks.reporting import RESULTS, describe_machine
from tests.support.postgres import started_server

CONNECTIONS = (1, 16, 64)
REQUESTS = {1: 400, 16: 1600, 64: 3200}
Figures = dict[str, float]


def main() -> None:
    """Measure and print."""
    chosen = _arguments()
    results: dict[str, dict[str, Figures]] = {}
    if chosen.url:
        target = Target(url=chosen.url, api_key=chosen.api_key, cdi_version=chosen.cdi)
        results[chosen.url] = _measure(target, None, chosen.rounds)
    else:
        for name, database, workers in _places(chosen.stores):
            with database as address, our_core(address, workers=workers) as core:
                results[name] = _measure(core.target, core, chosen.rounds)
                results[name]["process"] = {
                    "start_s": round(core.started_in, 3),
                    "rss_mib": round(core.usage()[1], 1),
                }
                print(f"{name}: {results[name]['process']}", flush=True)
    if chosen.save:
        kept = {"machine": describe_machine(), "cores": results}
        (RESULTS / "core.json").write_text(json.dumps(kept, indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.core", description=__doc__)
    parser.add_argument("--url", help="connection URI of a core that runs already")
    parser.add_argument("--api-key", help="of that core")
    parser.add_argument("--cdi", default="5.4", help="protocol version to speak")
    parser.add_argument("--stores", nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", action="store_true", help="keep the result as the new baseline")
    return parser.parse_args()


def _places(stores: list[str]) -> Iterator[tuple[str, contextlib.AbstractContextManager[str], int]]:
    for store in stores:
        for workers in (1, 2):
            place = _sqlite() if store == "sqlite" else _postgres()
            yield f"{store}, {workers} worker{'s' * (workers > 1)}", place, workers


@contextlib.contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield str(Path(folder) / "core.sqlite3")


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    # On a disk, as in life; the tests keep theirs in memory.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with started_server(parent=Path(folder)) as server:
            yield server.dsn(server.new_database())


def _measure(target: Target, core: Running | None, rounds: int) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for operation in OPERATIONS:
        for connections in CONNECTIONS:
            before = core.usage()[0] if core else 0.0
            count = REQUESTS[connections]
            turns = [
                asyncio.run(work(target, operation, connections=connections, count=count))
                for _ in range(rounds)
            ]
            figures = _medians(turns)
            if core:
                requests = rounds * (count + connections)
                figures["server_cpu_us"] = round((core.usage()[0] - before) / requests * 1e6)
            name = f"{operation}, {connections} connections"
            found[name] = figures
            print(f"  {target.url} {name:<26} {figures}", flush=True)
    return found


def _medians(turns: list[Outcome]) -> Figures:
    return {
        "per_second": round(median(turn.rate for turn in turns)),
        "p50_ms": round(median(turn.p50 for turn in turns), 2),
        "p99_ms": round(median(turn.p99 for turn in turns), 2),
    }


if __name__ == "__main__":
    main()
