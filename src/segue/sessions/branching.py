"""
What a refresh token means where rotation waits for the first use of the new tokens: the judge of older protocols.

Core-protocol versions up to 5.5 let a parent have any number of children; a lost answer or a second tab simply gets
another one. The first access token of a child that is verified, or the first child that is itself presented,
*promotes* that child: from then on its parent and its siblings are reuse (core protocol 8.3 and 8.4). House rule:
nothing here reads a clock or does I/O.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from msgspec.structs import replace

from segue.ids import Digest, SecretId, TokenHash, whole_milliseconds
from segue.sessions.model import Family, Session
from segue.sessions.rotation import refresh_expiry
from segue.tokens.access import AccessClaims
from segue.tokens.refresh import RefreshToken, digest_hash


class BranchVerdict(Enum):
    """What to do about a presented refresh token."""

    BRANCH = auto()
    """It is the newest in use: it gets a child, and stays good until one of its children is used."""
    PROMOTE = auto()
    """A child of the newest in use: it takes its parent's place, and gets a child."""
    EXPIRED = auto()
    REUSED = auto()
    """Another child of its parent was used before, or its own child was."""


def judge_branch(session: Session, presented: RefreshToken, *, now: datetime) -> BranchVerdict:
    """
    Decide what a refresh token with a good MAC means for the session as stored.

    Args:
        session: of the token's handle.
        presented: what the client sent.
        now: aware UTC instant.
    """
    if now >= session.expires_at:
        return BranchVerdict.EXPIRED
    if presented.digest == session.family.current:
        return BranchVerdict.BRANCH
    if is_child(session, presented.parent):
        return BranchVerdict.PROMOTE
    return BranchVerdict.REUSED


def reuse_subtype(session: Session, presented: RefreshToken) -> str:
    """Which of the core protocol's three kinds of reuse it is."""
    previous = session.family.previous
    if previous is not None and presented.digest == previous:
        return "RECENT_PREV"
    if previous is not None and presented.parent is not None and digest_hash(presented.parent) == previous:
        return "ORPHANED_BRANCH"
    return "STALE_LINEAGE"


def is_child(session: Session, parent: TokenHash | None) -> bool:
    """Whether a token with this parent is a child of the newest in use."""
    return parent is not None and digest_hash(parent) == session.family.current


def is_newest(session: Session, claims: AccessClaims) -> bool:
    """Whether the refresh token beside an access token is the newest in use."""
    return digest_hash(claims.refresh_hash) == session.family.current


def promoted(session: Session, to: Digest, *, secret_id: SecretId, now: datetime) -> Session:
    """
    The session with a child of the newest in its place, and a new term.

    Args:
        session: as stored.
        to: digest of the child.
        secret_id: of the deployment secret that made it, as far as that is known.
        now: aware UTC instant.
    """
    at = whole_milliseconds(now)
    family = Family(
        current=to,
        previous=session.family.current,
        secret_id=secret_id,
        generation=session.family.generation + 1,
        rotated_at=at,
    )
    return replace(session, family=family, refreshed_at=at, expires_at=refresh_expiry(session, at))
