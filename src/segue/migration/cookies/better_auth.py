"""
Sessions of better-auth: a signed token in a cookie, the session itself in its table, or wherever it keeps sessions.

Facts: better-auth 1.7.25 (the token and better-call's HMAC under the secret in use; rows with `token`, `userId`,
`expiresAt`, `createdAt`, `updatedAt`; `get-session` answers `{"session": …, "user": …}`). Its other cookie,
`session_data`, is a cache that may speak for a session that was ended (threat T9): it is never read. House rule: no
row, no session, and a row past its end is none, for better-auth deletes it only when it is next asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, cast

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, TokenMalformed
from segue.json import JsonObject
from segue.migration.cookies import configured, contents
from segue.migration.cookies.contents import Required
from segue.migration.cookies.model import Asked, Cookies, OldSession
from segue.migration.cookies.signed_value import read_cookie, read_signed


class BetterAuth(Discreet, frozen=True, kw_only=True):
    """
    How better-auth of the previous application is configured.

    A session is read as `{"session": …, "user": …}`, which is what `get-session` answers and what its secondary storage
    holds; the bare row of the table counts as `session`. Paths of `required` and `forbidden` begin there.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    unshown: ClassVar = frozenset({"secrets"})

    secrets: tuple[str, ...]
    """`BETTER_AUTH_SECRET`, and the one before if cookies under it shall still count."""
    cookie_name: str = "__Secure-better-auth.session_token"
    """Without `__Secure-` where the application's address is `http://`."""
    required: Required = ()
    """What must be there, for instance `("user.twoFactorEnabled", True)`."""
    forbidden: tuple[str, ...] = ("session.impersonatedBy", "user.banned")
    """What may not: an administrator who acts as the user, a user who is banned (both of its admin plugin)."""

    def __post_init__(self) -> None:
        name = "better-auth"
        configured.require_secrets(name, self.secrets)
        configured.require_cookie_name(name, self.cookie_name)
        configured.require_paths(name, required=self.required, forbidden=self.forbidden)

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
            TokenMissing, TokenMalformed, SignatureRefused, TokenExpired, SignInRevoked, ClaimsRefused, TokenNotActive:
                as there.
        """
        token = read_signed(read_cookie(cookies, self.cookie_name), self.secrets, padded=True)
        if not contents.is_key(token):
            raise TokenMalformed("not a session token")
        content = await contents.find_content(provider, token)
        return self._judged(content if "session" in content else {"session": dict(content)}, token, now=now)

    def _judged(self, content: JsonObject, token: str, *, now: datetime) -> OldSession:
        if not isinstance(content["session"], Mapping):
            raise ClaimsRefused("session")
        row = cast("JsonObject", content["session"])
        contents.require_own(row, "token", key=token)
        contents.require_members(content, required=self.required, forbidden=self.forbidden)
        expires_at = contents.read_end(row, "expiresAt", now=now)
        created_at = contents.read_script_time(row, "createdAt")
        contents.require_past("createdAt", created_at, now=now)
        return OldSession(
            subject=contents.read_user_id(row, "userId"),
            session_id=contents.name_of(token),
            written_at=contents.read_script_time(row, "updatedAt") or created_at,
            authenticated_at=created_at,
            expires_at=expires_at,
            record_key=token,
            claims=content,
        )
