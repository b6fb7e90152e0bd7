"""
Callers who come while a batch is under way, gathered for the next one.

Whoever finds nothing under way goes at once and alone: there is no timer, and a single caller pays nothing. House rule:
nobody is answered before the statement has been committed; where that is unknown, all are told so and nothing is tried
again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Generic

from segue.errors import StoreUnavailable
from segue.stores.postgres.batches import Answer, Item, Kind, RowKey, Settled
from segue.stores.postgres.faults import is_of_one
from segue.stores.sql.statements import Row

LARGEST_BATCH = 256
"""Rows; bounds how long the first of a batch waits for the last."""


class Caller(Generic[Item, Answer]):
    """One who waits, and what came of it."""

    __slots__ = ("error", "item", "settled", "taken")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.taken = False
        """Belongs to a batch."""
        self.settled: Settled[Answer] | None = None
        """None when the batch is over: he has to ask alone."""
        self.error: Exception | None = None

    @property
    def gone(self) -> bool:
        """Does not wait any more."""
        return False

    def wake(self) -> None:
        """The batch is over; called once, also if he has gone."""

    def outcome(self) -> Settled[Answer] | None:
        """The answer, or None: ask alone; raises what the batch failed with."""
        if self.error is not None:
            raise self.error
        return self.settled


class Gathered(Generic[Item, Answer]):
    """A batch: for each row the caller who was first, and those who ride with him."""

    def __init__(self, kind: Kind[Item, Answer], waiting: deque[Caller[Item, Answer]]) -> None:
        """Take callers from the queue, in order, until there is enough for a batch."""
        self._kind = kind
        groups: dict[RowKey, list[Caller[Item, Answer]]] = {}
        while waiting and len(groups) < LARGEST_BATCH:
            caller = waiting.popleft()
            if caller.gone:
                continue
            caller.taken = True
            groups.setdefault(kind.row(caller.item), []).append(caller)
        self._groups = dict(sorted(groups.items()))

    @property
    def items(self) -> Sequence[Item]:
        """Those that go into the statement, in the order of their rows."""
        return [callers[0].item for callers in self._groups.values()]

    @property
    def callers(self) -> Sequence[Caller[Item, Answer]]:
        """All."""
        return [caller for callers in self._groups.values() for caller in callers]

    def settle(self, rows: Sequence[Row]) -> None:
        """Tell each what he may be told, from what the statement returned."""
        answers: Mapping[RowKey, Settled[Answer]] = self._kind.settle(self.items, rows)
        for row, (leader, *riders) in self._groups.items():
            leader.settled = first = answers.get(row)
            if first is not None:
                for rider in riders:
                    rider.settled = self._kind.ride(leader.item, first.answer, rider.item)

    def fail(self, error: Exception) -> None:
        """The statement failed: for all, unless it is one row's fault; then everybody asks alone."""
        if is_of_one(error):
            return
        for caller in self.callers:
            caller.error = _again(error)


def _again(error: Exception) -> Exception:
    """One for each caller, because a raised error collects the frames of who raised it."""
    if not isinstance(error, StoreUnavailable):
        return error
    copy = StoreUnavailable(*error.args)
    copy.__cause__ = error.__cause__
    return copy
