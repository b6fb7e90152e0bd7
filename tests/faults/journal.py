"""
What honest clients know of their sessions: only what a server has acknowledged, and what they have asked for since.

House rule: an intention is written down before its request is sent, an acknowledgement when its answer is read.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto

from segue.ids import Digest, SessionHandle
from segue.tokens.refresh import digest_hash, hash_token

PATIENCE = 60.0
"""Seconds without progress after which a test gives up."""


class End(Enum):
    """How far a client has come with ending a session."""

    LIVING = auto()
    ENDING = auto()
    """Asked for, not acknowledged: it may be there or not."""
    ENDED = auto()


@dataclass(slots=True, kw_only=True)
class Life:
    """One session as its client knows it."""

    user: str
    handle: SessionHandle
    access: str
    """The newest access token."""
    tokens: list[str]
    """Refresh tokens in the order in which they were acknowledged; the index is the generation."""
    old_token: str | None
    """The previous provider's token that it was migrated from."""
    end: End = End.LIVING
    ended_at: float = 0.0
    """When its end was acknowledged, by the monotonic clock."""

    @property
    def digests(self) -> tuple[Digest, ...]:
        """Of the refresh tokens, as a store keeps them."""
        return tuple(digest_hash(hash_token(token)) for token in self.tokens)


@dataclass(slots=True)
class Journal:
    """All clients' lives, what went wrong in them, and what happened on the way."""

    lives: list[Life] = field(default_factory=list[Life])
    migrating: set[str] = field(default_factory=set[str])
    """Users for whom a migration was asked, acknowledged or not; one sign-in each."""
    violations: list[str] = field(default_factory=list[str])
    """What must never happen."""
    happened: Counter[str] = field(default_factory=Counter[str])
    """How often what was answered, lost or refused."""
    ahead: timedelta = timedelta(0)
    """By how much the servers' clocks are ahead of the machine's."""
    _answers: int = 0
    _wanted: int = 0
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    def accuse(self, text: str) -> None:
        """Note what must never happen."""
        self.violations.append(text)
        self._enough.set()

    def hold(self) -> None:
        """
        End the test at the first sight of what must never happen.

        Raises:
            AssertionError: it has.
        """
        assert not self.violations, "\n".join(self.violations)

    def answered(self, what: str) -> None:
        """Note an answer of the kind that was hoped for."""
        self.happened[what] += 1
        self._answers += 1
        if self._answers >= self._wanted:
            self._enough.set()

    async def more_answers(self, count: int) -> None:
        """Return when clients have had so many more answers."""
        self._wanted = self._answers + count
        self._enough.clear()
        async with asyncio.timeout(PATIENCE):
            await self._enough.wait()
        self.hold()
