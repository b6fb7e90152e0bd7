"""
Does the sign-in still stand: the provider's cut-off and the application's own word.

A signature proves that a token was true when it was made. Whether its user has been blocked, deleted or signed out
since, only somebody who is asked can tell (threats T9, T12). House rules: pure; an answer is yes, no, or no answer,
and no answer is never taken for one of the others; whoever asks nobody says so by name. A provider that can be asked
about a token is `introspection`'s.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final, Protocol, TypeAlias

from segue.errors import ConfigurationError, SignInRevoked, UserBlocked, UserDeleted, UserRefused, UserUnknown
from segue.ids import UserId
from segue.migration.model import Identity


class KeysOnly(Enum):
    """Asking nobody, by name."""

    KEYS_ONLY = "keys only"


KEYS_ONLY: Final = KeysOnly.KEYS_ONLY
"""A good signature is enough: who was blocked or signed out at the provider migrates while his token is accepted."""

LONGEST_UNCHECKED = timedelta(hours=24)
"""The greatest `maximum_age` where nobody is asked."""


class Standing(Enum):
    """What the application says of a user."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    DELETED = "deleted"
    UNKNOWN = "unknown"


ValidSince: TypeAlias = (
    Callable[[Identity], datetime | None] | Callable[[Identity], Awaitable[datetime | None]]
)
"""The instant before which the provider's sign-ins of this user are void; None: there is none."""
CheckUser: TypeAlias = (
    Callable[[Identity, UserId], Standing] | Callable[[Identity, UserId], Awaitable[Standing]]
)
"""The application's own word about a user. Awaitable only under `AsyncEngine`."""


class UserState(Protocol):
    """The two hooks, as the flows ask for them."""

    def valid_since(self, identity: Identity) -> datetime | None:
        """See `ValidSince`. Any exception fails the migration closed."""
        ...

    def check_user(self, identity: Identity, user_id: UserId) -> Standing:
        """See `CheckUser`. Any exception fails the migration closed, and so does an answer that is no `Standing`."""
        ...


def require_since(identity: Identity, cut_off: object, *, source: str) -> None:
    """
    Refuse a sign-in from before the cut-off.

    The sign-in counts, not the token's issue: a token that was renewed after the cut-off is of the old sign-in still.
    A sign-in of the very instant stands, since providers cut off at whole seconds and make the next one at once.

    Args:
        identity: verified.
        cut_off: aware instant, or None for no cut-off.
        source: who gave it, for the log.

    Raises:
        SignInRevoked: it is older.
        ConfigurationError: the cut-off is neither; nobody can be let in on that.
    """
    if cut_off is None:
        return
    if not isinstance(cut_off, datetime) or cut_off.utcoffset() is None:
        raise ConfigurationError(f"{source} must give an instant with a time zone, or None")
    if not identity.dated:
        raise SignInRevoked(f"it does not say when the user signed in, and {source} is an instant")
    if identity.authenticated_at < cut_off.astimezone(UTC):
        raise SignInRevoked(f"signed in before the instant of {source}")


_REFUSALS: Mapping[Standing, type[UserRefused]] = {
    Standing.BLOCKED: UserBlocked,
    Standing.DELETED: UserDeleted,
    Standing.UNKNOWN: UserUnknown,
}


def require_active(standing: object) -> None:
    """
    Refuse a user whom the application does not want.

    Raises:
        UserRefused: blocked, deleted or unknown.
        ConfigurationError: the answer is no `Standing`.
    """
    if standing is Standing.ACTIVE:
        return
    if not isinstance(standing, Standing):
        raise ConfigurationError("check_user must answer with a Standing, such as Standing.ACTIVE")
    raise _REFUSALS[standing]("by check_user")
