"""
Finding programs that a test cannot do without.

A missing program skips the test on a contributor's machine and fails it where everything is required (`CI=true` or
`SEGUE_REQUIRE_ALL=1`). House rule: a skip names the Debian package that mends it.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def required_program(name: str, *, package: str) -> str:
    """Path of program *name*; skips or fails the test when it is not there, naming Debian's *package*."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed (Debian: apt-get install {package})")
    return found


def missing(reason: str) -> NoReturn:
    """Fail where everything is required, else skip."""
    if os.environ.get("CI") == "true" or os.environ.get("SEGUE_REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
