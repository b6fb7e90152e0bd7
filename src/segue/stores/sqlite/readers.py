"""
Connections for reading.

In WAL mode a reader sees the last commit and waits for nobody. House rule: a connection serves one caller at a time
and comes back when he is done, so there are as many as ever read at once, and no thread owns one that outlives it.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable

from segue.errors import StoreUnavailable
from segue.flow import Flow, T, drive
from segue.stores.sqlite.connection import Location, open_reader, performer_on


class Readers:
    """A pool that grows as needed; safe for threads without a lock."""

    def __init__(self, location: Location, *, refusal: str | None = None) -> None:
        """With a *refusal* nothing is ever opened, and every caller is told why."""
        self._location = location
        self._refusal = refusal
        self._idle: deque[sqlite3.Connection] = deque()
        self.used = False
        """A connection was opened once."""

    def run(self, make: Callable[[], Flow[T]]) -> T:
        """Run a flow of one statement."""
        connection = self._take()
        try:
            return drive(make(), performer_on(connection))
        finally:
            self._give_back(connection)

    def connections(self) -> tuple[sqlite3.Connection, ...]:
        """Those that serve nobody now."""
        return tuple(self._idle)

    def close(self) -> None:
        """Close those that are idle; the others close when they come back."""
        self._refusal = self._refusal or "the store is closed"
        self._close_idle()

    def _take(self) -> sqlite3.Connection:
        if self._refusal is not None:
            raise StoreUnavailable(self._refusal)
        try:
            return self._idle.pop()
        except IndexError:
            self.used = True
            return open_reader(self._location)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        if self._refusal is not None:
            self._close_idle()

    def _close_idle(self) -> None:
        while True:
            try:
                self._idle.pop().close()
            except IndexError:
                return
