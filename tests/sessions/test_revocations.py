"""Revocation felt without a database read per request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from segue import Config, Engine, HttpSettings, Lifetimes, NewSession
from segue.errors import SessionGone, StoreUnavailable, TokenExpired
from segue.flow import Ask, drive
from segue.ids import PUBLIC_APP, SessionHandle, UserId
from segue.sessions.model import Revocation
from segue.sessions.revocations import PAGE, RevocationFeed, StaleFeed, catch_up
from segue.stores.memory import MemoryStore
from tests.support import issuer
from tests.support.clock import ManualClock

SECOND = timedelta(seconds=1)


class WatchedStore(MemoryStore):
    """A store that counts how often the feed is read, and whose feed can be down."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.down = False

    def revocations_after(self, sequence: int, *, limit: int) -> tuple[Revocation, ...]:
        """See the port."""
        self.reads += 1
        if self.down:
            raise StoreUnavailable("down")
        return super().revocations_after(sequence, limit=limit)


def process(
    store: WatchedStore,
    clock: ManualClock,
    stale: StaleFeed = StaleFeed.REFUSE,
    *,
    access: timedelta = timedelta(hours=1),
) -> Engine:
    """One of several processes on the same store."""
    settings = HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000")
    secret = "a deployment secret for tests, 0123456789"
    config = Config(http=settings, secrets=(secret,), stale_feed=stale, lifetimes=Lifetimes(access=access))
    return Engine(config, store=store, clock=clock)


def issue(engine: Engine) -> tuple[str, SessionHandle]:
    """A session's access token and handle."""
    issued = engine.create_session(NewSession(user_id=UserId("alice"), payload={}, data={}))
    return issued.access.text, issued.session.handle


def test_other_process_feels_a_revocation_within_the_lag() -> None:
    """What one process revokes, another refuses a second later, remembered token or not."""
    store, clock = WatchedStore(), ManualClock(issuer.NOW)
    here, there = process(store, clock), process(store, clock)
    text, handle = issue(here)
    there.verify_access_token(text)
    here.revoke(handle)
    clock.advance(SECOND)
    with pytest.raises(SessionGone):
        there.verify_access_token(text)


def test_own_process_feels_it_at_once() -> None:
    """No clock has to move for the process that revoked."""
    store, clock = WatchedStore(), ManualClock(issuer.NOW)
    engine = process(store, clock)
    text, handle = issue(engine)
    engine.verify_access_token(text)
    engine.revoke(handle)
    with pytest.raises(SessionGone):
        engine.verify_access_token(text)


def test_revoked_while_the_feed_was_read() -> None:
    """What this process revokes while an answer of the feed is on its way is not taken to be in that answer."""
    feed = RevocationFeed(app_id=PUBLIC_APP, remembered_for=timedelta(hours=1))
    looking = catch_up(feed, now=issuer.NOW, stale=StaleFeed.REFUSE)
    looking.send(None)
    feed.expire()
    with pytest.raises(StopIteration):
        looking.send(())
    assert not feed.fresh(issuer.NOW, within=SECOND)


def lost(store: WatchedStore, count: int) -> None:
    """What a fail-over to a replica that lagged does to the feed: its newest entries never were."""
    gone = store._revocations[-count:]
    del store._revocations[-count:]
    store._last_revocation = gone[0].sequence - 1


@pytest.mark.parametrize("later", [1, 3, 4], ids=["before", "up to", "beyond"])
def test_feed_that_went_back(later: int) -> None:
    """What is revoked after a fail-over is felt, though the store hands out numbers that this process has seen."""
    store, clock = WatchedStore(), ManualClock(issuer.NOW)
    here, there = process(store, clock), process(store, clock)
    issued = [issue(here) for _ in range(3 + later)]
    for _, handle in issued[:3]:
        here.revoke(handle)
    there.watch_revocations()
    lost(store, 3)
    for _, handle in issued[3:]:
        here.revoke(handle)
    clock.advance(SECOND)
    for text, _ in issued:
        with pytest.raises(SessionGone):
            there.verify_access_token(text)
    reads = store.reads
    clock.advance(SECOND)
    there.watch_revocations()
    assert store.reads == reads + 1


