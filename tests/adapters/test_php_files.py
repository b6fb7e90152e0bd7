"""PHP's session files: found while they last, read when nobody writes them, and never outside of their folder."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue.adapters.php_files import LaravelFiles, PhpFiles
from segue.errors import ConfigurationError, StateUnavailable
from segue.migration.cookies.model import MAX_SESSION
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

ID = "0123456789abcdef0123456789"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def put(path: Path, content: bytes, *, age: timedelta = timedelta(0)) -> None:
    """A file that was changed so long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    changed = (NOW - age).timestamp()
    os.utime(path, (changed, changed))


def test_session_is_found_until_it_is_over(tmp_path: Path) -> None:
    """A file counts as long as PHP would keep it, and not a moment longer."""
    files = PhpFiles(tmp_path, idle=timedelta(minutes=24), clock=ManualClock(NOW))
    assert files.find_session(ID) is None
    put(tmp_path / f"sess_{ID}", b"user_id|i:7;", age=timedelta(minutes=23, seconds=59))
    assert files.find_session(ID) == b"user_id|i:7;"
    put(tmp_path / f"sess_{ID}", b"user_id|i:7;", age=timedelta(minutes=24))
    assert files.find_session(ID) is None


def test_laravel_and_depth(tmp_path: Path) -> None:
    """Laravel's files have no prefix; PHP's may lie in folders named by the id's first letters."""
    key = "Ab3" * 13 + "Z"
    put(tmp_path / key, b"a:0:{}", age=timedelta(minutes=119))
    assert LaravelFiles(tmp_path, clock=ManualClock(NOW)).find_session(key) == b"a:0:{}"
    put(tmp_path / "0" / "1" / f"sess_{ID}", b"x|N;")
    assert PhpFiles(tmp_path, depth=2, clock=ManualClock(NOW)).find_session(ID) == b"x|N;"


def test_end_deletes_the_file(tmp_path: Path) -> None:
    """Ended twice is ended."""
    files = PhpFiles(tmp_path, clock=ManualClock(NOW))
    put(tmp_path / f"sess_{ID}", b"x|N;")
    files.end_session(ID)
    files.end_session(ID)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "key", ["../../../../etc/passwd-and-more", "", "short", f"{ID}/", f"{ID}\0", "*" * 26]
)
def test_key_that_is_a_path(tmp_path: Path, key: str) -> None:
    """What PHP would not make as an id names no file, to be read or to be deleted."""
    inside = tmp_path / "sessions"
    inside.mkdir()
    put(tmp_path / "keep", b"x")
    files = PhpFiles(inside, prefix="", clock=ManualClock(NOW))
    assert files.find_session(key) is None
    files.end_session(key)
    assert (tmp_path / "keep").exists()


def test_link_is_not_followed(tmp_path: Path) -> None:
    """A link in the folder is no session, wherever it leads."""
    put(tmp_path / "secret", b"user_id|i:7;")
    (tmp_path / f"sess_{ID}").symlink_to(tmp_path / "secret")
    with pytest.raises(StateUnavailable, match="ELOOP"):
        PhpFiles(tmp_path, clock=ManualClock(NOW)).find_session(ID)


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe in the folder is no session, and nobody waits for what may come through it."""
    os.mkfifo(tmp_path / f"sess_{ID}")
    assert PhpFiles(tmp_path, clock=ManualClock(NOW)).find_session(ID) is None


def test_file_that_php_is_writing(tmp_path: Path) -> None:
    """While a request of PHP holds its session, nothing is known of it; afterwards it is."""
    files = PhpFiles(tmp_path, clock=ManualClock(NOW))
    path = tmp_path / f"sess_{ID}"
    put(path, b"user_id|i:7;")
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StateUnavailable, match="in use"):
            files.find_session(ID)
    assert files.find_session(ID) == b"user_id|i:7;"


def test_file_that_is_too_large(tmp_path: Path) -> None:
    """Of a file that is too large, one byte more than the bound is read, so that it is refused."""
    put(tmp_path / f"sess_{ID}", b"x" * (MAX_SESSION + 100))
    found = PhpFiles(tmp_path, clock=ManualClock(NOW)).find_session(ID)
    assert found is not None
    assert len(found) == MAX_SESSION + 1


def test_configuration(tmp_path: Path) -> None:
    """A folder that is not there, and values that cannot be, are refused."""
    with pytest.raises(ConfigurationError, match="no folder"):
        PhpFiles(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="PhpFiles"):
        PhpFiles(tmp_path, idle=timedelta(0))
    with pytest.raises(ConfigurationError, match="PhpFiles"):
        PhpFiles(tmp_path, depth=-1)
    with pytest.raises(ConfigurationError, match="PhpFiles"):
        PhpFiles(tmp_path, prefix="../")
