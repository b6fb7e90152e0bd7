"""
Group commit for event loops: one thread writes for all who wait.

While it commits, further operations gather; the next transaction takes them all, and each loop is woken once per
transaction. Operations of one turn of a loop are handed over together: else the thread would begin with the first of
64 callers, and the two would fight for the interpreter (190 instead of 150 µs of CPU for a new session). House rule:
one connection, used only by the thread; a caller that is cancelled takes nobody with it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Generic

import msgspec

from segue.errors import SessionError, StoreUnavailable
from segue.flow import Flow, T
from segue.stores.sqlite.checkpoints import Checkpointer
from segue.stores.sqlite.commit import LARGEST_BATCH, Job, commit_together
from segue.stores.sqlite.connection import Location, open_writer

_TOGETHER = LARGEST_BATCH // 4
"""Callers of one turn that are handed over by one `put`: each wakes the thread, which then wants the interpreter."""


class _Caller(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    job: Job[T]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T]


class WriterThread:
    """The one writing connection of a process and the thread that uses it; both begin with the first write."""

    def __init__(self, location: Location, *, refusal: str | None = None) -> None:
        """With a *refusal* nothing is ever opened, and every caller is told why."""
        self._location = location
        self._refusal = refusal
        self._lock = Lock()
        self._queue: SimpleQueue[Sequence[_Caller[Any]] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._checkpointer = Checkpointer(location)
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Caller[Any]]] = {}
        """Callers of a turn that has not ended; each loop touches its own."""

    async def run(self, make: Callable[[], Flow[T]]) -> T:
        """Run a flow in a transaction, perhaps together with others; return when it is committed."""
        if self._refusal is not None:
            raise StoreUnavailable(self._refusal)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        caller = _Caller(job=Job(make), loop=loop, future=future)
        gathered = self._gathered.setdefault(loop, [])
        gathered.append(caller)
        if len(gathered) == 1:
            loop.call_soon(self._hand_over, loop)
        return await future

    def connections(self) -> tuple[sqlite3.Connection, ...]:
        """Those that are open: the thread's, and that of the checkpoints."""
        mine = () if self._connection is None else (self._connection,)
        return mine + self._checkpointer.connections()

    def close(self) -> None:
        """Write what waits, then end the thread and close; blocks."""
        with self._lock:
            self._refusal = self._refusal or "the store is closed"
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()
        self._checkpointer.close()

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        callers = self._gathered.pop(loop)
        try:
            self._enqueue(callers)
        except Exception as error:  # noqa: BLE001 - closed meanwhile, or no thread to be had: nobody waits for ever
            for caller in callers:
                caller.job.refuse(error)
            _settle(callers)

    def _enqueue(self, callers: Sequence[_Caller[Any]]) -> None:
        with self._lock:
            if self._refusal is not None:
                raise StoreUnavailable(self._refusal)
            if self._thread is None:
                # A daemon, so that a store that nobody closed does not keep the process alive.
                self._thread = Thread(target=self._serve, name="segue-sqlite-writer", daemon=True)
                self._thread.start()
            for first in range(0, len(callers), _TOGETHER):
                self._queue.put(callers[first : first + _TOGETHER])

    def _serve(self) -> None:
        try:
            while callers := self._next_batch():
                self._write(callers)
        finally:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _next_batch(self) -> list[_Caller[Any]]:
        """Wait for somebody, then take all that are there; none means the end."""
        batch: list[_Caller[Any]] = []
        following = self._queue.get()
        while following is not None:
            batch += [caller for caller in following if not caller.future.cancelled()]
            if len(batch) > LARGEST_BATCH - _TOGETHER:
                break
            try:
                following = self._queue.get(block=not batch)
            except Empty:
                break
        else:
            if batch:
                self._queue.put(None)  # first what came before the end
        return batch

    def _write(self, callers: Sequence[_Caller[Any]]) -> None:
        try:
            if self._connection is None:
                self._connection = open_writer(self._location)
                self._checkpointer.take_over(self._connection)
        except SessionError as error:
            for caller in callers:
                caller.job.refuse(error)
        else:
            commit_together(self._connection, [caller.job for caller in callers])
        _answer(callers)
        self._checkpointer.written(len(callers))


def _answer(callers: Sequence[_Caller[Any]]) -> None:
    """Wake each loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Caller[Any]]] = {}
    for caller in callers:
        by_loop.setdefault(caller.loop, []).append(caller)
    for loop, mine in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, mine)
        except RuntimeError:
            continue


def _settle(callers: Sequence[_Caller[Any]]) -> None:
    for caller in callers:
        if caller.future.done():
            continue  # cancelled
        try:
            caller.future.set_result(caller.job.outcome())
        except Exception as error:  # noqa: BLE001 - the caller's own
            caller.future.set_exception(error)