def test_revoked_again_after_it_came_back() -> None:
    """A session that a fail-over brought back and that is revoked again is remembered from the second time on."""
    lifetime = timedelta(hours=1)
    feed = RevocationFeed(app_id=PUBLIC_APP, remembered_for=lifetime)
    handle = issue(process(WatchedStore(), ManualClock(issuer.NOW)))[1]
    for sequence, at in ((1, issuer.NOW), (1, issuer.NOW + lifetime / 2)):
        feed.add((Revocation(sequence=sequence, app_id=PUBLIC_APP, handle=handle, revoked_at=at),), now=at)
    feed.add((), now=issuer.NOW + lifetime + SECOND)
    assert handle in feed.handles
    feed.add((), now=issuer.NOW + lifetime * 1.5 + SECOND)
    assert handle not in feed.handles


def test_feed_in_pages() -> None:
    """A feed of more than a page is read to its end, page by page."""
    feed = RevocationFeed(app_id=PUBLIC_APP, remembered_for=timedelta(hours=1))
    entries = [
        Revocation(sequence=n, app_id=PUBLIC_APP, handle=SessionHandle(f"h{n}"), revoked_at=issuer.NOW)
        for n in range(1, 2 * PAGE + 1)
    ]
    looking = catch_up(feed, now=issuer.NOW, stale=StaleFeed.REFUSE)
    steps = list[int]()

    def perform(step: Ask[Any]) -> tuple[Revocation, ...]:
        (after,) = step.args
        steps.append(after)
        return tuple(entries[after : after + PAGE])

    drive(looking, perform)
    assert len(feed.handles) == 2 * PAGE
    assert len(steps) == 3


def test_shortened_lifetime_of_access_tokens() -> None:
    """A token from before the lifetime was shortened is not accepted again when its revocation is forgotten."""
    store, clock = WatchedStore(), ManualClock(issuer.NOW)
    text, handle = issue(process(store, clock, access=timedelta(hours=24)))
    process(store, clock).revoke(handle)
    clock.advance(timedelta(minutes=3))
    with pytest.raises((SessionGone, TokenExpired)):
        process(store, clock, access=timedelta(minutes=1)).verify_access_token(text)


def test_one_read_a_second_however_many_requests() -> None:
    """A thousand verifications within a second ask the store once."""
    store, clock = WatchedStore(), ManualClock(issuer.NOW)
    engine = process(store, clock)
    text, _ = issue(engine)
    for _ in range(1000):
        engine.verify_access_token(text)
    assert store.reads == 1
    clock.advance(SECOND)
    engine.verify_access_token(text)
    assert store.reads == 2


def test_feed_that_cannot_be_read_fails_closed() -> None:
    """By default nobody passes while it cannot be known who was revoked; afterwards all is as before."""
    store, clock = WatchedStore(), ManualClock(issuer.NOW)
    engine = process(store, clock)
    text, _ = issue(engine)
    engine.verify_access_token(text)
    store.down = True
    clock.advance(SECOND)
    with pytest.raises(StoreUnavailable):
        engine.verify_access_token(text)
    store.down = False
    assert engine.verify_access_token(text).user_id == "alice"


def test_feed_that_cannot_be_read_may_fail_open() -> None:
    """By choice an outage signs nobody out; who was revoked before it stays out, the others are found after it."""
    store, clock = WatchedStore(), ManualClock(issuer.NOW)
    here, there = process(store, clock), process(store, clock, StaleFeed.ACCEPT)
    (known, known_handle), (late, late_handle) = issue(here), issue(here)
    here.revoke(known_handle)
    with pytest.raises(SessionGone):
        there.verify_access_token(known)
    there.verify_access_token(late)
    store.down = True
    here.revoke(late_handle)
    clock.advance(SECOND)
    assert there.verify_access_token(late).handle == late_handle
    with pytest.raises(SessionGone):
        there.verify_access_token(known)
    store.down = False
    with pytest.raises(SessionGone):
        there.verify_access_token(late)


def test_process_that_starts_later_knows_what_was_revoked_before() -> None:
    """A new process reads the feed from its beginning, not from its own start."""
    store, clock = WatchedStore(), ManualClock(issuer.NOW)
    here = process(store, clock)
    text, handle = issue(here)
    here.revoke(handle)
    with pytest.raises(SessionGone):
        process(store, clock).verify_access_token(text)


def test_more_revocations_than_one_page() -> None:
    """Every page of the feed is read before anybody is answered."""
    store, clock = WatchedStore(), ManualClock(issuer.NOW)
    here = process(store, clock)
    tokens = [issue(here) for _ in range(1100)]
    for _, handle in tokens:
        here.revoke(handle)
    there = process(store, clock)
    for text, _ in (tokens[0], tokens[-1]):
        with pytest.raises(SessionGone):
            there.verify_access_token(text)
