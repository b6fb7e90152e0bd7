"""
Sessions of Django: a row by its key (`db`, `cached_db`, `cache`), or all of it in the cookie (`signed_cookies`).

Both say who is signed in and carry a mark of the password under which he signed in (`django_auth`, beside this). Facts:
Django 5.2, `django.contrib.sessions`. House rules: a row that is not there is a sign-out; a session ends when Django
itself would end it; nothing that was pickled is ever loaded.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, cast

from segue.errors import ConfigurationError, SignInRevoked, TokenMalformed
from segue.flow import ask
from segue.json import JsonObject
from segue.migration.cookies.contents import name_of
from segue.migration.cookies.django_auth import (
    COMPARED_PASSWORD,
    MODEL_BACKEND,
    PasswordCheck,
    expiry_of,
    require_password,
    user_of,
)
from segue.migration.cookies.model import MAX_SESSION, Asked, Cookies, OldApplication, OldSession
from segue.migration.cookies.python_session import PythonSession, read_sign_in
from segue.migration.cookies.signed_payload import base62_time, later, parse_content, require_time, unpack
from segue.migration.cookies.signed_text import HmacHash, concatenated, read_cookie, unsign

_KEY = re.compile(r"[0-9A-Za-z_-]{8,128}")
_STORE_SALT = "django.contrib.sessions."
_COOKIE_SALT = "django.contrib.sessions.backends.signed_cookies"
_SHA256: Final = frozenset({HmacHash.SHA256})


class StoredAs(Enum):
    """What `find_session` gives of a session."""

    SIGNED = "signed"
    """`session_data` of Django's table, as it is there."""
    JSON = "json"
    """The session's members as one JSON object, taken from a cache by a function of the application's own."""


class _DjangoSession(PythonSession, frozen=True, kw_only=True):
    """What both kinds are configured with."""

    cookie_name: str = "sessionid"
    """`SESSION_COOKIE_NAME`."""
    cookie_age: timedelta = timedelta(days=14)
    """`SESSION_COOKIE_AGE`: how long after it was last saved a session ends that does not say itself."""
    password: PasswordCheck = COMPARED_PASSWORD
    """UNCHECKED_PASSWORD: who changed his password since, because somebody else knew it, is not signed out by that."""
    backends: frozenset[str] = MODEL_BACKEND
    """`AUTHENTICATION_BACKENDS`: Django takes a session of any other for nobody's."""
    hashes: frozenset[HmacHash] = _SHA256
    """HmacHash.SHA1 too, for what was made with `DEFAULT_HASHING_ALGORITHM = "sha1"`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_lifetime("cookie_age", self.cookie_age)
        for label, values in (("backends", self.backends), ("hashes", self.hashes)):
            if not isinstance(cast("object", values), frozenset) or not values:
                raise ConfigurationError(
                    f"{type(self).__name__}: {label} must be a frozenset with something in it"
                )

    @property
    def asks(self) -> frozenset[Asked]:
        """The password's hash where it is compared."""
        return frozenset({"password_hash"} if self.password is COMPARED_PASSWORD else ())

    def _unsigned(self, text: str, salt: str) -> tuple[JsonObject, datetime]:
        payload, time = unsign(
            text, separator=":", secrets=self.secrets, derive=concatenated(salt.encode()), kinds=self.hashes
        )
        return parse_content(unpack(payload)), base62_time(time)

    async def _subject(self, content: JsonObject, provider: str) -> str:
        """Who it is, if he still has the password of then (a flow)."""
        subject = user_of(content, self.backends)
        await require_password(
            content, subject, provider, check=self.password, secrets=self.secrets, hashes=self.hashes
        )
        return subject


class DjangoSession(_DjangoSession, frozen=True, kw_only=True):
    """
    Sessions that Django keeps: engines `db`, `cached_db` and `cache`.

    The application's `find_session` gives the content of a session that has not expired: of the table, `session_data`
    where `expire_date` lies in the future (`segue.adapters.django_tables` does). Of a cache, the session as JSON.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    stored: StoredAs = StoredAs.SIGNED
    store_class: str = "SessionStore"
    """Name of the class of `SESSION_ENGINE`, which is part of what signs rows; an engine of your own may differ."""

    @property
    def asks(self) -> frozenset[Asked]:
        """The row, too."""
        row: frozenset[Asked] = frozenset({"find_session"})
        return row | super().asks

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:
        """
        Prove a session, see `CookieFormat.read`.

        Raises:
            TokenMissing, TokenMalformed, SignatureRefused, TokenExpired, SignInRevoked, ClaimsRefused, TokenNotActive:
                as there.
        """
        key = read_cookie(cookies, self.cookie_name)
        if not _KEY.fullmatch(key):
            raise TokenMalformed("not a session key")
        row = await ask(OldApplication.find_session, provider, key)
        if row is None:
            raise SignInRevoked("no such session there")
        content, written_at = self._content(row)
        expires_at = expiry_of(content, written_at, self.cookie_age)
        require_time(written_at or now, expires_at, now=now)
        return self._judged(
            content,
            await self._subject(content, provider),
            session_id=name_of(key),
            written_at=written_at,
            expires_at=expires_at,
            record_key=key,
            now=now,
        )

    def _content(self, row: bytes) -> tuple[JsonObject, datetime | None]:
        if self.stored is StoredAs.JSON:
            return parse_content(row), None
        if len(row) > MAX_SESSION or not row.isascii():
            raise TokenMalformed("session_data is too large, or not ASCII")
        return self._unsigned(row.decode(), f"{_STORE_SALT}{self.store_class}")


class DjangoSignedCookie(_DjangoSession, frozen=True, kw_only=True):
    """
    Sessions that are the cookie: engine `signed_cookies`.

    Nothing is kept on the server: the cookie goes on working at the old application after signing out.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    session_id: str | None = None
    """Where the application keeps something random that it makes at each sign-in; None: it has no such thing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_paths(self.session_id)

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:
        """
        Prove a session, see `CookieFormat.read`.

        Raises:
            TokenMissing, TokenMalformed, SignatureRefused, TokenExpired, SignInRevoked, ClaimsRefused, TokenNotActive:
                as there.
        """
        content, written_at = self._unsigned(read_cookie(cookies, self.cookie_name), _COOKIE_SALT)
        # Django itself looks at the cookie's age alone; a session that says that it ends earlier does.
        own = expiry_of(content, written_at, self.cookie_age)
        expires_at = later(written_at, self.cookie_age)
        expires_at = expires_at if own is None else min(own, expires_at)
        require_time(written_at, expires_at, now=now)
        return self._judged(
            content,
            await self._subject(content, provider),
            session_id=read_sign_in(content, self.session_id),
            written_at=written_at,
            expires_at=expires_at,
            record_key=None,
            now=now,
        )
