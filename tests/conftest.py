"""
What holds for every test: a missing program skips a test on a developer's machine and fails it under CI.

Mark with `@pytest.mark.needs("node", "npm")`; `browser` implies Chromium.
"""

from __future__ import annotations

import os
import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under CI fail, a test whose programs are not installed."""
    wanted = [str(program) for mark in item.iter_markers("needs") for program in mark.args]
    if item.get_closest_marker("browser"):
        wanted.append("chromium")
    missing = [program for program in wanted if shutil.which(program) is None]
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)}"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
