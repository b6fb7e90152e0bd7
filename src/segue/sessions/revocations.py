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

    Shared by threads, of which any may add; membership is all that is asked of the set. The work of adding is in
    proportion to what is new: the handles of a whole tenant may be in here.
    """

    app_id: AppId
    remembered_for: timedelta
    """One access-token life: after it the token is over by itself."""
    handles: set[SessionHandle] = msgspec.field(default_factory=set[SessionHandle])
    sequence: int = 0
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
        oldest, newest = now - self.remembered_for, self.sequence
        for entry in entries:
            if entry.sequence > self.sequence and entry.app_id == self.app_id and entry.revoked_at >= oldest:
                self.handles.add(entry.handle)
                self.ageing.append((entry.revoked_at, entry.handle))
            newest = max(newest, entry.sequence)
        self.sequence = max(self.sequence, newest)
        self._forget(oldest)

    def _forget(self, oldest: datetime) -> None:
        while self.ageing:
            try:
                revoked_at, handle = first = self.ageing.popleft()
            except IndexError:  # another thread was faster
                return
            if revoked_at >= oldest:
                self.ageing.appendleft(first)
                return
            self.handles.discard(handle)

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
        while True:
            newer = await ask(SessionIndex.revocations_after, feed.sequence, limit=PAGE)
            feed.add(newer, now=now)
            if len(newer) < PAGE:
                break
    except Unavailable:
        if stale is StaleFeed.REFUSE:
            raise
        return  # and ask again at the next request: `checked_at` stays
    feed.confirm(now, doubts=doubts)
