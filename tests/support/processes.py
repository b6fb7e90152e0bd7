"""
Real processes for tests: started on a loopback port, waited for, stopped by their own id.

House rule: nobody sleeps. Waiting is `wait_until` with a deadline, and a process that dies while it is waited for
fails at once with the end of its log.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")
START_SECONDS = 30.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02


class NotReady(Exception):
    """A process died or did not answer before its deadline; the text ends with its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A process of ours that answers HTTP on 127.0.0.1:*port*."""

    name: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it listens, by address."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Ask it to end, and insist after a while; returns when it is gone."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it without a chance to tidy up, as a crash would; returns when it is gone."""
        self.process.kill()
        self.process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:]


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    port: int,
    logs: Path,
    ready: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    within: float = START_SECONDS,
) -> Server:
    """
    Start a server and return when it answers.

    Args:
        name: of the log file; appended to when the same server is started again.
        command: program and arguments; no shell.
        port: the loopback port that the command listens on.
        logs: folder for its output.
        ready: path that answers below 500 once the server is up.
        env: added to the environment of the tests.
        cwd: working folder.
        within: seconds that it may take.

    Raises:
        NotReady: it ended, or did not answer in time; it is stopped then.
    """
    log = logs / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
    server = Server(name=name, port=port, log=log, process=process)
    try:
        wait_until(lambda: _answers(server, ready), what=f"{name} to answer {ready}", within=within)
    except BaseException as error:
        server.kill()
        error.add_note(server.last_words())
        raise
    return server


def wait_until(check: Callable[[], T | None], *, what: str, within: float = 10.0) -> T:
    """
    Ask again and again until *check* answers something true, and return that.

    Raises:
        NotReady: it did not within the given seconds.
    """
    deadline = time.monotonic() + within
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise NotReady(f"waited {within} s in vain for {what}")
        time.sleep(POLL_SECONDS)


def children(pid: int) -> list[int]:
    """Process ids of all descendants of a process."""
    listed = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for child in listed for one in (child, *children(child))]


def end_by_themselves(watched: list[int]) -> bool:
    """Whether every process behind these descriptors ends within ten seconds; those that do not are killed."""
    late = [descriptor for descriptor in watched if not select.select([descriptor], [], [], 10)[0]]
    for descriptor in late:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    for descriptor in watched:
        os.close(descriptor)
    return not late


def _answers(server: Server, path: str) -> bool:
    if server.process.poll() is not None:
        raise NotReady(f"{server.name} ended with {server.process.returncode}")
    try:
        return httpx2.get(server.url + path, timeout=2).status_code < 500
    except httpx2.TransportError:
        return False
