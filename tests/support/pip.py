"""
Environments of published Python packages for tests, installed once from their lists.

House rule: what runs is what the lists pin, none of it comes near the environment of the tests, and two test runs at
the same time do not install over each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.programs import missing

if TYPE_CHECKING:
    from pathlib import Path

INSTALL_SECONDS = 300


def environment(folder: Path, *lists: Path) -> Path:
    """Return the Python of *folder*/.venv, made to agree with the lists; skips where the index is out of reach."""
    made = folder / ".venv"
    python, stamp = made / "bin" / "python", made / ".installed-from"
    wanted = hashlib.sha256(b"\0".join(file.read_bytes() for file in lists)).hexdigest()
    with lists[0].open() as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)  # released when the file is closed
        if not stamp.exists() or stamp.read_text() != wanted:
            _run([sys.executable, "-m", "venv", "--clear", made])
            install: list[str | Path] = [python, "-m", "pip", "install", "--quiet"]
            _run(install + [word for file in lists for word in ("-r", file)])
            stamp.write_text(wanted)
    return python


def _run(words: list[str | Path]) -> None:
    command = [str(word) for word in words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    if done.returncode != 0:
        missing(f"python -m {command[2]} failed: {done.stderr[-1000:]}")
