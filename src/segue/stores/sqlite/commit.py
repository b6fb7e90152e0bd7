"""
Group commit: the operations of several callers in one transaction.

One `fsync` then serves them all. House rule: no caller is answered before the commit, and an operation that fails
leaves its neighbours as if it had never been there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Generic

from segue.errors import StoreUnavailable
from segue.flow import Flow, Perform, T, drive
from segue.stores.sqlite.connection import performer_on, unavailable

LARGEST_BATCH = 256
"""Bounds how long the first of a batch waits for the last."""


class Job(Generic[T]):
    """One caller's operation: the flow it wants run and, once settled, what came of it."""

    __slots__ = ("_error", "_make", "_reply", "settled")

    _reply: T

    def __init__(self, make: Callable[[], Flow[T]]) -> None:
        """*make* makes the flow; called again if the transaction has to be run again."""
        self._make = make
        self._error: Exception | None = None
        self.settled = False
        """The outcome is final: committed or refused."""

    def attempt(self, perform: Perform) -> bool:
        """Run the flow and keep what it returned or raised; whether it returned."""
        self._error = None
        try:
            self._reply = drive(self._make(), perform)
        except Exception as error:  # noqa: BLE001 - it is the caller's, who gets it from `outcome`
            self._error = error
        return self._error is None

    def refuse(self, error: Exception) -> None:
        """Settle without having written: whatever the flow returned is void."""
        self._error = error
        self.settled = True

    def outcome(self) -> T:
        """What the flow returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        if not self.settled:
            raise StoreUnavailable("interrupted before writing")
        return self._reply


def commit_together(connection: sqlite3.Connection, jobs: Sequence[Job[T]]) -> None:
    """
    Run all jobs in one transaction and settle every one of them.

    Never raises for a fault of the database: each job then holds its own `StoreUnavailable`.
    """
    try:
        if not _commit(connection, jobs):
            _commit_apart(connection, jobs)
    except sqlite3.Error as error:
        _roll_back(connection)
        for job in jobs:
            _refuse(job, error)
    except BaseException:
        # An interrupt in the thread that does the work of others: they must not wait for ever.
        _roll_back(connection)
        for job in jobs:
            job.refuse(StoreUnavailable("interrupted while writing"))
        raise
    else:
        for job in jobs:
            job.settled = True


def _commit(connection: sqlite3.Connection, jobs: Sequence[Job[T]]) -> bool:
    """The usual way; False, and nothing written, if one of several jobs failed."""
    connection.execute("BEGIN IMMEDIATE")
    perform = performer_on(connection)
    for job in jobs:
        if not job.attempt(perform):
            _roll_back(connection)
            return len(jobs) == 1
    connection.execute("COMMIT")
    return True


def _commit_apart(connection: sqlite3.Connection, jobs: Sequence[Job[T]]) -> None:
    """All again, each in a savepoint: dearer, and needed only when one of them fails."""
    connection.execute("BEGIN IMMEDIATE")
    perform = performer_on(connection)
    for job in jobs:
        connection.execute("SAVEPOINT job")
        if not job.attempt(perform):
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
    connection.execute("COMMIT")


def _refuse(job: Job[T], error: sqlite3.Error) -> None:
    refusal = unavailable(error)
    refusal.__cause__ = error
    job.refuse(refusal)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
