"""
Old applications that really run: a script as a child process that says in one line of JSON when it is up and where.

House rule: the child lives as long as its standard input stays open, so that nothing is left running when a test run
is killed, and it listens on loopback alone.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from tests.support import npm, pip
from tests.support.processes import START_SECONDS, STOP_SECONDS, NotReady
from tests.support.programs import required_program

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class OldSoftware:
    """An old application that is up."""

    facts: Mapping[str, Any]
    """The line that it wrote: `origin`, and what a test has to know of it."""

    @property
    def origin(self) -> str:
        """Where it listens."""
        return str(self.facts["origin"])

    def client(self, *, cookies: Mapping[str, str] | None = None) -> httpx2.Client:
        """A browser with a jar of its own."""
        return httpx2.Client(base_url=self.origin, cookies=dict(cookies or {}), timeout=10)

    def tell(self, command: str, **words: object) -> Any:
        """Have it do what its operator would: POST to `/_old/<command>`, JSON in, JSON out."""
        with self.client() as client:
            return client.post(f"/_old/{command}", json=words).raise_for_status().json()


@contextmanager
def launched(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Generator[OldSoftware]:
    """
    Run an old application for the length of a block.

    Args:
        command: program and arguments; no shell. It writes one JSON object with `origin` on one line of its standard
            output once it answers, and ends when its standard input is closed.
        log: where everything else that it says goes.
        env: added to the environment of the tests.
        cwd: working folder.

    Raises:
        NotReady: it ended or said nothing in time, or did not end; the text ends with its log.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
        lines: queue.Queue[bytes] = queue.Queue()
        reader = threading.Thread(target=_read, args=(process, lines, log))
        reader.start()
        try:
            yield OldSoftware(_first_line(process, lines, log))
        finally:
            _end(process, reader, log)


@contextmanager
def launched_python(script: str, *, log: Path, **env: str) -> Generator[OldSoftware]:
    """Run a script of `python/` on the published packages of `python/requirements.txt`."""
    folder = HERE / "python"
    python = pip.environment(folder, folder / "requirements.txt")
    clean = {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1", **env}
    with launched([python, folder / script], log=log, env=clean) as software:
        yield software


@contextmanager
def launched_node(script: str, *, log: Path, **env: str) -> Generator[OldSoftware]:
    """Run a script of `node/` on the published packages of its lock file."""
    folder = HERE / "node"
    npm.install(folder)
    node = required_program("node", package="nodejs")
    with launched([node, folder / script], log=log, env={"NODE_ENV": "production", **env}) as software:
        yield software


def _read(process: subprocess.Popen[bytes], lines: queue.Queue[bytes], log: Path) -> None:
    assert process.stdout is not None
    with process.stdout as output:
        lines.put(output.readline())
        with log.open("ab") as rest:  # or the pipe fills up, and the child stops in the middle of a word
            rest.writelines(output)


def _first_line(process: subprocess.Popen[bytes], lines: queue.Queue[bytes], log: Path) -> Mapping[str, Any]:
    try:
        line = lines.get(timeout=START_SECONDS)
    except queue.Empty:
        line = b""
    if not line:
        raise NotReady(f"{process.args!r} did not come up: {_last_words(log)}")
    facts: Mapping[str, Any] = json.loads(line)
    return facts


def _end(process: subprocess.Popen[bytes], reader: threading.Thread, log: Path) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise NotReady(f"{process.args!r} outlived its standard input: {_last_words(log)}") from None
    finally:
        reader.join(STOP_SECONDS)  # at the end of what it says; it closes the pipe itself


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]
