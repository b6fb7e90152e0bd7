"""
Revocation felt by stateless verification: which sessions are dead although their access tokens have time left.

Every process keeps the handles revoked within one access-token life and asks the store for newer ones at most once a
second: one indexed read a second, none a request. Whoever verifies with a feed that is older than that catches up
first, so a lost connection or a process that slept cannot answer from the past. House rule: pure state and one flow;
what happens when the store does not answer is a named choice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from segue.errors import Unavailable
from segue.flow import ask
from segue.ids import AppId, SessionHandle
from segue.sessions.model import Revocation
from segue.sessions.ports import SessionIndex

PAGE = 1000
"""Entries asked for at a time."""


class StaleFeed(Enum):
    """What verification does while the store cannot be asked what was revoked."""

    REFUSE = "refuse"
    """Answer 503: nobody passes whose session may be revoked."""
    ACCEPT = "accept"
    """Go on with what is known: an outage of the database signs nobody out, and revocations wait for its end."""


class RevocationFeed(msgspec.Struct):
    """
    The revoked handles that matter, of one app, in one process.

    Shared by threads, of which any may add; membership is all that others ask of the handles. The work of adding is in
    proportion to what is new: the handles of a whole tenant may be in here.
    """

    app_id: AppId
    remembered_for: timedelta
    """One access-token life: after it the token is over by itself."""
    handles: dict[SessionHandle, datetime] = msgspec.field(default_factory=dict[SessionHandle, datetime])
    """With the instants of their revocations."""
    last: Revocation | None = None
    """The last entry seen."""
    checked_at: datetime | None = None
    """When the store was last asked, with success."""
    ageing: deque[tuple[datetime, SessionHandle]] = msgspec.field(
        default_factory=deque[tuple[datetime, SessionHandle]]
    )
    """The same handles with the instants of their revocations, oldest first."""
    doubts: int = 0
    """How often something was revoked here. What was asked for before is not known to be complete after."""

    def fresh(self, now: datetime, *, within: timedelta) -> bool:
        """Whether what is known is no older than *within*."""
        return self.checked_at is not None and self.checked_at <= now < self.checked_at + within

    def add(self, entries: Iterable[Revocation], *, now: datetime) -> None:
        """Take in newer entries and forget those whose tokens are over."""
        oldest = now - self.remembered_for
        for entry in entries:
            if entry.app_id == self.app_id and entry.revoked_at >= oldest:
                self._note(entry)
            self.last = entry
        self._forget(oldest)

    def _note(self, entry: Revocation) -> None:
        known = self.handles.get(entry.handle)
        # Twice: read anew, or revoked again after the store lost the first time. The later one counts.
        if known is None or known < entry.revoked_at:
            self.handles[entry.handle] = entry.revoked_at
            self.ageing.append((entry.revoked_at, entry.handle))

    def _forget(self, oldest: datetime) -> None:
        while self.ageing:
            try:
                revoked_at, handle = first = self.ageing.popleft()
            except IndexError:  # another thread was faster
                return
            if revoked_at >= oldest:
                self.ageing.appendleft(first)
                return
            if self.handles.get(handle) == revoked_at:
                self.handles.pop(handle, None)

    def expire(self) -> None:
        """Something was revoked just now: the next verification has to ask."""
        self.doubts += 1
        self.checked_at = None

    def confirm(self, now: datetime, *, doubts: int) -> None:
        """All is known that was revoked before *now*, unless something was revoked since *doubts* was read."""
        self.checked_at = now
        if self.doubts != doubts:
            self.checked_at = None


async def catch_up(feed: RevocationFeed, *, now: datetime, stale: StaleFeed) -> None:
    """
    Ask for what was revoked since the last time.

    Raises:
        Unavailable: the store does not answer, and *stale* says to refuse.
    """
    doubts = feed.doubts
    try:
        while await _read_on(feed, now):
            pass
    except Unavailable:
        if stale is StaleFeed.REFUSE:
            raise
        return  # and ask again at the next request: `checked_at` stays
    feed.confirm(now, doubts=doubts)


async def _read_on(feed: RevocationFeed, now: datetime) -> bool:
    """Read one page; whether there is more."""
    # From the last entry on, that one included: if it is not there any more, the store has forgotten it as too old, or
    # has gone back (a fail-over to a replica that lagged, a restored copy) and hands out its number once more.
    last = feed.last
    entries = await ask(SessionIndex.revocations_after, last.sequence - 1 if last else 0, limit=PAGE)
    if last is not None and entries[:1] != (last,):
        feed.last = None
        return True
    feed.add(entries[1:] if last else entries, now=now)
    return len(entries) == PAGE
