"""The harness itself: what starts old software finds out when it does not, and leaves nothing behind."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.old_providers.launching import launched
from tests.support.processes import NotReady

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes

ECHO = """
import json, os, sys
print(json.dumps({"origin": "http://127.0.0.1:1", "pid": os.getpid()}), flush=True)
print("x" * 1_000_000, flush=True)
sys.stdin.read()
"""


def test_child_ends_with_the_block(tmp_path: Path) -> None:
    """A child that talks on after its first line is not held up by it, and is gone after the block."""
    log = tmp_path / "log"
    with launched([sys.executable, "-c", ECHO], log=log) as software:
        assert software.origin == "http://127.0.0.1:1"
    assert len(log.read_text().strip()) == 1_000_000


def test_child_that_does_not_come_up(tmp_path: Path) -> None:
    """A child that ends before its line fails the test at once, with the end of its log."""
    with (
        pytest.raises(NotReady, match="no such module"),
        launched([sys.executable, "-c", "raise SystemExit('no such module')"], log=tmp_path / "log"),
    ):
        pytest.fail("it came up")
