"""A clock that runs with the machine's and can be moved on: the demo's way of showing tomorrow today."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.clock import Clock


class MovableClock:
    """Another clock's time, and some. It never goes back."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._ahead = timedelta()

    @property
    def ahead(self) -> timedelta:
        """How far it was moved on."""
        return self._ahead

    def now(self) -> datetime:
        """The present instant in the demo, aware, in UTC."""
        return self._base.now() + self._ahead

    def move_on(self, by: timedelta) -> None:
        """
        Let *by* pass at once.

        Raises:
            ValueError: *by* is negative.
        """
        if by < timedelta():
            raise ValueError("time does not go back")
        self._ahead += by
