"""
Sessions of Starlette (and FastAPI): `SessionMiddleware` keeps all of it in a cookie that itsdangerous has signed.

Facts: Starlette 1.10 (`starlette.middleware.sessions`), itsdangerous 2.2.0 (`TimestampSigner` with its own salt). What
the cookie does not have: an id of the sign-in, and its time; it is signed anew whenever the session changes, before 1.0
at every visit. Nor does it end with a sign-out: only the browser forgets it. House rule: where a user's id is has to be
said; the middleware has no notion of a user.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from segue.errors import TokenMalformed
from segue.json import JsonObject
from segue.migration.cookies.contents import read_user_id
from segue.migration.cookies.model import Cookies, OldSession
from segue.migration.cookies.python_session import PythonSession, read_sign_in
from segue.migration.cookies.signed_payload import big_endian_time, later, parse_content, require_time
from segue.migration.cookies.signed_text import HmacHash, concatenated, read_cookie, unsign

_SALT = b"itsdangerous.Signer"


class Endless(Enum):
    """A cookie that has no age by which the old application refuses it."""

    NO_MAX_AGE = "no_max_age"


NO_MAX_AGE: Final = Endless.NO_MAX_AGE
"""The middleware has `max_age=None`: its cookies hold for ever, and the provider's `maximum_age` alone bounds them."""


class StarletteSession(PythonSession, frozen=True, kw_only=True):
    """
    Sessions of Starlette's `SessionMiddleware`.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    user_id: str
    """Where the application puts the user's id: `user_id`, or `user.sub` for `session["user"]["sub"]`."""
    session_id: str | None = None
    """Where the application keeps something random that it makes at each sign-in; None: it has no such thing."""
    max_age: timedelta | Endless = timedelta(days=14)
    """Its `max_age`: it takes no cookie that was signed longer ago. NO_MAX_AGE where that is None."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.max_age, Endless):
            self._require_lifetime("max_age", self.max_age)
        self._require_paths(self.user_id, self.session_id)

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:  # noqa: ARG002 - nobody is asked
        """
        Prove a session, see `CookieFormat.read`; nobody is asked.

        Raises:
            TokenMissing, TokenMalformed, SignatureRefused, TokenExpired, ClaimsRefused, TokenNotActive: as there.
        """
        payload, time = unsign(
            read_cookie(cookies, self.cookie_name),
            separator=".",
            secrets=self.secrets,
            derive=concatenated(_SALT),
            kinds=(HmacHash.SHA1,),
        )
        written_at = big_endian_time(time)
        expires_at = None if isinstance(self.max_age, Endless) else later(written_at, self.max_age)
        require_time(written_at, expires_at, now=now)
        content = _content(payload)
        return self._judged(
            content,
            read_user_id(content, self.user_id),
            session_id=read_sign_in(content, self.session_id),
            written_at=written_at,
            expires_at=expires_at,
            record_key=None,
            now=now,
        )


def _content(payload: str) -> JsonObject:
    """Plain base64 of JSON."""
    try:
        data = b64decode(payload.encode(), validate=True)
    except binascii.Error:
        data = None
    if data is None:
        raise TokenMalformed("the payload is not base64")
    return parse_content(data)
