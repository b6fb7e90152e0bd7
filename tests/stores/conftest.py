"""Where the stores under test keep their files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp below makes a folder of its own


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, in memory where the system has such: hundreds of tests would else wait for the disk."""
    made = Path(tempfile.mkdtemp(prefix="segue-", dir=MEMORY if MEMORY.is_dir() else None))
    yield made
    shutil.rmtree(made)
