"""
Group commit for threads: one of those who wait does the work of all.

The caller who finds nobody writing leads: it commits its own operation, alone, and pays for a lock and nothing else.
Those who come meanwhile wait; the first of them is the next leader and takes all the others along. House rule: only
the leader touches the connection, and whatever happens to it, it hands over and wakes those it took along.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any, Generic

import msgspec

from segue.errors import StoreUnavailable
from segue.flow import Flow, T
from segue.stores.sqlite.checkpoints import Checkpointer
from segue.stores.sqlite.commit import LARGEST_BATCH, Job, commit_together
from segue.stores.sqlite.connection import Location, open_writer


class _Follower(msgspec.Struct, Generic[T], kw_only=True, eq=False):
    job: Job[T]
    woken: Lock = msgspec.field(default_factory=Lock)
    """Held while it has to wait."""
    leads: bool = False


class GroupWriter:
    """The one writing connection of a process, shared by its threads; opened by the first write."""

    def __init__(self, location: Location, *, refusal: str | None = None) -> None:
        """With a *refusal* nothing is ever opened, and every caller is told why."""
        self._location = location
        self._refusal = refusal
        self._using = Lock()
        """Held by whoever uses the connection."""
        self._connection: sqlite3.Connection | None = None
        self._checkpointer = Checkpointer(location)
        self._joining = Lock()
        """Held for moments, to read or change the two below."""
        self._led = False
        self._waiting: deque[_Follower[Any]] = deque()

    def run(self, make: Callable[[], Flow[T]]) -> T:
        """Run a flow in a transaction, perhaps together with others; return when it is committed."""
        job = Job(make)
        follower = self._join(job)
        if follower is not None:
            self._wait(follower)
        if follower is None or follower.leads:
            self._lead(job)
        return job.outcome()

    def connections(self) -> tuple[sqlite3.Connection, ...]:
        """Those that are open: the writing one, and that of the checkpoints."""
        mine = () if self._connection is None else (self._connection,)
        return mine + self._checkpointer.connections()

    def close(self) -> None:
        """Close when the transaction that is under way has been committed; who still waits is refused."""
        self._refusal = self._refusal or "the store is closed"
        with self._using:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
        self._checkpointer.close()

    def _join(self, job: Job[T]) -> _Follower[T] | None:
        """Lead from now on (None), or follow."""
        with self._joining:
            if not self._led:
                self._led = True
                return None
            follower = _Follower(job=job)
            follower.woken.acquire()
            self._waiting.append(follower)
            return follower

    def _wait(self, follower: _Follower[T]) -> None:
        try:
            follower.woken.acquire()
        except BaseException:  # interrupted: nobody may count on this thread
            with self._joining:
                if follower in self._waiting:
                    self._waiting.remove(follower)
            if follower.leads:
                self._hand_over([])
            raise

    def _lead(self, job: Job[T]) -> None:
        followers: list[_Follower[Any]] = []
        try:
            with self._using:
                connection = self._open()
                followers = self._take()
                commit_together(connection, [job, *(follower.job for follower in followers)])
                self._checkpointer.written(1 + len(followers))
        finally:
            self._hand_over(followers)

    def _open(self) -> sqlite3.Connection:
        if self._refusal is not None:
            raise StoreUnavailable(self._refusal)
        if self._connection is None:
            self._connection = open_writer(self._location)
            self._checkpointer.take_over(self._connection)
        return self._connection

    def _take(self) -> list[_Follower[Any]]:
        with self._joining:
            count = min(len(self._waiting), LARGEST_BATCH - 1)
            return [self._waiting.popleft() for _ in range(count)]

    def _hand_over(self, answered: list[_Follower[Any]]) -> None:
        with self._joining:
            following = self._waiting.popleft() if self._waiting else None
            self._led = following is not None
        for follower in answered:
            follower.woken.release()
        # Last, so that those who have their answer can come back in time for the next transaction.
        if following is not None:
            following.leads = True
            following.woken.release()
