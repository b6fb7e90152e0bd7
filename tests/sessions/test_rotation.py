"""The judge, line by line, and what a rotation leaves behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from segue.ids import PUBLIC_APP, SessionHandle
from segue.sessions.model import Family, Rotation, Session
from segue.sessions.rotation import REUSE, Verdict, judge, refresh_expiry, rotated
from segue.tokens.refresh import RefreshToken, first_refresh_token, succeed
from segue.tokens.secrets import Secrets
from tests.sessions.scene import LIFETIMES, NEXT_SECRET, SECRET, START, Scene

GRACE = timedelta(seconds=30)
HANDLE = SessionHandle("11111111-1111-4111-8111-111111111111")
ONE, TWO = Secrets([SECRET]).primary, Secrets([NEXT_SECRET]).primary


def child(token: RefreshToken, *, anti_csrf: bool = False) -> RefreshToken:
    """Its successor."""
    return succeed(token, ONE, app_id=PUBLIC_APP, anti_csrf=anti_csrf)


FIRST = first_refresh_token(ONE, app_id=PUBLIC_APP, handle=HANDLE, seed=bytes(16), anti_csrf=False)
SECOND = child(FIRST)
THIRD = child(SECOND)
FOURTH = child(THIRD)
SIBLING = succeed(FIRST, TWO, app_id=PUBLIC_APP, anti_csrf=False)
SIBLING_OF_THIRD = child(SECOND, anti_csrf=True)
STRANGER = first_refresh_token(ONE, app_id=PUBLIC_APP, handle=HANDLE, seed=b"x" * 16, anti_csrf=False)


def session(current: RefreshToken, previous: RefreshToken | None) -> Session:
    """A session whose family has just rotated to *current*."""
    made = Scene().sign_in().session
    family = Family(
        current=current.digest,
        previous=previous.digest if previous else None,
        secret_id=ONE.id,
        generation=current.generation,
        rotated_at=START if previous else None,
    )
    return replace(made, handle=HANDLE, family=family)


@pytest.mark.parametrize(
    ("stored", "presented", "after", "verdict"),
    [
        ((FIRST, None), FIRST, 0, Verdict.ROTATE),
        ((SECOND, FIRST), SECOND, 9999, Verdict.ROTATE),
        ((SECOND, FIRST), FIRST, 0, Verdict.REPEAT),
        ((SECOND, FIRST), FIRST, 29.999, Verdict.REPEAT),
        ((SECOND, FIRST), FIRST, 30, Verdict.RECENT_PREVIOUS),
        ((SECOND, FIRST), SIBLING, 0, Verdict.ORPHANED_BRANCH),
        ((SECOND, FIRST), SIBLING, 9999, Verdict.ORPHANED_BRANCH),
        ((THIRD, SECOND), FIRST, 0, Verdict.STALE_LINEAGE),
        ((THIRD, SECOND), SIBLING_OF_THIRD, 0, Verdict.ORPHANED_BRANCH),
        ((FIRST, None), STRANGER, 0, Verdict.STALE_LINEAGE),
        ((SECOND, FIRST), STRANGER, 0, Verdict.STALE_LINEAGE),
        ((FIRST, None), SECOND, 0, Verdict.PROMOTE),
        ((SECOND, FIRST), THIRD, 9999, Verdict.PROMOTE),
        ((SECOND, FIRST), FOURTH, 0, Verdict.PROMOTE),
    ],
)
def test_verdict(
    stored: tuple[RefreshToken, RefreshToken | None], presented: RefreshToken, after: float, verdict: Verdict
) -> None:
    """Each place that a presented token can have beside the stored family has its verdict."""
    now = START + timedelta(seconds=after)
    assert judge(session(*stored), presented, grace=GRACE, now=now) is verdict


@pytest.mark.parametrize("presented", [FIRST, SECOND, THIRD, SIBLING, STRANGER], ids=repr)
def test_time_comes_first(presented: RefreshToken) -> None:
    """When the session's time is over nothing else matters, reuse neither: an old tab is not a thief."""
    old = session(SECOND, FIRST)
    assert judge(old, presented, grace=GRACE, now=old.expires_at) is Verdict.EXPIRED
    before = old.expires_at - timedelta(microseconds=1)
    assert judge(old, presented, grace=GRACE, now=before) is not Verdict.EXPIRED


def test_no_grace() -> None:
    """Without a grace window the parent is reuse in the same instant."""
    assert judge(session(SECOND, FIRST), FIRST, grace=timedelta(0), now=START) is Verdict.RECENT_PREVIOUS


def test_reuse_has_its_three_names() -> None:
    """Exactly the three verdicts of reuse have a name on the wire."""
    assert set(REUSE) == {Verdict.RECENT_PREVIOUS, Verdict.ORPHANED_BRANCH, Verdict.STALE_LINEAGE}
    assert set(REUSE.values()) == {"RECENT_PREV", "ORPHANED_BRANCH", "STALE_LINEAGE"}


def test_rotated_session() -> None:
    """A rotation moves the family on, and the end of the session with it; nothing else changes."""
    before = session(FIRST, None)
    now = before.created_at + timedelta(days=3)
    rotation = Rotation(
        app_id=PUBLIC_APP,
        handle=HANDLE,
        presented=FIRST.digest,
        successor=SECOND.digest,
        secret_id=TWO.id,
        at=now,
    )
    after = rotated(before, rotation)
    assert after.family == Family(
        current=SECOND.digest, previous=FIRST.digest, secret_id=TWO.id, generation=1, rotated_at=now
    )
    assert (after.refreshed_at, after.expires_at) == (now, now + LIFETIMES.refresh)
    assert replace(
        after, family=before.family, refreshed_at=before.refreshed_at, expires_at=before.expires_at
    ) == (before)


def test_rotated_session_of_another_kind_of_key() -> None:
    """A rotation that says by what kind of key is signed from now on is followed."""
    before = session(FIRST, None)
    rotation = Rotation(
        app_id=PUBLIC_APP,
        handle=HANDLE,
        presented=FIRST.digest,
        successor=SECOND.digest,
        secret_id=TWO.id,
        at=before.created_at,
    )
    static = rotated(before, replace(rotation, static_key=True))
    assert static.static_key
    assert rotated(static, rotation).static_key
    assert not rotated(static, replace(rotation, static_key=False)).static_key


def test_absolute_end_is_never_moved() -> None:
    """However late a refresh comes, the absolute end stays."""
    end = START + timedelta(days=30)
    bound = replace(session(FIRST, None), absolute_expires_at=end)
    assert refresh_expiry(bound, START + timedelta(days=29)) == end
    assert refresh_expiry(bound, START - timedelta(days=100)) == START
