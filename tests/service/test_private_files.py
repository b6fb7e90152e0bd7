"""Files that hold secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from segue.errors import ConfigurationError
from segue.service.private_files import read_private, write_private

if TYPE_CHECKING:
    from pathlib import Path


def test_written_file_is_closed_whatever_the_umask(tmp_path: Path) -> None:
    """Nobody else can read it, from its first byte on."""
    path = tmp_path / "secret"
    before = os.umask(0)
    try:
        write_private(path, "hush")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_private(path) == "hush"


def test_file_that_is_there_stays(tmp_path: Path) -> None:
    """Without `replace` nothing is overwritten, not even through a link; with it the link goes, not its target."""
    target, path = tmp_path / "target", tmp_path / "secret"
    target.write_text("precious")
    path.symlink_to(target)
    with pytest.raises(FileExistsError):
        write_private(path, "hush")
    write_private(path, "hush", replace=True)
    assert (path.read_text(), target.read_text()) == ("hush", "precious")


@pytest.mark.parametrize("content", [b"\xff" * 40, b"x" * 70_000], ids=["not text", "too large"])
def test_file_that_is_no_secret(tmp_path: Path, content: bytes) -> None:
    """Something else by mistake is refused by its name, without what it holds."""
    path = tmp_path / "secret"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=str(path)) as refused:
        read_private(path)
    assert "xxx" not in str(refused.value)


def test_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    """A folder is refused like a file that cannot be read."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_private(tmp_path)
