"""
Where the tables lie: files on disk, or databases of a PostgreSQL server of our own, and what that server costs.

House rule: on a disk, and durable, as in real life; a folder in memory would measure something else.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scale.fill import Plan, fill_postgres, fill_sqlite
from segue.stores.ports import AsyncStore
from segue.stores.postgres import AsyncPostgresStore
from segue.stores.sqlite import AsyncSqliteStore
from tests.support.postgres import started_server

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database that can hold tables."""

    fill: Callable[[Plan], tuple[AsyncStore, list[str]]]
    """A new store with so much in it, and refresh tokens of real sessions in it."""
    server_cpu: Callable[[], float]
    """Seconds of CPU that processes other than ours have spent on it so far."""


@contextmanager
def place(kind: str, parent: str | None) -> Generator[Place]:
    """An empty one in a folder of its own below *parent*, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="segue-scale-", dir=parent) as name:
        folder = Path(name)
        if kind == "sqlite":
            yield _sqlite(folder)
            return
        folder.chmod(0o755)
        with started_server(parent=folder) as server:

            def fill(plan: Plan) -> tuple[AsyncStore, list[str]]:
                dsn = server.dsn(server.new_database())
                return AsyncPostgresStore(dsn), fill_postgres(dsn, plan)

            yield Place(fill=fill, server_cpu=lambda: cpu_below(server.folder / "data"))


def _sqlite(folder: Path) -> Place:
    def fill(plan: Plan) -> tuple[AsyncStore, list[str]]:
        path = folder / f"{plan.sessions}.sqlite3"
        tokens = fill_sqlite(str(path), plan)
        return AsyncSqliteStore(path), tokens

    return Place(fill=fill, server_cpu=lambda: 0.0)


def cpu_below(folder: Path) -> float:
    """Of all processes at work in a folder; what an ended one had spent is in its parent's account."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                total += sum(map(int, fields[11:15]))  # its own time in user and system, its ended children's
        except OSError:
            continue
    return total / _TICK
