"""
Batches for threads: whoever gets the lock does the work of all who wait.

House rule: what waits for other transactions is done outside the lock, by the caller himself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeAlias

from segue.stores.postgres.batches import Answer, Item, Kind
from segue.stores.postgres.gathering import Caller, Gathered
from segue.stores.postgres.statements import AnyStatement, Parameter
from segue.stores.sql.statements import Row

Execute: TypeAlias = Callable[[AnyStatement, Sequence[Parameter]], list[Row]]


class ThreadBatcher(Generic[Item, Answer]):
    """Runs one kind of batch for the threads of a process."""

    def __init__(
        self, kind: Kind[Item, Answer], *, execute: Execute, alone: Callable[[Item], Answer]
    ) -> None:
        """
        Args:
            kind: what is gathered.
            execute: runs one statement.
            alone: does one item, for whom a batch could not settle.
        """
        self._kind = kind
        self._execute = execute
        self._alone = alone
        self._lock = Lock()
        self._waiting: deque[Caller[Item, Answer]] = deque()

    def run(self, item: Item) -> Answer:
        """Do the item, perhaps together with others; return when it is committed."""
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
