"""A clock that a test moves."""

from __future__ import annotations

from datetime import datetime, timedelta


class ManualClock:
    """Stands still unless moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._now

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self._now += span
