"""
Which migrated sessions are used for the first time: then, and not before, their old sessions are ended.

The outbox holds such deliveries back. A process knows the sessions that they are of, because it loads them in every
round of deliveries and notes those that it makes itself; a request costs one look into a set. What was used is told to
the outbox by the next round. House rule: what is lost with a process is noticed again at the next use, since the outbox
still holds it; who is never used again is ended with the time that his delivery has from the beginning.
"""

from __future__ import annotations

from datetime import datetime

from segue.flow import ask
from segue.ids import AppId, SessionHandle
from segue.migration.ports import Outbox

LIMIT = 10_000
"""Sessions that one process watches for; at two seconds a round, those of a storm have their turn soon enough."""


class FirstUse:
    """Sessions of one app that a delivery waits for; shared by threads and tasks."""

    __slots__ = ("_used", "awaited")

    def __init__(self) -> None:
        self.awaited: set[SessionHandle] = set()
        """Their handles; to be read."""
        self._used: set[SessionHandle] = set()

    def expect(self, handle: SessionHandle) -> None:
        """A session was made whose first use matters."""
        if len(self.awaited) < LIMIT:
            self.awaited.add(handle)

    def note(self, handle: SessionHandle) -> None:
        """A session was used: its access token held, or its refresh token bought another."""
        if handle in self.awaited:
            self._used.add(handle)

    def show(self, handle: SessionHandle) -> None:
        """
        A session's client asked to be migrated again and had it along: the answer that brought it was not lost.

        Also if another process made it a moment ago, and this one does not know yet that it is awaited.
        """
        self._used.add(handle)

    async def tell(self, app_id: AppId, now: datetime) -> None:
        """
        Tell the outbox what was used, and ask it what is still awaited.

        Raises:
            Unavailable: the store does not answer; what was noted is told the next time.
        """
        used = tuple(self._used)
        if used:
            await ask(Outbox.release_deliveries, app_id, used, at=now)
            self._used.difference_update(used)
        self.awaited = set(await ask(Outbox.held_sessions, app_id, limit=LIMIT))
