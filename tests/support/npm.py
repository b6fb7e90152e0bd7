"""
npm packages for tests, installed once from the lock file.

House rule: what runs is what the lock names (`npm ci`), install scripts do not run, and two test runs at the same time
do not install over each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from typing import TYPE_CHECKING

from tests.support.programs import missing, required_program

if TYPE_CHECKING:
    from pathlib import Path

INSTALL_SECONDS = 300


def install(project: Path) -> Path:
    """Return `node_modules` of *project*, made to agree with its lock; skips where the registry is out of reach."""
    npm = required_program("npm", package="nodejs npm")
    modules = project / "node_modules"
    stamp = modules / ".installed-from"
    wanted = hashlib.sha256((project / "package-lock.json").read_bytes()).hexdigest()
    with (project / "package.json").open() as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)  # released when the file is closed
        if not stamp.exists() or stamp.read_text() != wanted:
            _npm_ci(npm, project)
            stamp.write_text(wanted)
    return modules


def _npm_ci(npm: str, project: Path) -> None:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=project, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS
    )
    if done.returncode != 0:
        missing(f"npm ci failed in {project.name}: {done.stderr[-1000:]}")
