"""
Ending a session at its provider: what is known of the old session, what an attempt came to, and what an ending is.

An ending is configuration that knows how one provider is told: requests are built and answers judged by pure methods,
and a flow puts them in order. House rules: every delivery may run twice or stop in the middle, so "it is not there" is
done; whatever says neither yes nor no is tried again; no token and no key appears in a text or a path.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import ClassVar, Protocol

import msgspec

from segue.discreet import Discreet
from segue.ids import AppId
from segue.json import JsonValue, dump, parse_object
from segue.migration.endings.service_tokens import ServiceTokens
from segue.tokens.secrets import Secrets

_PURPOSE = "outbox"


class EndOldSession(Enum):
    """When the old session is ended at the provider."""

    AT_ONCE = "at_once"
    """As soon as the new one is durable."""
    AFTER_FIRST_USE = "after_first_use"
    """When the new one has been used, or ended: whose answer was lost has not lost both."""


class Reach(Enum):
    """What ends with it."""

    SESSION = "this_session"
    """The sign-in of this browser."""
    GRANT = "this_grant"
    """The tokens of this sign-in; the provider's own page may still know the user."""
    USER = "all_of_the_user"
    """Every sign-in of the user there: who has not migrated on another device signs in again."""


class OldTokens(Discreet, frozen=True, kw_only=True):
    """What is known of the old session, as the outbox keeps it: sealed."""

    unshown: ClassVar = frozenset(
        {"access_token", "refresh_token", "subject", "session_id", "record_key", "expires_at"}
    )

    access_token: str
    """What was presented as a bearer: an access token or an ID token. Empty where it was a cookie: see `record_key`."""
    refresh_token: str | None
    """As the page gave it; nobody has verified it."""
    subject: str | None = None
    """The user's id at the provider, verified."""
    session_id: str | None = None
    """The sign-in at the provider, verified, where it tells."""
    record_key: str | None = None
    """The key of the session's row in an old application's own store, or what a verifier of your own gave for it."""
    expires_at: datetime | None = None
    """From then on the access token is worthless, also for ending its session; None: it does not say."""

    def __repr__(self) -> str:
        return "<OldTokens>"

    def sealed(self, secrets: Secrets, *, app_id: AppId, nonce: bytes) -> bytes:
        """Encrypted for the outbox; *nonce* is 12 fresh random bytes."""
        members: dict[str, JsonValue] = {
            name: getattr(self, name) for name in _TEXTS if getattr(self, name) is not None
        }
        if self.expires_at is not None:
            members["expires_at"] = self.expires_at.timestamp()
        return secrets.seal(dump(members), purpose=_PURPOSE, app_id=app_id, nonce=nonce)

    @classmethod
    def opened(cls, sealed: bytes, secrets: Secrets, *, app_id: AppId) -> OldTokens:
        """
        From the outbox, also what an older version put there.

        Raises:
            ConfigurationError: its deployment secret is not configured, or the row was changed.
        """
        members = parse_object(secrets.open(sealed, purpose=_PURPOSE, app_id=app_id))
        texts = {name: value if isinstance(value := members.get(name), str) else None for name in _TEXTS}
        ends = members.get("expires_at")
        return cls(
            access_token=texts["access_token"] or "",
            refresh_token=texts["refresh_token"],
            subject=texts["subject"],
            session_id=texts["session_id"],
            record_key=texts["record_key"],
            expires_at=_instant(ends) if isinstance(ends, int | float) else None,
        )


_TEXTS = ("access_token", "refresh_token", "subject", "session_id", "record_key")


def _instant(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


class Outcome(Enum):
    """What an attempt came to."""

    DONE = auto()
    AGAIN = auto()
    WAIT = auto()
    """As AGAIN, but it is not held against the delivery for thirty days: our configuration, or the provider's pace."""
    HOPELESS = auto()


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt's outcome and a stable code for why; none where the session was ended."""

    outcome: Outcome
    error: str | None = None
    retry_after: timedelta | None = None
    """The provider asked not to be asked before."""
    raised: str | None = None
    """The class of what the application's own function raised, for the log."""


DONE = Attempt(outcome=Outcome.DONE)
GONE = Attempt(outcome=Outcome.DONE, error="GONE")
"""There is no such session (any more): as it should be, unless it is the answer every time."""


class CannotBeEnded(Exception):
    """The delivery lacks what this ending needs; the argument is a stable code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Errand(Discreet, frozen=True, kw_only=True):
    """Around one delivery: whose it is, and when."""

    unshown: ClassVar = frozenset({"service_tokens"})

    provider: str
    """Its configured name."""
    now: datetime
    service_tokens: ServiceTokens
    """What was fetched for us to speak with; nothing in it is a user's."""


def in_words(ending: EndsSessions) -> str:
    """An ending in the words of the settings file."""
    reach, when = (value.value.replace("_", " ") for value in (ending.reach, ending.when))
    return f"{ending.kind}: {reach}, {when}"


class EndsSessions(Protocol):
    """What every ending is."""

    kind: ClassVar[str]
    """What the settings file calls it."""

    @property
    def when(self) -> EndOldSession:
        """Whether the new session has to be used first."""
        ...

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        ...

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """
        End the old session (a flow).

        Raises:
            CannotBeEnded: what it needs is not there.
        """
        ...
