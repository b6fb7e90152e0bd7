"""
What every SQL store does for those who watch over migrations: attempts, switches, shared limits.

House rule: a method is one line; what it does stands in the flow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from functools import partial

from segue.flow import Flow, T
from segue.ids import AppId
from segue.migration.buckets import Spending
from segue.migration.records import AttemptCount, AttemptRecord, DeliveryCount, MintedCount
from segue.migration.rollout import Rollout
from segue.sessions.model import ByProvenance
from segue.stores.sql import oversight_flows


class SqlOversight(ABC):
    """For a blocking store."""

    @abstractmethod
    def _read(self, make: Callable[[], Flow[T]]) -> T: ...

    @abstractmethod
    def _write(self, make: Callable[[], Flow[T]]) -> T: ...

    def add_attempts(self, records: tuple[AttemptRecord, ...]) -> None:
        """See `AttemptLog.add_attempts`."""
        self._write(partial(oversight_flows.add_attempts, records))

    def count_attempts(self, app_id: AppId) -> tuple[AttemptCount, ...]:
        """See `AttemptLog.count_attempts`."""
        return self._read(partial(oversight_flows.count_attempts, app_id))

    def fold_attempts(self, app_id: AppId, *, before: datetime, limit: int) -> int:
        """See `AttemptLog.fold_attempts`."""
        return self._write(partial(oversight_flows.fold_attempts, app_id, before=before, limit=limit))

    def count_deliveries_by_provider(self, app_id: AppId) -> tuple[DeliveryCount, ...]:
        """See `AttemptLog.count_deliveries_by_provider`."""
        return self._read(partial(oversight_flows.count_deliveries_by_provider, app_id))

    def count_minted(self, app_id: AppId, minted: ByProvenance, *, at: datetime) -> MintedCount:
        """See `AttemptLog.count_minted`."""
        return self._read(partial(oversight_flows.count_minted, app_id, minted, at=at))

    def load_rollouts(self, app_id: AppId) -> dict[str, Rollout]:
        """See `Rollouts.load_rollouts`."""
        return self._read(partial(oversight_flows.load_rollouts, app_id))

    def set_rollout(self, app_id: AppId, provider: str, rollout: Rollout | None, *, at: datetime) -> None:
        """See `Rollouts.set_rollout`."""
        self._write(partial(oversight_flows.set_rollout, app_id, provider, rollout, at=at))

    def spend(self, spending: Spending, *, at: datetime) -> datetime:
        """See `Limiter.spend`."""
        return self._write(partial(oversight_flows.spend, spending, at=at))

    def delete_buckets(self, *, empty_before: datetime, limit: int) -> int:
        """See `Limiter.delete_buckets`."""
        return self._write(partial(oversight_flows.delete_buckets, empty_before=empty_before, limit=limit))


class AsyncSqlOversight(ABC):
    """The same for an event loop."""

    @abstractmethod
    async def _read(self, make: Callable[[], Flow[T]]) -> T: ...

    @abstractmethod
    async def _write(self, make: Callable[[], Flow[T]]) -> T: ...

    async def add_attempts(self, records: tuple[AttemptRecord, ...]) -> None:
        """See `AttemptLog.add_attempts`."""
        await self._write(partial(oversight_flows.add_attempts, records))

    async def count_attempts(self, app_id: AppId) -> tuple[AttemptCount, ...]:
        """See `AttemptLog.count_attempts`."""
        return await self._read(partial(oversight_flows.count_attempts, app_id))

    async def fold_attempts(self, app_id: AppId, *, before: datetime, limit: int) -> int:
        """See `AttemptLog.fold_attempts`."""
        return await self._write(partial(oversight_flows.fold_attempts, app_id, before=before, limit=limit))

    async def count_deliveries_by_provider(self, app_id: AppId) -> tuple[DeliveryCount, ...]:
        """See `AttemptLog.count_deliveries_by_provider`."""
        return await self._read(partial(oversight_flows.count_deliveries_by_provider, app_id))

    async def count_minted(self, app_id: AppId, minted: ByProvenance, *, at: datetime) -> MintedCount:
        """See `AttemptLog.count_minted`."""
        return await self._read(partial(oversight_flows.count_minted, app_id, minted, at=at))

    async def load_rollouts(self, app_id: AppId) -> dict[str, Rollout]:
        """See `Rollouts.load_rollouts`."""
        return await self._read(partial(oversight_flows.load_rollouts, app_id))

    async def set_rollout(
        self, app_id: AppId, provider: str, rollout: Rollout | None, *, at: datetime
    ) -> None:
        """See `Rollouts.set_rollout`."""
        await self._write(partial(oversight_flows.set_rollout, app_id, provider, rollout, at=at))

    async def spend(self, spending: Spending, *, at: datetime) -> datetime:
        """See `Limiter.spend`."""
        return await self._write(partial(oversight_flows.spend, spending, at=at))

    async def delete_buckets(self, *, empty_before: datetime, limit: int) -> int:
        """See `Limiter.delete_buckets`."""
        return await self._write(
            partial(oversight_flows.delete_buckets, empty_before=empty_before, limit=limit)
        )
