"""
Laravel's sessions: an encrypted session id in a cookie (`laravel_session`), and a row that holds the rest.

The text inside the cookie begins with an HMAC of the cookie's own name, so that no other encrypted cookie of the
application passes for it (Laravel 8, and 6.18.31 and 7.22.4 before it). House rules: the id's form is checked before
anything is looked up; the row is read by `php_values` or as JSON and builds no objects; `remember_…` cookies, which
sign somebody in anew, are never looked at.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from enum import Enum
from typing import ClassVar, cast

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, ConfigurationError, SignatureRefused, SignInRevoked, TokenMalformed
from segue.flow import ask
from segue.json import JsonObject
from segue.migration.cookies import configured, contents
from segue.migration.cookies.contents import Required
from segue.migration.cookies.laravel_box import Box, LaravelCipher, open_box, parse_box, read_key
from segue.migration.cookies.laravel_content import read_content
from segue.migration.cookies.members import read_seconds, read_subject
from segue.migration.cookies.model import Asked, Cookies, OldApplication, OldSession
from segue.migration.cookies.php_values import PhpObjects
from segue.migration.cookies.signed_value import read_cookie

SESSION_GUARD = "Illuminate\\Auth\\SessionGuard"
_SESSION_ID = re.compile(r"[A-Za-z0-9]{40}")
_GUARD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\\[A-Za-z_][A-Za-z0-9_]*)*")
_NAME = "Laravel sessions"
_MAX_KEYS = 8
_BASE_KEY = "base-key-for-password-hash-mac"
"""With which guards mark the password that know no `app.key`."""


class PasswordMark(Enum):
    """Whether a session must show under which password it was made."""

    COMPARED = "compared"
    """Where Laravel's `AuthenticateSession` runs: a session without its mark, or with another one, is refused."""
    NOT_COMPARED = "not_compared"
    """A changed password leaves old sessions as they are, as it does in a Laravel without that middleware."""


class LaravelSession(Discreet, frozen=True, kw_only=True):
    """
    How Laravel's sessions are read, wherever it keeps them: files, a table, Redis, Memcached.

    Raises:
        ConfigurationError: no key, one of the wrong length, or a name that cannot be.
    """

    unshown: ClassVar = frozenset({"app_keys"})

    app_keys: tuple[str, ...]
    """`APP_KEY` as it stands in `.env`, and those of `APP_PREVIOUS_KEYS` behind it."""
    password_mark: PasswordMark
    """Say which: COMPARED if `AuthenticateSession` (`auth.session`) runs in the application, else NOT_COMPARED."""
    cookie_name: str = "laravel_session"
    """`cookie` of `config/session.php`; `laravel-session` in new applications of Laravel 12 and 13."""
    cipher: LaravelCipher = LaravelCipher.AES_256_CBC
    guard: str = "web"
    guard_class: str = SESSION_GUARD
    """The PHP class of the guard, which names the member that holds the user's id."""
    signed_in_at: str | None = None
    """Where the application keeps when the user signed in, in seconds since 1970, if it does."""
    required: Required = ()
    """What a session must hold, for instance that the second factor was passed."""
    forbidden: tuple[str, ...] = ()
    """What it may not hold, for instance the mark of an administrator who acts as the user."""
    objects: PhpObjects = PhpObjects.SKIPPED
    """A form that was refused leaves an object behind in the session (`errors`). None is ever built."""

    def __post_init__(self) -> None:
        configured.require_cookie_name(_NAME, self.cookie_name)
        configured.require_paths(_NAME, self.signed_in_at, required=self.required, forbidden=self.forbidden)
        if not _GUARD.fullmatch(self.guard) or not _CLASS.fullmatch(self.guard_class):
            raise ConfigurationError(
                "guard and guard_class: give the guard's name and the full name of its PHP class"
            )
        if not isinstance(cast("object", self.app_keys), tuple) or not 0 < len(self.app_keys) <= _MAX_KEYS:
            raise ConfigurationError(
                f"app_keys: give a tuple of one to {_MAX_KEYS} texts, the current one first"
            )
        self._keys()

    @property
    def cookie_names(self) -> frozenset[str]:
        """The one cookie."""
        return frozenset({self.cookie_name})

    @property
    def asks(self) -> frozenset[Asked]:
        """See `AsksApplication.asks`."""
        compared = self.password_mark is PasswordMark.COMPARED
        return frozenset({"find_session", "password_hash"} if compared else {"find_session"})

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:  # noqa: ARG002 - the row says when
        """As `CookieFormat.read`; the row's own end is known to whoever finds it."""
        session_id = self._session_id(_parsed(read_cookie(cookies, self.cookie_name)))
        stored = await ask(OldApplication.find_session, provider, session_id)
        if stored is None:
            raise SignInRevoked("no session with this id")
        content = read_content(stored, self._keys(), self.cipher, objects=self.objects)
        guard_class = hashlib.sha1(self.guard_class.encode(), usedforsecurity=False).hexdigest()
        contents.require_members(content, required=self.required, forbidden=self.forbidden)
        subject = read_subject(content, f"login_{self.guard}_{guard_class}")
        if self.password_mark is PasswordMark.COMPARED:
            await self._require_password(content, subject, provider)
        return OldSession(
            subject=subject,
            session_id=contents.name_of(session_id),
            authenticated_at=read_seconds(content, self.signed_in_at),
            record_key=session_id,
            claims={name: value for name, value in content.items() if not _is_laravels_own(name)},
        )

    def _keys(self) -> tuple[bytes, ...]:
        return tuple(read_key(text, self.cipher) for text in self.app_keys)

    def _session_id(self, box: Box) -> str:
        opened = open_box(box, self._keys(), self.cipher)
        if opened is None:
            raise SignatureRefused("no APP_KEY of ours made this cookie")
        inside, key = opened
        prefix, _, session_id = inside.partition(b"|")
        made = hmac.digest(key, f"{self.cookie_name}v2".encode(), "sha1").hex().encode()
        if not hmac.compare_digest(prefix, made):
            raise ClaimsRefused("cookie name", "made as another cookie")
        text = session_id.decode(errors="replace")
        if not _SESSION_ID.fullmatch(text):
            raise TokenMalformed("not a Laravel session id")
        return text

    async def _require_password(self, content: JsonObject, subject: str, provider: str) -> None:
        mark = content.get(f"password_hash_{self.guard}", content.get("password_hash"))
        if not isinstance(mark, str) or not mark:
            raise ClaimsRefused("password_hash", "the session does not show under which password it was made")
        stored = await ask(OldApplication.password_hash, provider, subject)
        if stored is None:
            raise SignInRevoked("no such user")
        if not any(hmac.compare_digest(mark.encode(), possible.encode()) for possible in self._marks(stored)):
            raise SignInRevoked("another password since")

    def _marks(self, stored: str) -> list[str]:
        """The hash itself, or from Laravel 12.45 on an HMAC of it, keyed with the *text* of the application's key."""
        keyed = (
            hmac.digest(key.encode(), stored.encode(), "sha256").hex() for key in (*self.app_keys, _BASE_KEY)
        )
        return [stored, *keyed]


def _parsed(text: str) -> Box:
    try:
        return parse_box(text)
    except ValueError:
        pass  # raised outside, because the error that is in flight carries the data
    raise TokenMalformed("not a cookie that Laravel encrypted")


def _is_laravels_own(name: str) -> bool:
    return name.startswith(("_", "login_", "password_hash"))
