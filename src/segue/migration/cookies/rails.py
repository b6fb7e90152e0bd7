"""
Rails' cookie store: the whole session in one encrypted cookie (`_app_session`), from Rails 5.2 on.

AES-256-GCM under a key that PBKDF2 makes of `secret_key_base`; inside, an envelope that names the cookie it was made
for and perhaps an end, and in that the session as JSON. House rules: a session that was written by Marshal is refused
and never loaded, because loading it would run what it says; the envelope's purpose is compared, or another encrypted
cookie of the application would do. A log-out only makes the browser forget: a copied cookie stays good at Rails.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import ClassVar, Final, cast

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, ConfigurationError, SignatureRefused, TokenExpired, TokenMalformed
from segue.json import JsonObject, JsonValue
from segue.migration.cookies.content import SessionPath, find, instant_at, require_path, subject_of
from segue.migration.cookies.cookie_value import cookie_value, require_cookie_name
from segue.migration.cookies.devise import Devise
from segue.migration.cookies.model import MAX_COOKIES, Cookies, OldSession
from segue.migration.cookies.rails_message import open_message, parse_sealed, unwrap

DEFAULT_SALT = "authenticated encrypted cookie"
"""`config.action_dispatch.authenticated_encrypted_cookie_salt`, unless the application has its own."""
_MAX_SECRETS = 8
_SHORTEST_SECRET = 30
"""Characters; Rails itself asks for as many."""


class Purposes(Enum):
    """A check that is given up, by name."""

    ANY = "any purpose"


ANY_PURPOSE: Final = Purposes.ANY
"""
Cookies may come without a purpose, as Rails 5.2 makes them, and newer ones where `use_cookies_with_metadata` is off:
any encrypted cookie of the application that looks like a session passes for one.
"""


class RailsSession(Discreet, frozen=True, kw_only=True):
    """
    How the cookies of Rails' cookie store are read.

    Raises:
        ConfigurationError: no secret, one that is too short, or a path that leads nowhere.
    """

    unshown: ClassVar = frozenset({"secret_key_bases"})

    secret_key_bases: tuple[str, ...]
    """The application's `secret_key_base`, and those before it that its rotations still name."""
    cookie_name: str
    """The `key` of `config.session_store`: usually `_` + the application's name + `_session`."""
    user: Devise | SessionPath
    """`Devise()`, or where the application keeps the user's id: `("user_id",)` for `session[:user_id]`."""
    signed_in_at: SessionPath | None = None
    """Where it keeps when the user signed in, in seconds since 1970, if it does."""
    purpose: Purposes | None = None
    """None: the cookie must have been made as this one; ANY_PURPOSE gives that up."""
    salt: str = DEFAULT_SALT

    def __post_init__(self) -> None:
        require_cookie_name(self.cookie_name)
        if not isinstance(self.user, Devise):
            require_path(self.user, label="user")
        if self.signed_in_at is not None:
            require_path(self.signed_in_at, label="signed_in_at")
        secrets = self.secret_key_bases
        if not isinstance(cast("object", secrets), tuple) or not 0 < len(secrets) <= _MAX_SECRETS:
            raise ConfigurationError(
                f"secret_key_bases: give a tuple of one to {_MAX_SECRETS} texts, the current one first"
            )
        if any(len(secret) < _SHORTEST_SECRET for secret in secrets):
            raise ConfigurationError(
                f"secret_key_bases: one has less than {_SHORTEST_SECRET} characters; give it as Rails has it "
                "(bin/rails runner 'puts Rails.application.secret_key_base')"
            )
        if not self.salt:
            raise ConfigurationError("salt: leave it out where the application has none of its own")

    @property
    def cookie_names(self) -> frozenset[str]:
        """The one cookie."""
        return frozenset({self.cookie_name})

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:
        """As `CookieFormat.read`; asks for nothing but a password hash, and for that only with Devise."""
        sealed = parse_sealed(cookie_value(cookies, self.cookie_name, longest=MAX_COOKIES))
        opened = open_message(sealed, self.secret_key_bases, salt=self.salt)
        if opened is None:
            raise SignatureRefused("no secret_key_base of ours made this cookie")
        message = unwrap(opened)
        self._require_purpose(message.purpose)
        if message.expires_at is not None and now >= message.expires_at:
            raise TokenExpired("exp of the envelope")
        return await self._session(message.session, message.expires_at, provider, now=now)

    async def _session(
        self, session: JsonObject, expires_at: datetime | None, provider: str, *, now: datetime
    ) -> OldSession:
        written_at = None
        if isinstance(self.user, Devise):
            signed_in = await self.user.read(session, provider, now=now)
            subject, written_at = signed_in.subject, signed_in.seen_at
            ends = [end for end in (expires_at, signed_in.expires_at) if end is not None]
            expires_at = min(ends, default=None)
        else:
            subject = subject_of(find(session, self.user))
        return OldSession(
            subject=subject,
            session_id=_session_id(session.get("session_id")),
            written_at=written_at,
            authenticated_at=instant_at(session, self.signed_in_at),
            expires_at=expires_at,
            record_key=None,
            claims={name: value for name, value in session.items() if not _is_rails_own(name)},
        )

    def _require_purpose(self, purpose: str | None) -> None:
        if purpose is None and self.purpose is ANY_PURPOSE:
            return
        if purpose != f"cookie.{self.cookie_name}":
            raise ClaimsRefused("purpose", "made as another cookie, or as none")


def _session_id(value: JsonValue) -> str:
    """Rails puts one into every session; without it, the same cookie written anew would be another sign-in."""
    if (
        not isinstance(value, str)
        or not 16 <= len(value) <= 128
        or not value.isascii()
        or not value.isprintable()
    ):
        raise TokenMalformed("session without session_id")
    return value


def _is_rails_own(name: str) -> bool:
    return name in {"session_id", "_csrf_token", "flash"} or name.startswith("warden.")
