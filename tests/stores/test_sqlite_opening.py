"""What the SQLite store makes of a path, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue.errors import ConfigurationError, StoreUnavailable
from segue.ids import PUBLIC_APP
from segue.stores.contract.examples import handle, session
from segue.stores.sqlite import AsyncSqliteStore, SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

AT_ONCE = timedelta(milliseconds=1)


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_in_memory(path: str) -> None:
    """A database in memory is refused, and the store for that is named."""
    with pytest.raises(ConfigurationError, match=r"segue\.stores\.memory"):
        SqliteStore(path)


def test_folder_missing(folder: Path) -> None:
    """A folder that is not there is named, not made."""
    with pytest.raises(ConfigurationError, match="no such folder"):
        SqliteStore(folder / "missing" / "segue.sqlite3")


def test_path_is_a_folder(folder: Path) -> None:
    """A folder is no database."""
    with pytest.raises(ConfigurationError, match="it is a folder"):
        SqliteStore(folder)


def test_not_a_database(folder: Path) -> None:
    """A file of something else is refused and left as it is."""
    path = folder / "notes.txt"
    text = "no database " * 1000
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="not an SQLite database"):
        SqliteStore(path)
    assert path.read_text() == text


def test_file_is_the_owners(folder: Path) -> None:
    """The file and its companions can be read by their owner alone."""
    with SqliteStore(folder / "segue.sqlite3") as store:
        store.create_session(session(1))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3


def test_closing_leaves_one_file(folder: Path) -> None:
    """Nothing is open before the first use, and a closed store has put everything into its file."""
    store = SqliteStore(folder / "segue.sqlite3")
    assert [file.name for file in folder.iterdir()] == ["segue.sqlite3"]
    store.create_session(session(1))
    store.close()
    assert [file.name for file in folder.iterdir()] == ["segue.sqlite3"]
    with SqliteStore(folder / "segue.sqlite3") as again:
        assert again.load_session(PUBLIC_APP, handle(1)) == session(1)


def test_closed(folder: Path) -> None:
    """A closed store refuses to read and to write; closing again is nothing."""
    store = SqliteStore(folder / "segue.sqlite3")
    store.create_session(session(1))
    assert store.load_session(PUBLIC_APP, handle(1))
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.create_session(session(2))
    with pytest.raises(StoreUnavailable, match="closed"):
        store.load_session(PUBLIC_APP, handle(1))


def test_closed_before_use(folder: Path) -> None:
    """A store that was never used is closed like any other, and does not open again."""
    store = SqliteStore(folder / "segue.sqlite3")
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.create_session(session(1))


def test_async_closed(folder: Path) -> None:
    """The same holds for the asynchronous store."""

    async def life() -> None:
        async with AsyncSqliteStore(folder / "segue.sqlite3") as store:
            await store.create_session(session(1))
        await store.close()
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.create_session(session(2))
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.load_session(PUBLIC_APP, handle(1))

    asyncio.run(life())


def test_another_process_writes_for_too_long(folder: Path) -> None:
    """A write lock that is held elsewhere is `StoreUnavailable` with SQLite's word; reading goes on."""
    path = folder / "segue.sqlite3"
    with SqliteStore(path, busy_timeout=AT_ONCE) as store, closing(sqlite3.connect(path)) as other:
        store.create_session(session(1))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked") as caught:
            store.create_session(session(2))
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
        assert store.load_session(PUBLIC_APP, handle(1)) == session(1)
        other.rollback()
        store.create_session(session(2))


@pytest.mark.parametrize(("synchronous", "level"), [("FULL", 2), ("NORMAL", 1)])
def test_durability(folder: Path, synchronous: str, level: int) -> None:
    """Commits are as durable as was asked, in WAL mode."""
    store = (
        SqliteStore(folder / "segue.sqlite3", synchronous="NORMAL")
        if synchronous == "NORMAL"
        else SqliteStore(folder / "segue.sqlite3")
    )
    with store:
        store.create_session(session(1))
        (connection,) = store._writer.connections()
        assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
