"""
Devise's mark in a Rails session: whose it is, and under which password it was made.

Devise keeps `[[id], salt]`, the salt being the first 29 characters of the stored bcrypt hash, and ends a session when
they no longer fit: that is how a changed password signs out every other device. House rule: the same is asked here.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, ConfigurationError, SignInRevoked, TokenExpired
from segue.flow import ask
from segue.json import JsonObject, JsonValue
from segue.migration.cookies.members import read_seconds, read_subject
from segue.migration.cookies.model import OldApplication

_SALT = 29
"""Characters of a bcrypt hash that say version, cost and salt, and nothing of the password."""
_MAX_SPAN = timedelta(days=3653)
_SCOPE = re.compile(r"[a-z][a-z0-9_]{0,63}")


class SignedIn(Discreet, frozen=True, kw_only=True):
    """Who, and since when unseen."""

    unshown: ClassVar = frozenset({"subject"})

    subject: str
    seen_at: datetime | None
    expires_at: datetime | None


class Devise(Discreet, frozen=True, kw_only=True):
    """
    The user is Devise's. His password hash is asked for, and compared as Devise does.

    Raises:
        ConfigurationError: a scope or time-out that cannot be.
    """

    unshown: ClassVar = frozenset[str]()

    scope: str = "user"
    """The name in `devise_for`, in the singular."""
    timeout_in: timedelta | None = None
    """`config.timeout_in`, where the users are `:timeoutable`: unseen for longer, they are signed out there too."""

    def __post_init__(self) -> None:
        if not _SCOPE.fullmatch(self.scope):
            raise ConfigurationError(f"scope {self.scope!r}: give the name in devise_for, in the singular")
        if self.timeout_in is not None and not timedelta(0) < self.timeout_in <= _MAX_SPAN:
            raise ConfigurationError(
                "timeout_in must be positive and at most ten years; leave it out where nobody is timeoutable"
            )

    async def read(self, session: JsonObject, provider: str, *, now: datetime) -> SignedIn:
        """
        Whose session it is (a flow).

        Raises:
            ClaimsRefused: nobody's, or of a form that Devise does not write.
            TokenExpired: unseen for longer than `timeout_in`.
            SignInRevoked: the user is gone, or has another password since.
        """
        key, salt = _key_and_salt(session.get(f"warden.user.{self.scope}.key"))
        subject = read_subject({"id": key}, "id")
        seen_at = self._seen_at(session)
        expires_at = self._expires_at(seen_at, now)
        await self._require_password(subject, salt, provider)
        return SignedIn(subject=subject, seen_at=seen_at, expires_at=expires_at)

    def _seen_at(self, session: JsonObject) -> datetime | None:
        """When the user was last seen, of which Devise keeps count for the timeoutable alone."""
        own = session.get(f"warden.user.{self.scope}.session")
        return read_seconds(own, "last_request_at") if isinstance(own, dict) else None

    def _expires_at(self, seen_at: datetime | None, now: datetime) -> datetime | None:
        if self.timeout_in is None:
            return None
        if seen_at is None:
            raise ClaimsRefused("last_request_at", "timeout_in is set, and the session does not say")
        # Compared with an instant of our own: theirs may lie at the end of the calendar.
        if now - self.timeout_in >= seen_at:
            raise TokenExpired("unseen for longer than timeout_in")
        return min(seen_at, now) + self.timeout_in

    async def _require_password(self, subject: str, salt: str, provider: str) -> None:
        stored = await ask(OldApplication.password_hash, provider, subject)
        if stored is None:
            raise SignInRevoked("no such user")
        if not hmac.compare_digest(stored[:_SALT].encode(), salt.encode()):
            raise SignInRevoked("another password since")


def _key_and_salt(value: JsonValue) -> tuple[JsonValue, str]:
    if value is None:
        raise ClaimsRefused("user id", "nobody is signed in")
    match value:
        case [[key], str(salt)]:
            return key, salt
        case [[key], None]:  # a user who has no password, and whose hash is NULL
            return key, ""
        case _:
            raise ClaimsRefused("warden", "not as Devise writes it")
