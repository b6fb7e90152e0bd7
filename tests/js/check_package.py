"""
The browser package's own checks: form, strict types, build, size, packaging, the pages' samples, the demo's copy.

Part of `make check`; not collected by `make test`, which runs its suite (`test_suite.py`).
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support import npm
from tests.support.programs import required_program

PACKAGE = Path(__file__).parents[2] / "js" / "browser"


def test_package_holds_to_its_checks() -> None:
    """`npm run check` in js/browser is content; its output says what is not."""
    npm.install(PACKAGE)
    node = required_program("node", package="nodejs npm")
    done = subprocess.run(
        [node, "scripts/check.mjs"], cwd=PACKAGE, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
