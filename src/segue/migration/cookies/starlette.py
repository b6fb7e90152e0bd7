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
from datetime import timedelta
from enum import Enum
from typing import Final

from segue.errors import TokenMalformed
from segue.json import JsonObject
from segue.migration.cookies.itsdangerous_session import ItsDangerousSession
from segue.migration.cookies.signed_payload import parse_content
from segue.migration.cookies.signed_text import Derive, HmacHash, concatenated

_SALT = b"itsdangerous.Signer"


class Endless(Enum):
    """A cookie that has no age by which the old application refuses it."""

    NO_MAX_AGE = "no_max_age"


NO_MAX_AGE: Final = Endless.NO_MAX_AGE
"""The middleware has `max_age=None`: its cookies hold for ever, and the provider's `maximum_age` alone bounds them."""


class StarletteSession(ItsDangerousSession, frozen=True, kw_only=True):
    """
    Sessions of Starlette's `SessionMiddleware`.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    user_id: str
    """Where the application puts the user's id: `user_id`, or `user.sub` for `session["user"]["sub"]`."""
    max_age: timedelta | Endless = timedelta(days=14)
    """Its `max_age`: it takes no cookie that was signed longer ago. NO_MAX_AGE where that is None."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.max_age, Endless):
            self._require_lifetime("max_age", self.max_age)

    def _signature(self) -> tuple[Derive, HmacHash]:
        return concatenated(_SALT), HmacHash.SHA1

    def _counts_for(self) -> timedelta | None:
        return None if isinstance(self.max_age, Endless) else self.max_age

    def _content(self, payload: str) -> JsonObject:
        """Plain base64 of JSON."""
        try:
            data = b64decode(payload.encode(), validate=True)
        except binascii.Error:
            data = None
        if data is None:
            raise TokenMalformed("the payload is not base64")
        return parse_content(data)
