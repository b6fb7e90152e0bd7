"""
Tokens that providers give to us, not to a user, so that we may end sessions: kept for a moment, in this process alone.

Providers count how often such a token is fetched (Auth0 bills it), so one serves many deliveries. House rules: bounded,
in no text, and used no longer than half its life and never more than an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_MOST = 64
_LONGEST = timedelta(hours=1)


class ServiceTokens:
    """At most one token for each provider."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, datetime]] = {}

    def __repr__(self) -> str:
        return "<ServiceTokens>"

    def find(self, provider: str, now: datetime) -> str | None:
        """The token at hand, if it is still good."""
        token, until = self._kept.get(provider, ("", now))
        return token if now < until else None

    def keep(self, provider: str, token: str, *, lifetime: timedelta, now: datetime) -> None:
        """Have it at hand for half of its *lifetime*."""
        if provider in self._kept or len(self._kept) < _MOST:
            self._kept[provider] = (token, now + min(lifetime / 2, _LONGEST))

    def forget(self, provider: str) -> None:
        """It was refused."""
        self._kept.pop(provider, None)
