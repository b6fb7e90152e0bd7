"""
What Django's, Flask's and Starlette's formats have in common: secrets, cookie, and what is demanded of a session.

House rules: a configuration that cannot be safe is refused when it is built, without quoting a secret; a time in a
session is believed only in a form that Python's frameworks write, and never taken for absent.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import ClassVar, cast

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, ConfigurationError
from segue.json import JsonObject, JsonValue
from segue.migration.cookies import configured, contents
from segue.migration.cookies.contents import Required
from segue.migration.cookies.model import OldSession
from segue.migration.cookies.signed_text import OldSecret
from segue.migration.said import instant_of

MINIMUM_SECRET = 16
"""Bytes. Django makes fifty characters, Flask's and Starlette's documentation 64; shorter than this can be guessed."""

_DISTINCT = 6
_MAX_SPAN = timedelta(days=3653)
_SIGN_IN_IDS = range(16, 513)


class PythonSession(Discreet, frozen=True, kw_only=True):
    """
    The settings that these formats share.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    unshown: ClassVar = frozenset({"secrets"})

    secrets: tuple[OldSecret, ...]
    """`SECRET_KEY`, then those that are still accepted (`SECRET_KEY_FALLBACKS`)."""
    cookie_name: str = "session"
    signed_in_at: str | None = None
    """Where the application has noted when the user signed in, if it did: seconds since 1970, or ISO 8601."""
    required: Required = ()
    """What a session must hold, for instance that the second factor was passed."""
    forbidden: tuple[str, ...] = ()
    """What it may not hold, for instance the mark of a support agent who acts as the user."""

    def __post_init__(self) -> None:
        name = type(self).__name__
        _require_secrets(name, self.secrets)
        configured.require_cookie_name(name, self.cookie_name)
        configured.require_paths(name, self.signed_in_at, required=self.required, forbidden=self.forbidden)

    @property
    def cookie_names(self) -> frozenset[str]:
        """The one cookie."""
        return frozenset({self.cookie_name})

    def _require_paths(self, *paths: str | None) -> None:
        configured.require_paths(type(self).__name__, *paths)

    def _require_lifetime(self, label: str, lifetime: timedelta) -> None:
        if not timedelta(0) < lifetime <= _MAX_SPAN:
            raise ConfigurationError(f"{type(self).__name__}: {label} must be positive and at most ten years")

    def _judged(
        self,
        content: JsonObject,
        subject: str,
        *,
        session_id: str | None,
        written_at: datetime | None,
        expires_at: datetime | None,
        record_key: str | None,
        now: datetime,
    ) -> OldSession:
        contents.require_members(content, required=self.required, forbidden=self.forbidden)
        signed_in_at = None if self.signed_in_at is None else read_time(content, self.signed_in_at)
        contents.require_past("signed_in_at", signed_in_at, now=now)
        return OldSession(
            subject=subject,
            session_id=session_id,
            written_at=written_at,
            authenticated_at=signed_in_at,
            expires_at=expires_at,
            record_key=record_key,
            claims=content,
        )


def read_time(content: JsonObject, path: str) -> datetime:
    """
    An instant: seconds since 1970, ISO 8601 with a time zone, or what Flask makes of a `datetime` (RFC 9110 §5.6.7).

    Raises:
        ClaimsRefused: none is there.
    """
    found = contents.find_member(content, path)
    instant: datetime | None = None
    if not isinstance(found, str):
        instant = instant_of(found)
    elif len(found) <= 64:
        instant = _written_out(found)
    if instant is None:
        raise ClaimsRefused(path, "no instant")
    return instant


def read_sign_in(content: JsonObject, path: str | None) -> str | None:
    """
    What the application says that names the sign-in; None if nothing is asked for.

    Raises:
        ClaimsRefused: it is not there, or too short to be random.
    """
    if path is None:
        return None
    found: JsonValue = contents.find_member(content, path)
    if not isinstance(found, str) or len(found) not in _SIGN_IN_IDS or not found.isprintable():
        raise ClaimsRefused(path, "not 16 to 512 visible characters")
    return contents.name_of(found)


def _written_out(text: str) -> datetime | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            instant = parse(text)
            if instant.tzinfo is not None:
                return instant.astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):  # what the two raise differs by version
            continue
    return None


def _require_secrets(name: str, secrets: tuple[OldSecret, ...]) -> None:
    every = cast("object", secrets)
    if not isinstance(every, tuple) or not every:
        raise ConfigurationError(
            f"{name}: give secrets as a tuple, the newest first: secrets=(SECRET_KEY, *fallbacks)"
        )
    for secret in cast("tuple[object, ...]", every):
        if not isinstance(secret, str | bytes):
            raise ConfigurationError(f"{name}: each of the secrets must be text or bytes")
        if len(secret) < MINIMUM_SECRET or len(set(secret)) < _DISTINCT:
            raise ConfigurationError(
                f"{name}: a secret is shorter than {MINIMUM_SECRET} characters or nearly all alike, so cookies under "
                "it can be forged; if the old application really has no better one, let everybody sign in again"
            )
