"""
`AttemptLog`, `Rollouts` and `Limiter` over dictionaries.

House rule: folding happens under one hold of the lock.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from segue.ids import AppId, whole_milliseconds
from segue.migration.buckets import Spending
from segue.migration.model import DeliveryState
from segue.migration.records import AttemptCount, AttemptRecord, DeliveryCount, operations_before
from segue.migration.rollout import Rollout
from segue.stores.memory.state import MemoryState, kept_record


class MemoryOversight(MemoryState):
    """Attempts, switches, shared limits."""

    def add_attempts(self, records: tuple[AttemptRecord, ...]) -> None:
        """See `AttemptLog.add_attempts`."""
        with self._lock:
            for record in records:
                self._attempts.setdefault((record.app_id, record.operation_id), kept_record(record))

    def count_attempts(self, app_id: AppId) -> tuple[AttemptCount, ...]:
        """See `AttemptLog.count_attempts`."""
        with self._lock:
            counts = [count for (owner, _), count in self._attempt_counts.items() if owner == app_id]
            counts += [_alone(record) for (owner, _), record in self._attempts.items() if owner == app_id]
        summed: dict[object, AttemptCount] = {}
        for count in counts:
            summed[count.outcome] = _added(summed.get(count.outcome), count)
        return tuple(sorted(summed.values(), key=_place))

    def fold_attempts(self, app_id: AppId, *, before: datetime, limit: int) -> int:
        """See `AttemptLog.fold_attempts`."""
        end = operations_before(before)
        with self._lock:
            over = sorted(key for key in self._attempts if key[0] == app_id and key[1] < end)[:limit]
            for key in over:
                count = _alone(self._attempts.pop(key))
                place = (app_id, count.outcome)
                self._attempt_counts[place] = _added(self._attempt_counts.get(place), count)
        return len(over)

    def count_deliveries_by_provider(self, app_id: AppId) -> tuple[DeliveryCount, ...]:
        """See `AttemptLog.count_deliveries_by_provider`."""
        with self._lock:
            found = [delivery for delivery in self._deliveries.values() if delivery.app_id == app_id]
        counted = Counter((each.provider, each.state.value, each.last_error or "") for each in found)
        return tuple(
            DeliveryCount(provider=provider, state=DeliveryState(state), error=error or None, count=count)
            for (provider, state, error), count in sorted(counted.items())
        )

    def load_rollouts(self, app_id: AppId) -> dict[str, Rollout]:
        """See `Rollouts.load_rollouts`."""
        with self._lock:
            return {
                provider: rollout for (owner, provider), rollout in self._rollouts.items() if owner == app_id
            }

    def set_rollout(self, app_id: AppId, provider: str, rollout: Rollout | None, *, at: datetime) -> None:
        """See `Rollouts.set_rollout`; nobody can ask *at* what time."""
        del at
        with self._lock:
            if rollout is None:
                self._rollouts.pop((app_id, provider), None)
            else:
                self._rollouts[app_id, provider] = rollout

    def spend(self, spending: Spending, *, at: datetime) -> datetime:
        """See `Limiter.spend`."""
        now = whole_milliseconds(at)
        with self._lock:
            empty_at = max(self._buckets.get(spending.bucket, now), now)
            empty_at = min(empty_at + spending.cost, now + spending.capacity)
            self._buckets[spending.bucket] = empty_at
        return empty_at

    def delete_buckets(self, *, empty_before: datetime, limit: int) -> int:
        """See `Limiter.delete_buckets`."""
        with self._lock:
            over = sorted(
                (end, name) for name, end in self._buckets.items() if end < whole_milliseconds(empty_before)
            )
            for _, name in over[:limit]:
                del self._buckets[name]
        return len(over[:limit])


def _alone(record: AttemptRecord) -> AttemptCount:
    return AttemptCount(
        outcome=record.outcome,
        count=record.count,
        first_at=record.at,
        last_at=record.at,
        old_ends_at=record.old_ends_at,
    )


def _added(sum_: AttemptCount | None, more: AttemptCount) -> AttemptCount:
    if sum_ is None:
        return more
    ends = [end for end in (sum_.old_ends_at, more.old_ends_at) if end is not None]
    return AttemptCount(
        outcome=sum_.outcome,
        count=sum_.count + more.count,
        first_at=min(sum_.first_at, more.first_at),
        last_at=max(sum_.last_at, more.last_at),
        old_ends_at=max(ends, default=None),
    )


def _place(count: AttemptCount) -> tuple[str, str, str, str, str, bool, bool]:
    each = count.outcome
    return (
        each.provider,
        each.tenant_id,
        each.mode,
        each.stage.value,
        each.code,
        each.retryable,
        each.verified,
    )
