"""Sessions of session-file-store, found and ended in its folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue.adapters.express_files import ExpressFiles
from segue.errors import ConfigurationError, StateUnavailable
from segue.migration.cookies.model import MAX_SESSION
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MILLISECONDS = int(NOW.timestamp() * 1000)


def files(folder: Path) -> ExpressFiles:
    """The folder at an instant that is known."""
    return ExpressFiles(folder, clock=ManualClock(NOW))


def write(folder: Path, key: str, **members: object) -> bytes:
    """A session as session-file-store writes it."""
    content = json.dumps(members).encode()
    (folder / f"{key}.json").write_bytes(content)
    return content


def test_found_and_ended(tmp_path: Path) -> None:
    """A file that is there is a session until it is ended; ending twice is no error."""
    content = write(
        tmp_path, "abc-_1", cookie={"originalMaxAge": 1000}, __lastAccess=MILLISECONDS, userId="u"
    )
    store = files(tmp_path)
    assert store.find_session("abc-_1") == content
    store.end_session("abc-_1")
    assert store.find_session("abc-_1") is None
    store.end_session("abc-_1")


@pytest.mark.parametrize(
    ("members", "alive"),
    [
        ({"cookie": {"originalMaxAge": 60_000}, "__lastAccess": MILLISECONDS - 59_999}, True),
        ({"cookie": {"originalMaxAge": 60_000}, "__lastAccess": MILLISECONDS - 60_000}, False),
        ({"cookie": {"originalMaxAge": None}, "__lastAccess": MILLISECONDS - 3_599_000}, True),
        ({"cookie": {"originalMaxAge": None}, "__lastAccess": MILLISECONDS - 3_600_000}, False),
        ({"__lastAccess": MILLISECONDS}, True),
        ({"cookie": {"originalMaxAge": 60_000}}, False),
        ({"cookie": {"originalMaxAge": 60_000}, "__lastAccess": "now"}, False),
        ({"cookie": {"originalMaxAge": 1e300}, "__lastAccess": MILLISECONDS}, True),
    ],
    ids=repr,
)
def test_end_of_a_file(tmp_path: Path, members: dict[str, object], alive: bool) -> None:
    """A file lies about after its session is over: length and last access decide, or else it is over."""
    write(tmp_path, "k", **members)
    assert (files(tmp_path).find_session("k") is not None) is alive


def test_length_of_the_store(tmp_path: Path) -> None:
    """`ttl` of the store counts where the application has set no length."""
    write(tmp_path, "k", __lastAccess=MILLISECONDS - 7_000_000)
    assert files(tmp_path).find_session("k") is None
    longer = ExpressFiles(tmp_path, lifetime=timedelta(hours=2), clock=ManualClock(NOW))
    assert longer.find_session("k") is not None


@pytest.mark.parametrize(
    "key",
    ["../outside", "..", ".", "", "/etc/passwd", "a/b", "a\\b", "a\x00b", "a\n", ".hidden", "a" * 201, "ä"],
    ids=repr,
)
def test_key_that_leads_out(tmp_path: Path, key: str) -> None:
    """The secret signs what visitors choose, too: no key leads out of the folder, neither to read nor to delete."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    write(tmp_path, "outside", __lastAccess=MILLISECONDS)
    store = files(folder)
    assert store.find_session(key) is None
    store.end_session(key)
    assert (tmp_path / "outside.json").exists()


def test_symbolic_link(tmp_path: Path) -> None:
    """A link that somebody laid into the folder is not followed."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    write(tmp_path, "outside", __lastAccess=MILLISECONDS)
    (folder / "k.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(StateUnavailable):
        files(folder).find_session("k")


def test_encrypted_files(tmp_path: Path) -> None:
    """What is no JSON object, as with its option `secret`, is handed on for the format to refuse."""
    (tmp_path / "k.json").write_bytes(b'"6f7c..."')
    assert files(tmp_path).find_session("k") == b'"6f7c..."'


def test_huge_file(tmp_path: Path) -> None:
    """No more is read than it takes to refuse it."""
    (tmp_path / "k.json").write_bytes(b"x" * (MAX_SESSION * 2))
    assert len(files(tmp_path).find_session("k") or b"") == MAX_SESSION + 1


def test_other_extension(tmp_path: Path) -> None:
    """Its option `fileExtension` is followed, also where it is empty."""
    (tmp_path / "k").write_text(json.dumps({"__lastAccess": MILLISECONDS}))
    assert ExpressFiles(tmp_path, extension="", clock=ManualClock(NOW)).find_session("k") is not None


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there is told at once, not taken for one without sessions."""
    with pytest.raises(ConfigurationError, match="no folder"):
        ExpressFiles(tmp_path / "missing")
