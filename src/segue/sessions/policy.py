"""How long things live; the numbers of the session engine, checked when built."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from segue.errors import ConfigurationError

_GRACE_LIMIT = timedelta(seconds=300)


class Lifetimes(msgspec.Struct, frozen=True, kw_only=True):
    """
    Lifetimes of a session and its tokens.

    Raises:
        ConfigurationError: a value that cannot work; the text says which and why.
    """

    access: timedelta = timedelta(hours=1)
    """Validity of an access token; how long a stateless check may be out of date."""
    access_jitter: float = 0.05
    """Access tokens live up to this fraction shorter, so that a crowd does not refresh at once; 0 to 0.25."""
    refresh: timedelta = timedelta(days=100)
    """How far every refresh moves the end of the session."""
    absolute: timedelta | None = None
    """The session ends this long after its creation, however often it is refreshed; None: never by itself."""
    idle: timedelta | None = None
    """The session ends when it was not refreshed for this long; shortens `refresh`."""
    grace: timedelta = timedelta(seconds=30)
    """How long after a rotation the rotated token still gets the same successor; 0 to 300 seconds."""

    def __post_init__(self) -> None:
        second = timedelta(seconds=1)
        if self.access < second:
            raise ConfigurationError("lifetimes.access must be at least one second")
        if not 0 <= self.access_jitter <= 0.25:
            raise ConfigurationError("lifetimes.access_jitter must lie between 0 and 0.25")
        if self.sliding <= self.access:
            raise ConfigurationError(
                "lifetimes.refresh and lifetimes.idle must be longer than lifetimes.access, "
                "or sessions end before they can be refreshed"
            )
        if self.absolute is not None and self.absolute < self.access:
            raise ConfigurationError("lifetimes.absolute must not be shorter than lifetimes.access")
        if not timedelta(0) <= self.grace <= _GRACE_LIMIT:
            raise ConfigurationError("lifetimes.grace must lie between 0 and 300 seconds")

    @property
    def sliding(self) -> timedelta:
        """How far a refresh really moves the end."""
        return self.refresh if self.idle is None else min(self.refresh, self.idle)

    def access_expiry(self, now: datetime, luck: float) -> datetime:
        """
        When an access token made now is over.

        Args:
            now: aware UTC instant.
            luck: random, 0 (inclusive) to 1 (exclusive); takes up to `access_jitter` of the lifetime away.
        """
        return now + self.access * (1 - self.access_jitter * luck)
