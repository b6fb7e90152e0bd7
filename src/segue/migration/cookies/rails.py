"""
Rails' cookie store: the whole session in one encrypted cookie (`_app_session`), from Rails 5.2 on.

AES-256-GCM under a key that PBKDF2 makes of `secret_key_base`; inside, an envelope that names the cookie it was made
for and perhaps an end, and in that the session as JSON. House rules: a session that was written by Marshal is refused
and never loaded, because loading it would run what it says; the envelope's purpose is compared, or another encrypted
cookie of the application would do. A log-out only makes the browser forget: a copied cookie stays good at Rails. By
itself such a cookie does not say how old it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar, Final

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, ConfigurationError, SignatureRefused, TokenExpired, TokenMalformed
from segue.json import JsonValue
from segue.migration.cookies import configured, contents
from segue.migration.cookies.contents import Required
from segue.migration.cookies.devise import Devise
from segue.migration.cookies.members import read_seconds, read_subject
from segue.migration.cookies.model import Asked, Cookies, OldSession
from segue.migration.cookies.rails_message import OpenedMessage, open_message, parse_sealed, unwrap
from segue.migration.cookies.signed_value import read_cookie

DEFAULT_SALT = "authenticated encrypted cookie"
"""`config.action_dispatch.authenticated_encrypted_cookie_salt`, unless the application has its own."""
_NAME = "Rails sessions"
_MAX_SECRETS = 8
_SHORTEST_SECRET = 30
"""Characters; Rails itself asks for as many."""
_MAX_SPAN = timedelta(days=3653)


class Undemanding(Enum):
    """A check that is given up, by name."""

    PURPOSE = "any_purpose"
    AGE = "any_age"


ANY_PURPOSE: Final = Undemanding.PURPOSE
"""
Cookies may come without a purpose, as Rails 5.2 makes them, and newer ones where `use_cookies_with_metadata` is off:
any encrypted cookie of the application that looks like a session passes for one.
"""
ANY_AGE: Final = Undemanding.AGE
"""
A cookie that does not say when it was made counts as made now: a copy of years ago is as good as it is at Rails. Give
the provider a `deadline` that is near.
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
    user: Devise | str
    """`Devise()`, or where the application keeps the user's id: `user_id` for `session[:user_id]`."""
    signed_in_at: str | None = None
    """Where it keeps when the user signed in, in seconds since 1970, if it does."""
    written_at: str | None = None
    """Where it keeps when it last saw the user, likewise."""
    expire_after: timedelta | None = None
    """That of `config.session_store`, if it has one: a cookie was made so long before the end that it carries."""
    required: Required = ()
    """What a session must hold, for instance that the second factor was passed."""
    forbidden: tuple[str, ...] = ()
    """What it may not hold, for instance the mark of a support agent who acts as the user."""
    given_up: frozenset[Undemanding] = frozenset()
    """`ANY_PURPOSE`, `ANY_AGE` or both, where the application's cookies leave no choice."""
    salt: str = DEFAULT_SALT

    def __post_init__(self) -> None:
        configured.require_cookie_name(_NAME, self.cookie_name)
        configured.require_secrets(_NAME, self.secret_key_bases, minimum=_SHORTEST_SECRET)
        if len(self.secret_key_bases) > _MAX_SECRETS:
            raise ConfigurationError(
                f"{_NAME}: {_MAX_SECRETS} secrets are the most; drop those that are out of use"
            )
        paths = (None if isinstance(self.user, Devise) else self.user, self.signed_in_at, self.written_at)
        configured.require_paths(_NAME, *paths, required=self.required, forbidden=self.forbidden)
        if self.expire_after is not None and not timedelta(0) < self.expire_after <= _MAX_SPAN:
            raise ConfigurationError(f"{_NAME}: expire_after must be positive and at most ten years")
        if not self.salt:
            raise ConfigurationError(f"{_NAME}: leave salt out where the application has none of its own")

    @property
    def cookie_names(self) -> frozenset[str]:
        """The one cookie."""
        return frozenset({self.cookie_name})

    @property
    def asks(self) -> frozenset[Asked]:
        """See `AsksApplication.asks`."""
        return frozenset({"password_hash"} if isinstance(self.user, Devise) else ())

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:
        """As `CookieFormat.read`; asks for nothing but a password hash, and for that only with Devise."""
        sealed = parse_sealed(read_cookie(cookies, self.cookie_name))
        opened = open_message(sealed, self.secret_key_bases, salt=self.salt)
        if opened is None:
            raise SignatureRefused("no secret_key_base of ours made this cookie")
        message = unwrap(opened)
        self._require_purpose(message.purpose)
        if message.expires_at is not None and now >= message.expires_at:
            raise TokenExpired("exp of the envelope")
        contents.require_members(message.session, required=self.required, forbidden=self.forbidden)
        return await self._judged(message, provider, now=now)

    async def _judged(self, message: OpenedMessage, provider: str, *, now: datetime) -> OldSession:
        session, seen_at, ends = message.session, None, [message.expires_at]
        if isinstance(self.user, Devise):
            signed_in = await self.user.read(session, provider, now=now)
            subject, seen_at = signed_in.subject, signed_in.seen_at
            ends.append(signed_in.expires_at)
        else:
            subject = read_subject(session, self.user)
        authenticated_at = read_seconds(session, self.signed_in_at)
        written_at = self._written_at(message) or seen_at
        if written_at is None and authenticated_at is None and ANY_AGE in self.given_up:
            written_at = now
        return OldSession(
            subject=subject,
            session_id=_session_id(session.get("session_id")),
            written_at=written_at,
            authenticated_at=authenticated_at,
            expires_at=min((end for end in ends if end is not None), default=None),
            claims={name: value for name, value in session.items() if not _is_rails_own(name)},
        )

    def _written_at(self, message: OpenedMessage) -> datetime | None:
        if self.expire_after is not None and message.expires_at is not None:
            return message.expires_at - self.expire_after
        return read_seconds(message.session, self.written_at)

    def _require_purpose(self, purpose: str | None) -> None:
        if purpose is None and ANY_PURPOSE in self.given_up:
            return
        if purpose != f"cookie.{self.cookie_name}":
            raise ClaimsRefused("purpose", "made as another cookie, or as none")


def _session_id(value: JsonValue) -> str:
    """Rails puts one into every session; without it, the same cookie written anew would be another sign-in."""
    if not isinstance(value, str) or not 16 <= len(value) <= 128 or not contents.is_key(value):
        raise TokenMalformed("session without session_id")
    return value


def _is_rails_own(name: str) -> bool:
    return name in {"session_id", "_csrf_token", "flash"} or name.startswith("warden.")
