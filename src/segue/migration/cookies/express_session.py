"""
Sessions of express-session: a signed id in a cookie, the session itself in the application's store.

Facts: express-session 1.19.0 (`s:` + id + cookie-signature's HMAC); connect-redis and session-file-store keep JSON. The
same secret also signs the application's other cookies (cookie-parser), so the signature says only that the application
wrote the text; the row says that somebody is signed in. House rule: no row, no session; the end of a row is the store's
affair, for `cookie.expires` inside it is not moved by a store that only touches it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import TokenMalformed
from segue.json import JsonObject
from segue.migration.cookies import configured, contents
from segue.migration.cookies.contents import Required
from segue.migration.cookies.model import Asked, Cookies, OldSession
from segue.migration.cookies.signed_value import read_cookie, read_signed

_PREFIX = "s:"
_MAX_AGE = 10 * 366 * 24 * 3600 * 1000


class ExpressSession(Discreet, frozen=True, kw_only=True):
    """
    How express-session of the previous application is configured, and where it keeps the user's id.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    unshown: ClassVar = frozenset({"secrets"})

    secrets: tuple[str, ...]
    """All that cookies in use are signed with: its option `secret`, one or several."""
    user_id: str
    """Where in a session the user's id lies: `passport.user`, `userId`. Names with dots between them."""
    cookie_name: str = "connect.sid"
    """Its option `name`."""
    signed_in_at: str | None = None
    """Where the application has noted when the user signed in, if it did; ISO 8601 or milliseconds."""
    required: Required = ()
    """What a session must hold, for instance that the second factor was passed."""
    forbidden: tuple[str, ...] = ()
    """What it may not hold, for instance the mark of a support agent who acts as the user."""

    def __post_init__(self) -> None:
        name = "express-session"
        configured.require_secrets(name, self.secrets)
        configured.require_cookie_name(name, self.cookie_name)
        configured.require_paths(
            name, self.user_id, self.signed_in_at, required=self.required, forbidden=self.forbidden
        )

    @property
    def cookie_names(self) -> frozenset[str]:
        """The one cookie."""
        return frozenset({self.cookie_name})

    @property
    def asks(self) -> frozenset[Asked]:
        """The row."""
        return frozenset({"find_session"})

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:
        """
        Prove a session, see `CookieFormat.read`.

        Raises:
            TokenMissing, TokenMalformed, SignatureRefused, SignInRevoked, ClaimsRefused, TokenNotActive: as there.
        """
        value = read_cookie(cookies, self.cookie_name)
        if not value.startswith(_PREFIX):
            raise TokenMalformed("not a signed cookie")
        session_id = read_signed(value.removeprefix(_PREFIX), self.secrets, padded=False)
        if not contents.is_key(session_id):
            raise TokenMalformed("not a session id")
        return self._judged(await contents.find_content(provider, session_id), session_id, now=now)

    def _judged(self, content: JsonObject, session_id: str, *, now: datetime) -> OldSession:
        contents.require_members(content, required=self.required, forbidden=self.forbidden)
        subject = contents.read_user_id(content, self.user_id)
        signed_in_at = contents.read_signed_in_at(content, self.signed_in_at, now=now)
        return OldSession(
            subject=subject,
            session_id=contents.name_of(session_id),
            written_at=_written_at(content, now=now),
            authenticated_at=signed_in_at,
            expires_at=None,
            record_key=session_id,
            claims=content,
        )


def _written_at(content: JsonObject, *, now: datetime) -> datetime | None:
    """When the session was last saved: its cookie's end less its length. Only a session with a length says so."""
    expires_at = contents.read_script_time(content, "cookie.expires")
    length = contents.find_member(content, "cookie.originalMaxAge")
    if expires_at is None or isinstance(length, bool) or not isinstance(length, int | float):
        return None
    if not 0 < length <= _MAX_AGE:
        return None
    return min(expires_at - timedelta(milliseconds=int(length)), now)
