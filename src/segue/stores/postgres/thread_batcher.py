"""
Batches for threads: whoever gets the lock does the work of all who wait.

House rule: what may wait for other transactions is done outside the lock, by the caller himself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import BoundedSemaphore, Lock
from typing import Generic, TypeAlias

from segue.stores.postgres.batches import Answer, Item, Kind
from segue.stores.postgres.gathering import Caller, Gathered
from segue.stores.postgres.statements import AnyStatement, Parameter
from segue.stores.sql.statements import Row

Execute: TypeAlias = Callable[[AnyStatement, Sequence[Parameter]], list[Row]]


SOLOS = 2
"""Callers who go alone at once while no batch is under way; whoever comes besides begins a batch."""


class ThreadBatcher(Generic[Item, Answer]):
    """Runs one kind of batch for the threads of a process; one batch at a time."""

    def __init__(
        self, kind: Kind[Item, Answer], *, execute: Execute, alone: Callable[[Item], Answer]
    ) -> None:
        """
        Args:
            kind: what is gathered.
            execute: runs one statement.
            alone: does one item by the cheapest statement for one, which may wait for other transactions.
        """
        self._kind = kind
        self._execute = execute
        self._alone = alone
        self._solos = BoundedSemaphore(SOLOS)
        self._lock = Lock()
        self._waiting: deque[Caller[Item, Answer]] = deque()

    @property
    def waiting(self) -> int:
        """How many callers are in no batch yet."""
        return len(self._waiting)

    def run(self, item: Item) -> Answer:
        """Do the item, perhaps together with others; return when it is committed."""
        if not self._lock.locked() and self._solos.acquire(blocking=False):
            try:
                return self._alone(item)
            finally:
                self._solos.release()
        caller: Caller[Item, Answer] = Caller(item)
        self._waiting.append(caller)
        with self._lock:
            # Not taken under the lock means still in the queue; taken means that its batch is over.
            while not caller.taken:
                self._serve(Gathered(self._kind, self._waiting))
        settled = caller.outcome()
        return self._alone(item) if settled is None else settled.answer

    def _serve(self, batch: Gathered[Item, Answer]) -> None:
        try:
            batch.settle(self._execute(self._kind.statement, self._kind.parameters(batch.items)))
        except Exception as error:  # noqa: BLE001 - it is the callers'
            batch.fail(error)
