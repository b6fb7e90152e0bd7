"""
Copying the write-ahead log into the file, beside the writer instead of by it.

SQLite lets the commit that finds a thousand pages in the log copy them first. Among millions of sessions they lie
scattered over the file, and everybody who waits for that commit waits for the copying. Here a thread with a connection
of its own does it ("passive": it waits for nobody and holds nobody up), and the writer only if this falls behind. House
rule: this is a convenience; whatever goes wrong here, the log stays whole and the writer copies it.
"""

from __future__ import annotations

import logging
import sqlite3
from threading import Event, Lock, Thread

from segue.errors import SessionError
from segue.stores.sqlite.connection import Location, open_writer

logger = logging.getLogger("segue")

OPERATIONS = 400
"""Between two checkpoints; about a thousand pages."""
PAGES_LEFT_TO_WRITER = 8000
"""A log of so many (32 MB) the writer copies itself."""


class Checkpointer:
    """One of a process; its thread and its connection begin when there is something to do."""

    def __init__(self, location: Location) -> None:
        """*location*: the file, which is there."""
        self._location = location
        self._lock = Lock()
        """Held while the thread begins or ends."""
        self._due = Event()
        self._written = 0
        self._thread: Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._ended = False

    def take_over(self, writer: sqlite3.Connection) -> None:
        """Relieve this writer, which has just been opened."""
        writer.execute(f"PRAGMA wal_autocheckpoint = {PAGES_LEFT_TO_WRITER}")

    def written(self, operations: int) -> None:
        """So many operations were committed; called by one thread at a time."""
        self._written += operations
        if self._written < OPERATIONS:
            return
        self._written = 0
        if self._thread is None:
            self._begin()
        self._due.set()

    def connections(self) -> tuple[sqlite3.Connection, ...]:
        """The one, if it is open."""
        connection = self._connection
        return () if connection is None else (connection,)

    def close(self) -> None:
        """End the thread and close; blocks while it copies."""
        with self._lock:
            self._ended = True
            thread, self._thread = self._thread, None
        self._due.set()
        if thread is not None:
            thread.join()

    def _begin(self) -> None:
        with self._lock:
            if not self._ended:
                # A daemon, so that a store that nobody closed does not keep the process alive.
                self._thread = Thread(target=self._serve, name="segue-sqlite-checkpoints", daemon=True)
                self._thread.start()

    def _serve(self) -> None:
        try:
            self._connection = open_writer(self._location)
            while self._wait():
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except (SessionError, sqlite3.Error) as error:
            logger.warning("SQLite's log is copied by whoever writes from now on: %s", error)
        finally:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _wait(self) -> bool:
        """Until the next one is due; False: no more."""
        self._due.wait()
        self._due.clear()
        return not self._ended
