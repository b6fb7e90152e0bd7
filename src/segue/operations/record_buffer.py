"""
Attempts that wait to be written down: those that were refused, or that changed nothing.

So many a second are kept one by one; of the rest only their numbers, by outcome. Whoever sends a flood of bad tokens
thus fills neither the disk nor the time of the store, and yet every attempt counts. House rule: what was taken and
could not be written comes back under the same ids, so that it counts once even if it was written after all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock

from msgspec import structs

from segue.migration.buckets import Budget
from segue.migration.records import AttemptRecord, Outcome

FLUSH_EVERY = timedelta(seconds=1)
"""So long an attempt may wait."""
_SUM_EVERY = timedelta(seconds=60)
"""So long sums may wait: each of them is a row."""
_ALONE = Budget(burst=200, every=timedelta(seconds=1))
"""How many are kept one by one."""
_MOST = 5_000
"""Records that wait at most, while the store does not answer."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class RecordBuffer:
    """What one process has not written yet; safe for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[AttemptRecord] = []
        self._sums: dict[Outcome, AttemptRecord] = {}
        self._alone = self._flushed_at = self._summed_at = _NEVER

    def add(self, record: AttemptRecord) -> None:
        """One more attempt."""
        with self._lock:
            alone = _ALONE.spent(self._alone, _ALONE.every, now=record.at)
            # What the store may have written although it failed must keep its id, or it would count twice.
            if record.outcome.retryable or _ALONE.free_at(max(self._alone, record.at)) <= record.at:
                self._alone = alone
                self._keep(record)
            else:
                self._sum(record)

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not (self._waiting or self._sums)

    def due(self, now: datetime) -> bool:
        """Whether something has waited long enough."""
        return not self.empty and not (self._flushed_at <= now < self._flushed_at + FLUSH_EVERY)

    def take(self, now: datetime, *, everything: bool) -> tuple[AttemptRecord, ...]:
        """What is to be written now."""
        with self._lock:
            self._flushed_at = now
            if everything or not self._summed_at <= now < self._summed_at + _SUM_EVERY:
                self._summed_at = now
                self._waiting += self._sums.values()
                self._sums = {}
            taken, self._waiting = self._waiting, []
        return tuple(taken)

    def give_back(self, records: tuple[AttemptRecord, ...]) -> None:
        """It could not be written."""
        with self._lock:
            for record in records:
                self._keep(record)

    def _keep(self, record: AttemptRecord) -> None:
        if len(self._waiting) < _MOST:
            self._waiting.append(record)
        else:
            self._sum(record)

    def _sum(self, record: AttemptRecord) -> None:
        """The sum bears the id of its first attempt."""
        sum_ = self._sums.get(record.outcome)
        if sum_ is None:
            self._sums[record.outcome] = structs.replace(record, subject=None, milliseconds=0)
            return
        ends = [end for end in (sum_.old_ends_at, record.old_ends_at) if end is not None]
        self._sums[record.outcome] = structs.replace(
            sum_,
            at=max(sum_.at, record.at),
            old_ends_at=max(ends, default=None),
            count=sum_.count + record.count,
        )
