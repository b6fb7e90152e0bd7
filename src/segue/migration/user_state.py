"""
Does the sign-in still stand: the provider's cut-off, its introspection (RFC 7662), the application's own word.

A signature proves that a token was true when it was made. Whether its user has been blocked, deleted or signed out
since, only somebody who is asked can tell (threats T9, T12). House rules: pure; an answer is yes, no, or no answer,
and no answer is never taken for one of the others; whoever asks nobody says so by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import ClassVar, Final, Protocol, TypeAlias

from segue.discreet import Discreet
from segue.errors import (
    ClaimsRefused,
    ConfigurationError,
    FetchFailed,
    SignInRevoked,
    StateUnavailable,
    TokenExpired,
    UserBlocked,
    UserDeleted,
    UserRefused,
    UserUnknown,
)
from segue.ids import UserId
from segue.json import JsonObject
from segue.migration.client_form import client_form
from segue.migration.model import Identity
from segue.migration.urls import UrlRefused, parse_url
from segue.migration.web import WebRequest, WebResponse, read_json


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


class Introspection(Discreet, frozen=True, kw_only=True):
    """
    Where and as whom to ask whether a token is still active (RFC 7662).

    Raises:
        ConfigurationError: an address that is not followed, or no client.
    """

    unshown: ClassVar = frozenset({"client_secret"})

    url: str
    client_id: str
    client_secret: str
    """HTTP basic authentication with it; introspection without any is a public oracle (RFC 7662 §2.1)."""

    def __post_init__(self) -> None:
        try:
            parse_url(self.url)
        except UrlRefused as error:
            raise ConfigurationError(f"the introspection endpoint cannot be asked: {error}") from error
        if not self.client_id or not self.client_secret:
            raise ConfigurationError(
                "introspection needs client_id and client_secret of a client that may ask"
            )


def introspection_request(token: str, introspection: Introspection) -> WebRequest:
    """Ask about a token (RFC 7662 §2.1)."""
    return client_form(
        introspection.url,
        {"token": token, "token_type_hint": "access_token"},
        client_id=introspection.client_id,
        client_secret=introspection.client_secret,
        purpose="introspection of an old token",
    )


def judge_introspection(
    request: WebRequest,
    response: WebResponse,
    identity: Identity,
    *,
    issuers: tuple[str, ...],
    parties: frozenset[str] | None,
    now: datetime,
) -> None:
    """
    Read the answer (RFC 7662 §2.2): return if the token is active, for this identity and one of our clients.

    Args:
        request: what was asked.
        response: what came.
        identity: as the token's own signature proves it; the answer may not contradict.
        issuers: of this provider.
        parties: the clients that count; None: any.
        now: aware UTC instant.

    Raises:
        SignInRevoked: it says that the token is not active.
        ClaimsRefused: active, but of another issuer, subject or client (threat T1).
        TokenExpired: active, and over by its own account.
        StateUnavailable: any answer that says neither: a retry may help, and nobody is let in meanwhile.
    """
    try:
        said = read_json(request, response)
    except FetchFailed as error:
        raise StateUnavailable(*error.args) from error
    match said.get("active"):
        case True:
            _require_same(said, identity, issuers=issuers, parties=parties)
            _require_time(said, now)
        case False:
            raise SignInRevoked("introspection says that the token is not active")
        case _:
            raise StateUnavailable(request.place, "introspection says neither active nor inactive")


def _require_same(
    said: JsonObject, identity: Identity, *, issuers: tuple[str, ...], parties: frozenset[str] | None
) -> None:
    if "iss" in said and said["iss"] not in issuers:
        raise ClaimsRefused("iss", "introspection names another issuer")
    if "sub" in said and said["sub"] != identity.claims.get("sub"):
        raise ClaimsRefused("sub", "introspection names another subject")
    # Without the member the token's own claims have said whose it is, and they are signed.
    if (
        parties is not None and "client_id" in said and said["client_id"] not in tuple(parties)
    ):  # it may be a list
        raise ClaimsRefused("client_id", "introspection: active, but for another client")


def _require_time(said: JsonObject, now: datetime) -> None:
    expires = said.get("exp")
    if expires is None:
        return
    if isinstance(expires, bool) or not isinstance(expires, int | float) or expires <= now.timestamp():
        raise TokenExpired("exp", "by introspection")


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
