"""
How often something may fail: leaky buckets, each of them one instant (the "generic cell rate algorithm").

A bucket holds so many failures and loses one every so often. All that has to be kept is the instant at which it will be
empty, so a shared counter is one row and one statement. House rule: pure; the same arithmetic holds in the process and
in the store.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """So many failures at once, then one every so often."""

    burst: int
    every: timedelta

    @property
    def capacity(self) -> timedelta:
        """How far ahead of the present a full bucket's end is."""
        return self.burst * self.every

    def spent(self, empty_at: datetime, cost: timedelta, *, now: datetime) -> datetime:
        """When the bucket will be empty after a failure of this cost; never further ahead than its capacity."""
        return min(max(empty_at, now) + cost, now + self.capacity)

    def free_at(self, empty_at: datetime) -> datetime:
        """When there is room for a whole failure again; in the past: now."""
        return empty_at + self.every - self.capacity


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """A failure to be counted in a bucket that processes share."""

    bucket: str
    """A keyed digest: neither addresses nor people can be read from it."""
    cost: timedelta
    capacity: timedelta
