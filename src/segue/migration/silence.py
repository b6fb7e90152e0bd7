"""
Which providers give no answer at all at the moment, so that one that is gone does not hold up the others.

Waiting for somebody who does not answer costs ten seconds, and deliveries are made one after the other. Who was silent
several times running is therefore left alone for a while: what is due to him then is put off without being tried. House
rules: kept in this process alone; one answer, of whatever kind, ends it; nothing here reads a clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_PATIENCE = 3
"""Times running: a connection that breaks now and then is no outage."""
_LEFT_ALONE = timedelta(minutes=1)


class SilentProviders:
    """Of one process; shared by its rounds."""

    __slots__ = ("_silent",)

    def __init__(self) -> None:
        self._silent: dict[str, tuple[int, datetime]] = {}

    def is_left_alone(self, provider: str, now: datetime) -> bool:
        """Whether to ask it would only be waiting."""
        times, since = self._silent.get(provider, (0, now))
        return times >= _PATIENCE and abs(now - since) < _LEFT_ALONE

    def gave_no_answer(self, provider: str, now: datetime) -> None:
        """Once more."""
        times, _ = self._silent.get(provider, (0, now))
        self._silent[provider] = (times + 1, now)

    def answered(self, provider: str) -> None:
        """It is there."""
        self._silent.pop(provider, None)
