"""
Which of a core's hosts is asked first: in turn, those that could not be reached a moment ago last.

House rule: nothing here reads a clock; a host that is down costs one failed connection in a moment, not one a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from segue.remote.settings import CoreHost

AVOIDED_FOR = timedelta(seconds=5)
"""How long a host that could not be reached is asked last."""


class HostRing:
    """
    The hosts of one core as this process sees them.

    Shared by threads: the turn is counted by one indivisible step, the hosts to avoid are replaced, never changed.
    """

    __slots__ = ("_avoided", "_hosts", "_turn")

    def __init__(self, hosts: Sequence[CoreHost]) -> None:
        """*hosts*: at least one."""
        self._hosts = tuple(hosts)
        self._turn = count()
        self._avoided: dict[CoreHost, datetime] = {}

    def order(self, now: datetime) -> tuple[CoreHost, ...]:
        """All hosts, the one to ask first in front."""
        start = next(self._turn) % len(self._hosts)
        turned = (*self._hosts[start:], *self._hosts[:start])
        if not self._avoided:
            return turned
        return tuple(sorted(turned, key=lambda host: self._is_avoided(host, now)))

    def unreachable(self, host: CoreHost, now: datetime) -> None:
        """No connection could be made."""
        self._avoided = {**self._avoided, host: now}

    def reached(self, host: CoreHost) -> None:
        """It answered."""
        if host in self._avoided:
            self._avoided = {other: at for other, at in self._avoided.items() if other != host}

    def _is_avoided(self, host: CoreHost, now: datetime) -> bool:
        at = self._avoided.get(host)
        # Distance, not order: a clock that was set back must not avoid anything for long.
        return at is not None and abs(now - at) < AVOIDED_FOR
