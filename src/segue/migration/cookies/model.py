"""
What the cookies of a previous application are read into, and what reading one may ask for.

A format (`segue.migration.cookies.django` and its neighbours) says what a cookie proves, and nothing of whether that is
enough: age, tenant, user id and roll-out are the provider's policy, the same for every kind of credential. House rules:
a format is a value and a flow, it tries no secret of another application, it builds no objects from foreign data, and
text that it decompresses is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from segue.discreet import Discreet
from segue.json import JsonObject, JsonValue

Cookies: TypeAlias = Mapping[str, str]
"""The values of a request's cookies by name, as they came (not URL-decoded). A name that came twice is not in it."""

MAX_COOKIES = 16 * 1024
"""Characters of all the chunks of one old session together."""
MAX_SESSION = 256 * 1024
"""Bytes of an old session's content, decompressed or found in a store."""


class OldSession(Discreet, frozen=True, kw_only=True):
    """What a cookie, or a verifier of your own, proves of somebody's session at the previous application."""

    unshown: ClassVar = frozenset({"subject", "session_id", "record_key", "claims"})

    subject: str
    """The user's id there, as text."""
    session_id: str | None = None
    """What names the sign-in while it lasts; None: there is nothing, and the cookie itself is claimed."""
    written_at: datetime | None = None
    """When this cookie or row was made; None: it does not say."""
    authenticated_at: datetime | None = None
    """When the user signed in; None: it does not say."""
    expires_at: datetime | None = None
    """The end that it carries itself; None: it has none, and the provider's policy has to know."""
    record_key: str | None = None
    """The key of its row in the application's store, by which it is ended there; None: the cookie is all there is."""
    claims: JsonObject = msgspec.field(default_factory=dict[str, JsonValue])
    """What else is in it, as far as JSON can say it."""


class OldApplication(Protocol):
    """
    What is asked of the previous application's own storage. Every method is one atomic act.

    An exception means that nothing is known: nobody is let in on that, and a retry may help.
    """

    def find_session(self, provider: str, key: str) -> bytes | None:
        """The content of the session with this key; None: signed out, expired or never there."""
        ...

    def end_session(self, provider: str, key: str) -> None:
        """Delete it; that it is not there is no error."""
        ...

    def password_hash(self, provider: str, user_id: str) -> str | None:
        """The user's stored password hash, of which frameworks put a mark into sessions; None: no such user."""
        ...


class CookieFormat(Protocol):
    """How the session cookie of one framework is read. Implementations are frozen values of configuration."""

    @property
    def cookie_names(self) -> frozenset[str]:
        """The cookies that it reads; chunks (`name.0`, `name.1`) come under the name without the number."""
        ...

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:
        """
        Prove a session (a flow: awaits only asks of `OldApplication` and other flows).

        Args:
            cookies: of the request; at least one of `cookie_names` is there.
            provider: its configured name, to ask by.
            now: aware UTC instant.

        Raises:
            TokenMissing: the cookie is not there after all.
            TokenMalformed: it is not of this format.
            SignatureRefused: no secret of ours made it.
            TokenExpired: over by its own account.
            SignInRevoked: signed out, or made under a password that was changed since.
            ClaimsRefused: nobody is signed in with it, or it is of another purpose.
        """
        ...


Asked: TypeAlias = Literal["find_session", "password_hash"]
"""What of `OldApplication` a format may ask."""


@runtime_checkable
class AsksApplication(Protocol):
    """A format that says what it will ask for, so that what nobody answers is refused before the first cookie comes."""

    @property
    def asks(self) -> frozenset[Asked]:
        """As it is configured."""
        ...
