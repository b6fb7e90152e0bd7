"""`segue core` as a process."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.processes import Server, free_port, start

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

API_KEY = "a-key-of-twenty-characters-or-more"
SECRET = "the deployment secret of these tests, long enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """A core that runs."""

    server: Server
    database: str

    @property
    def url(self) -> str:
        """Its connection URI."""
        return self.server.url


def start_core(
    database: str, *, logs: Path, port: int | None = None, settings: Mapping[str, str] | None = None
) -> Core:
    """
    Start a core and return when it answers.

    Args:
        database: a file, `:memory:`, or the address of a PostgreSQL database.
        logs: folder for its output.
        port: where it listens; a free port unless told.
        settings: environment variables.
    """
    port = port or free_port()
    server = start(
        f"core-{port}",
        [sys.executable, "-m", "segue.cli", "core", "--port", str(port), "--database", database],
        port=port,
        logs=logs,
        ready="/hello",
        env={"API_KEYS": API_KEY, "SEGUE_SECRET": SECRET, **(settings or {})},
        cwd=logs,
    )
    return Core(server=server, database=database)


@contextmanager
def running_core(database: str, *, logs: Path, settings: Mapping[str, str] | None = None) -> Generator[Core]:
    """As `start_core`; stopped afterwards."""
    core = start_core(database, logs=logs, settings=settings)
    try:
        yield core
    finally:
        core.server.stop()
