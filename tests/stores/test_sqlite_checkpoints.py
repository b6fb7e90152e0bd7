"""The write-ahead log is copied into the file beside the writer, and by the writer where that fails."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue.ids import PUBLIC_APP
from segue.stores.contract import Store, blocking
from segue.stores.contract.examples import handle, session
from segue.stores.sqlite import AsyncSqliteStore, SqliteStore
from segue.stores.sqlite.checkpoints import OPERATIONS, PAGES_LEFT_TO_WRITER, Checkpointer
from segue.stores.sqlite.connection import locate, open_writer
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=[SqliteStore, AsyncSqliteStore])
def store(request: pytest.FixtureRequest, folder: Path) -> Iterator[Store]:
    """An empty one."""
    path = folder / "segue.sqlite3"
    if request.param is SqliteStore:
        with SqliteStore(path) as opened:
            yield opened
    else:
        with blocking(lambda: AsyncSqliteStore(path)) as opened:
            yield opened


def checkpointing() -> bool:
    """Whether the thread is there."""
    return any(thread.name == "segue-sqlite-checkpoints" for thread in threading.enumerate())


def test_log_is_copied_by_a_thread(store: Store, folder: Path) -> None:
    """After some hundreds of operations what was in the log is in the file, though the writer would not copy yet."""
    path = folder / "segue.sqlite3"
    before = path.stat().st_size
    for number in range(OPERATIONS):
        store.create_session(session(number, payload={"text": "x" * 500}))
    assert (folder / "segue.sqlite3-wal").stat().st_size < PAGES_LEFT_TO_WRITER * 4096
    wait_until(lambda: path.stat().st_size > before + OPERATIONS * 500, what="the log to be copied")
    assert store.load_session(PUBLIC_APP, handle(OPERATIONS - 1)) is not None


def test_quiet_store_has_no_thread(store: Store) -> None:
    """Where little is written there is nothing beside the writer."""
    store.create_session(session(1))
    assert not checkpointing()


def test_thread_ends_with_the_store(folder: Path) -> None:
    """Closing ends the thread and leaves no log behind."""
    with SqliteStore(folder / "segue.sqlite3") as store:
        for number in range(OPERATIONS):
            store.create_session(session(number))
        assert checkpointing()
    assert not checkpointing()
    assert [path.name for path in folder.iterdir()] == ["segue.sqlite3"]


def test_checkpoints_that_fail(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A thread that cannot work says so once and ends; the writer copies the log when it has grown."""
    path = folder / "segue.sqlite3"
    path.write_bytes(b"no database " * 100)
    checkpointer = Checkpointer(locate(path, synchronous="FULL", busy_timeout=timedelta(seconds=1)))
    for _ in range(3):
        checkpointer.written(OPERATIONS)
    wait_until(lambda: not checkpointing(), what="the thread to end")
    checkpointer.close()
    assert caplog.text.count("copied by whoever writes") == 1


def test_writer_copies_a_log_that_has_grown(folder: Path) -> None:
    """A relieved writer still copies the log itself, only later."""
    location = locate(folder / "segue.sqlite3", synchronous="FULL", busy_timeout=timedelta(seconds=1))
    with closing(open_writer(location)) as writer:
        Checkpointer(location).take_over(writer)
        assert writer.execute("PRAGMA wal_autocheckpoint").fetchone() == (PAGES_LEFT_TO_WRITER,)


# --- who else can read the file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "parent", "said"),
    [
        (0o600, 0o700, ""),
        (0o600, 0o755, ""),
        (0o600, 0o1777, ""),
        (0o640, 0o700, "chmod 600"),
        (0o604, 0o755, "chmod 600"),
        (0o644, 0o777, "chmod 600"),
        (0o600, 0o777, "chmod go-w"),
    ],
    ids=lambda value: f"{value:o}" if isinstance(value, int) else value or "nothing",
)
def test_file_open_to_others(
    folder: Path, caplog: pytest.LogCaptureFixture, file: int, parent: int, said: str
) -> None:
    """One line says that others can read or replace a file that is there; a file of its owner alone needs none."""
    caplog.set_level(logging.WARNING, logger="segue")
    path = folder / "deep" / "segue.sqlite3"
    path.parent.mkdir()
    SqliteStore(path).close()
    path.chmod(file)
    path.parent.chmod(parent)
    assert caplog.records == []
    SqliteStore(path).close()
    assert [said in record.message for record in caplog.records] == ([True] if said else [])


def test_file_still_is_one(folder: Path) -> None:
    """A copied log is a whole database."""
    path = folder / "segue.sqlite3"
    with SqliteStore(path) as store:
        for number in range(3 * OPERATIONS):
            store.create_session(session(number))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
