"""
What a presented refresh token means for its session: the judge.

Refresh tokens rotate and reuse is detected (RFC 9700 §4.14.2), but a lost answer, a retry or a second tab must not log
anybody out. So the parent may come again inside a *grace window* and gets the same successor. The window starts at the
rotation and never slides, and it ends at once when the successor is used: then the parent is no longer the previous
token. House rule: nothing here reads a clock or does I/O, and no verdict is left to SQL.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from msgspec.structs import replace

from segue.sessions.model import Family, Rotation, Session
from segue.tokens.refresh import RefreshToken, digest_hash


class Verdict(Enum):
    """What to do about a presented refresh token."""

    ROTATE = auto()
    """It is the newest of its family."""
    PROMOTE = auto()
    """It is newer than the newest: the store lost rotations that a client has seen (a fail-over, a restored copy)."""
    REPEAT = auto()
    """It was rotated a moment ago: the same successor once more."""
    EXPIRED = auto()
    RECENT_PREVIOUS = auto()
    """Reuse: rotated last, and the grace window is over."""
    ORPHANED_BRANCH = auto()
    """Reuse: a sibling of the newest."""
    STALE_LINEAGE = auto()
    """Reuse: older than that."""


REUSE = {
    Verdict.RECENT_PREVIOUS: "RECENT_PREV",
    Verdict.ORPHANED_BRANCH: "ORPHANED_BRANCH",
    Verdict.STALE_LINEAGE: "STALE_LINEAGE",
}
"""The three kinds of reuse, by the names that the core protocol gives them."""


def judge(session: Session, presented: RefreshToken, *, grace: timedelta, now: datetime) -> Verdict:
    """
    Decide what a refresh token with a good MAC means for the session as stored.

    Args:
        session: of the token's handle.
        presented: what the client sent.
        grace: 0 to 300 seconds.
        now: aware UTC instant.
    """
    if now >= session.expires_at:
        return Verdict.EXPIRED
    family, digest = session.family, presented.digest
    parent = digest_hash(presented.parent) if presented.parent else None
    if digest == family.current:
        return Verdict.ROTATE
    # Its MAC holds, so it was handed out, after a rotation that this store no longer remembers.
    if parent == family.current or presented.generation > family.generation:
        return Verdict.PROMOTE
    if family.previous is None:
        return Verdict.STALE_LINEAGE
    if digest == family.previous:
        within = family.rotated_at is not None and now < family.rotated_at + grace
        return Verdict.REPEAT if within else Verdict.RECENT_PREVIOUS
    return Verdict.ORPHANED_BRANCH if parent == family.previous else Verdict.STALE_LINEAGE


def refresh_expiry(session: Session, now: datetime) -> datetime:
    """When a refresh token handed out now stops working: sliding, but never beyond the absolute end."""
    sliding = now + session.refresh_lifetime
    return sliding if session.absolute_expires_at is None else min(sliding, session.absolute_expires_at)


def rotated(session: Session, rotation: Rotation, *, generation: int | None = None) -> Session:
    """The session after a rotation; *generation* of the successor where the store's own count has fallen behind."""
    return replace(
        session,
        family=Family(
            current=rotation.successor,
            previous=rotation.presented,
            secret_id=rotation.secret_id,
            generation=session.family.generation + 1 if generation is None else generation,
            rotated_at=rotation.at,
        ),
        refreshed_at=rotation.at,
        static_key=session.static_key if rotation.static_key is None else rotation.static_key,
        expires_at=refresh_expiry(session, rotation.at),
    )
