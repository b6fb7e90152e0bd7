"""
What `django.contrib.auth` puts into a session: who, by which back end, and a mark of his password.

The mark is an HMAC of the stored password hash. Django compares it at every request: that, and no deleted row, is how a
changed password signs out all other devices. Facts: Django 5.2, `django.contrib.auth.get_user` and
`AbstractBaseUser.get_session_auth_hash`. House rule: where Django would see nobody, nobody is seen here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from segue.errors import ClaimsRefused, SignInRevoked
from segue.flow import ask
from segue.json import JsonObject
from segue.migration.cookies.contents import read_user_id
from segue.migration.cookies.model import OldApplication
from segue.migration.cookies.signed_payload import later
from segue.migration.cookies.signed_text import HmacHash, OldSecret

MODEL_BACKEND: Final = frozenset({"django.contrib.auth.backends.ModelBackend"})
"""The back end of a project that names none."""

_HASH_SALT = b"django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
_LONGEST = timedelta(days=3653)


class PasswordCheck(Enum):
    """Whether a session has to fit the user's present password."""

    COMPARED = "compared"
    UNCHECKED = "unchecked"


COMPARED_PASSWORD: Final = PasswordCheck.COMPARED
"""As Django does. The application's `password_hash` gives the field `password` of an active user."""
UNCHECKED_PASSWORD: Final = PasswordCheck.UNCHECKED
"""Given up: a session outlives the password under which it was made, and nobody looks whether its user is active."""


def user_of(content: JsonObject, backends: frozenset[str]) -> str:
    """
    Who is signed in.

    Raises:
        ClaimsRefused: nobody, or by a back end that the application has not.
    """
    subject = read_user_id(content, "_auth_user_id")
    backend = content.get("_auth_user_backend")
    if not isinstance(backend, str) or backend not in backends:
        raise ClaimsRefused("_auth_user_backend", "none of those configured")
    return subject


async def require_password(
    content: JsonObject,
    user_id: str,
    provider: str,
    *,
    check: PasswordCheck,
    secrets: tuple[OldSecret, ...],
    hashes: Iterable[HmacHash],
) -> None:
    """
    Refuse a session that was made under another password (a flow).

    Raises:
        SignInRevoked: there is no such user now, his password was changed, or the session has no mark of any.
    """
    if check is UNCHECKED_PASSWORD:
        return
    mark = content.get("_auth_user_hash")
    if not isinstance(mark, str) or not mark:
        raise SignInRevoked("the session has no mark of a password")
    stored = await ask(OldApplication.password_hash, provider, user_id)
    if stored is None:
        raise SignInRevoked("no such user there, or none who may sign in")
    fits = [
        hmac.compare_digest(mark.encode(), session_auth_hash(stored, secret, kind).encode())
        for secret in secrets
        for kind in hashes
    ]
    if not any(fits):
        raise SignInRevoked("another password since")


def session_auth_hash(password: str, secret: OldSecret, kind: HmacHash) -> str:
    """The mark of a stored password hash."""
    material = secret.encode() if isinstance(secret, str) else secret
    key = hashlib.new(kind.value, _HASH_SALT + material).digest()
    return hmac.digest(key, password.encode(), kind.value).hex()


def expiry_of(content: JsonObject, written_at: datetime | None, cookie_age: timedelta) -> datetime | None:
    """
    When Django ends the session: by what `set_expiry` has put into it, else *cookie_age* after it was saved.

    Raises:
        ClaimsRefused: an end that cannot be understood; without a time zone (`USE_TZ = False`) it may be any of 26
            hours.
    """
    expiry = content.get("_session_expiry")
    match expiry:
        case None | 0:
            span = cookie_age
        case bool():
            raise ClaimsRefused("_session_expiry")
        case int() | float() if 0 < expiry <= _LONGEST.total_seconds():
            span = timedelta(seconds=expiry)
        case str():
            return _instant(expiry)
        case _:
            raise ClaimsRefused("_session_expiry")
    return None if written_at is None else later(written_at, span)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ClaimsRefused("_session_expiry", "not an instant with a time zone")
    return instant
