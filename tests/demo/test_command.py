"""`segue demo` as a program: what it prints and how it ends."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes

COMMAND = (sys.executable, "-c", "import typer; from segue.cli.demo import demo; typer.run(demo)")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    environment = os.environ | {"COLUMNS": "120", "NO_COLOR": "1"}
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


def test_check_walks_every_step() -> None:
    """`--check` walks the whole journey over HTTP, says how long each step took, and exits 0."""
    done = run("--check", "--port", "0", "--provider-port", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if "✓" in line]
    assert len(lines) == 11
    assert all(re.search(r"\d+ ms", line) for line in lines)
    assert "✗" not in done.stdout
    assert done.stderr == ""


def test_check_does_not_mind_a_running_demo() -> None:
    """Without ports of its own `--check` takes free ones, so two of them can run side by side."""
    first = subprocess.Popen([*COMMAND, "--check"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with first:
        second = run("--check")
        assert (first.wait(60), second.returncode) == (0, 0), second.stdout


@pytest.mark.parametrize("option", ["--port", "--provider-port"])
def test_taken_port(option: str) -> None:
    """A port that is taken is named, with a command that helps, and the exit code is 1."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        free = "--provider-port" if option == "--port" else "--port"
        done = run("--no-open", option, taken, free, "0")
    assert done.returncode == 1
    assert f"port {taken} is taken" in done.stdout
    assert "segue demo --port" in done.stdout
    assert "Traceback" not in done.stderr
