"""
Group commit for threads: whoever gets the lock does the work of all who wait.

A caller that is alone pays for a lock and nothing else. House rule: one connection, used only under the lock.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any

from segue.errors import StoreUnavailable
from segue.flow import Flow, T
from segue.stores.sqlite.commit import LARGEST_BATCH, Job, commit_together
from segue.stores.sqlite.connection import Location, open_writer


class GroupWriter:
    """The one writing connection of a process, shared by its threads; opened by the first write."""

    def __init__(self, location: Location, *, refusal: str | None = None) -> None:
        """With a *refusal* nothing is ever opened, and every caller is told why."""
        self._location = location
        self._refusal = refusal
        self._lock = Lock()
        self._waiting: deque[Job[Any]] = deque()
        self._connection: sqlite3.Connection | None = None

    def run(self, make: Callable[[], Flow[T]]) -> T:
        """Run a flow in a transaction, perhaps together with others; return when it is committed."""
        if self._connection is None:
            with self._lock:
                self._open()
        job = Job(make)
        self._waiting.append(job)
        with self._lock:
            # Unsettled under the lock means still in the queue: whoever takes a job settles it before letting go.
            while not job.settled:
                connection = self._open()
                commit_together(connection, self._take())
        return job.outcome()

    def connections(self) -> tuple[sqlite3.Connection, ...]:
        """The one, if it is open."""
        return () if self._connection is None else (self._connection,)

    def close(self) -> None:
        """Close when the transaction that is under way has been committed; who still waits is refused."""
        with self._lock:
            self._refusal = self._refusal or "the store is closed"
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._refusal is not None:
            raise StoreUnavailable(self._refusal)
        if self._connection is None:
            self._connection = open_writer(self._location)
        return self._connection

    def _take(self) -> list[Job[Any]]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_BATCH))]
