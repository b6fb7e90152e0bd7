"""A real Redis for tests: of Debian's package, on a loopback port, keeping nothing on disk, stopped by its own id."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.processes import STOP_SECONDS, NotReady, free_port, wait_until
from tests.support.programs import required_program

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def started_redis(folder: Path) -> Generator[int]:
    """
    Run a server for the length of a block; yields its port.

    Args:
        folder: where its log goes.

    Raises:
        NotReady: it ended before it answered; the text ends with its log.
    """
    program = required_program("redis-server", package="redis-server")
    port, log = free_port(), folder / "redis.log"
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def answers() -> bool:
        if process.poll() is not None:
            raise NotReady(f"redis-server ended: {log.read_text(errors='replace')[-3000:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(answers, what="redis-server to listen")
        yield port
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
