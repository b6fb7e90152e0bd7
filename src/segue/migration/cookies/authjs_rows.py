"""
Sessions of Auth.js and NextAuth.js that live in a database (`strategy: "database"`): the cookie is the key of a row.

Facts: @auth/core 0.41.3 and next-auth 4.24.15; table `sessions` with `sessionToken`, `userId` and `expires`, which is
moved at visits and says nothing of the sign-in. House rules: the cookie is unsigned, so only the row is proof; a row
past its end is none, for it is deleted only when it is next asked for.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from segue.errors import TokenMalformed
from segue.json import JsonObject
from segue.migration.cookies import configured, contents
from segue.migration.cookies.contents import Required
from segue.migration.cookies.model import Asked, Cookies, OldSession
from segue.migration.cookies.signed_value import read_cookie


class AuthJsRows(msgspec.Struct, frozen=True, kw_only=True):
    """
    How Auth.js or NextAuth.js of the previous application is configured, where it keeps sessions in a database.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    cookie_name: str = "__Secure-authjs.session-token"
    """`__Secure-next-auth.session-token` in v4; without `__Secure-` where the application's address is `http://`."""
    user_id: str = "userId"
    """Where in the row the user's id lies."""
    signed_in_at: str | None = None
    """Where it says when it was made, if it does; ISO 8601 or milliseconds."""
    required: Required = ()
    """What a row must hold."""
    forbidden: tuple[str, ...] = ()
    """What it may not hold."""

    def __post_init__(self) -> None:
        name = "Auth.js with a database"
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
            TokenMissing, TokenMalformed, TokenExpired, SignInRevoked, ClaimsRefused, TokenNotActive: as there.
        """
        token = read_cookie(cookies, self.cookie_name)
        if not contents.is_key(token):
            raise TokenMalformed("not a session token")
        return self._judged(await contents.find_content(provider, token), token, now=now)

    def _judged(self, row: JsonObject, token: str, *, now: datetime) -> OldSession:
        contents.require_own(row, "sessionToken", key=token)
        contents.require_members(row, required=self.required, forbidden=self.forbidden)
        expires_at = contents.read_end(row, "expires", now=now)
        signed_in_at = contents.read_signed_in_at(row, self.signed_in_at, now=now)
        return OldSession(
            subject=contents.read_user_id(row, self.user_id),
            session_id=contents.name_of(token),
            written_at=None,
            authenticated_at=signed_in_at,
            expires_at=expires_at,
            record_key=token,
            claims=row,
        )
