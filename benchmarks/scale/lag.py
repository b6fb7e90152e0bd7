"""How long a session that one process has revoked is still accepted by another one: a hundred times, and the spread."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from statistics import quantiles

from benchmarks.reporting import describe_machine
from tests.faults import settings
from tests.faults.test_revocation_lag import measured_lags
from tests.support.postgres import started_server


def measure(kind: str, *, pooler: bool) -> list[float]:
    """Seconds, one for each revocation."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if kind == "sqlite":
            return asyncio.run(measured_lags(str(folder / "lag.sqlite3"), folder))
        with started_server() as server:
            return asyncio.run(measured_lags(server.dsn(server.new_database()), folder, pooler=pooler))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.lag", description=__doc__)
    parser.add_argument("--store", choices=["sqlite", "postgres"], required=True)
    parser.add_argument(
        "--pooler", action="store_true", help="as behind a transaction pooler, where nobody is told"
    )
    chosen = parser.parse_args()
    lags = measure(chosen.store, pooler=chosen.pooler)
    parts = quantiles(lags, n=100)
    machine = describe_machine()
    print(
        f"{chosen.store}, {machine['cpu']}, load {machine['load']}, configured {settings.LAG.total_seconds()} s"
    )
    print(f"{len(lags)} revocations: p50 {parts[49]:.3f} s, p99 {parts[98]:.3f} s, longest {max(lags):.3f} s")


if __name__ == "__main__":
    main()
