"""
What becomes of a session, told once more and in the plainest way: one counter and one instant instead of digests.

Written from what is promised, not from the code, and compared with it in `test_random_life.py`. Instants and spans are
milliseconds. House rule: nothing of `segue.sessions` or `segue.tokens` is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Said(Enum):
    """What a refresh is answered."""

    TOKENS = "tokens"
    UNPROVEN = "anti-CSRF token missing or wrong"
    UNKNOWN = "no such session"
    EXPIRED = "its time is over"
    RECENT = "RECENT_PREV"
    STALE = "STALE_LINEAGE"
    REVOKED = "revoked"
    """Not of a refresh: the session was there, and is gone now."""

    @property
    def theft(self) -> bool:
        """Whether the family ends with this answer."""
        return self in {Said.RECENT, Said.STALE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a refresh has to be answered."""

    said: Said
    place: int = -1
    """Number of the token that is handed out."""
    proof: bool = False
    """Whether it comes with an anti-CSRF token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long things live."""

    access: int
    sliding: int
    """What a refresh moves the end by."""
    absolute: int | None
    grace: int


@dataclass(slots=True, kw_only=True)
class Life:
    """One session: its refresh tokens are numbered from 0."""

    times: Times
    user: str
    tenant: str
    issuer: str | None
    created: int
    ends: int | None
    """At the latest, by the caller's wish or by configuration."""
    proofs: list[bool]
    """Which tokens came with an anti-CSRF token."""
    payload: dict[str, int] = field(default_factory=dict[str, int])
    newest: int = 0
    rotated: int = 0
    expires: int = 0
    gone: bool = False
    gone_at: int = 0

    def begin(self) -> Life:
        """Count the time from the creation."""
        if self.times.absolute is not None:
            configured = self.created + self.times.absolute
            self.ends = configured if self.ends is None else min(self.ends, configured)
        self._slide(self.created)
        return self

    def lives(self, now: int) -> bool:
        """Neither ended nor over."""
        return not self.gone and now < self.expires

    def present(self, place: int, *, now: int, token_mode: bool, proven: bool) -> Told:
        """
        Somebody presents a refresh token.

        Args:
            place: its number.
            now: the instant.
            token_mode: anti-CSRF tokens are demanded and handed out.
            proven: the right one came along.
        """
        if token_mode and self.proofs[place] and not proven:
            return Told(said=Said.UNPROVEN)
        if self.gone:
            return Told(said=Said.UNKNOWN)
        if now >= self.expires:
            return Told(said=Said.EXPIRED)
        if place == self.newest:
            self.newest, self.rotated = self.newest + 1, now
            self.proofs.append(token_mode)
            self._slide(now)
        elif place < self.newest - 1 or now >= self.rotated + self.times.grace:
            self.end(now)
            return Told(said=Said.RECENT if place == self.newest - 1 else Said.STALE)
        return Told(said=Said.TOKENS, place=self.newest, proof=self.proofs[self.newest])

    def end(self, now: int) -> None:
        """Revoked, signed out, or found to be in two hands."""
        if not self.gone:
            self.gone, self.gone_at = True, now

    def _slide(self, now: int) -> None:
        sliding = now + self.times.sliding
        self.expires = sliding if self.ends is None else min(sliding, self.ends)
