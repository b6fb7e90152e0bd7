"""What a format will ask the old application for has to be configured before the first cookie comes."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from segue import CookieProvider, Prefixed
from segue.errors import ConfigurationError
from segue.migration.cookies.devise import Devise
from segue.migration.cookies.laravel import LaravelSession, PasswordMark
from segue.migration.cookies.php import PhpSession
from segue.migration.cookies.rails import RailsSession

if TYPE_CHECKING:
    from segue.migration.cookies.model import CookieFormat

KEY = "base64:" + b64encode(b"an APP_KEY of these tests, 32 by").decode()
SECRET = "a secret_key_base of these tests, long enough for Rails"


def find(_key: str) -> bytes | None:
    """Nothing is ever there."""
    return None


def password(_user_id: str) -> str | None:
    """Likewise."""
    return None


def rails(user: Devise | str) -> RailsSession:
    """Rails' sessions of such users."""
    return RailsSession(secret_key_bases=(SECRET,), cookie_name="_old_session", user=user)


@pytest.mark.parametrize(
    ("how", "rows", "passwords", "missing"),
    [
        (PhpSession(user_id="id"), False, True, "find_session"),
        (PhpSession(user_id="id"), True, False, None),
        (
            LaravelSession(app_keys=(KEY,), password_mark=PasswordMark.NOT_COMPARED),
            False,
            True,
            "find_session",
        ),
        (LaravelSession(app_keys=(KEY,), password_mark=PasswordMark.NOT_COMPARED), True, False, None),
        (LaravelSession(app_keys=(KEY,), password_mark=PasswordMark.COMPARED), True, False, "password_hash"),
        (LaravelSession(app_keys=(KEY,), password_mark=PasswordMark.COMPARED), True, True, None),
        (rails(Devise()), False, False, "password_hash"),
        (rails(Devise()), False, True, None),
        (rails("user_id"), True, False, None),
    ],
)
def test_what_nobody_answers(how: CookieFormat, *, rows: bool, passwords: bool, missing: str | None) -> None:
    """A provider without the function that its format asks for is refused when it is built, and named."""

    def build() -> CookieProvider:
        return CookieProvider(
            name="old",
            format=how,
            find_session=find if rows else None,
            password_hash=password if passwords else None,
            map_user=Prefixed("old|"),
            check_user=None if rows or passwords else lambda _identity, _user_id: pytest.fail("asked"),
            deadline=datetime(2027, 1, 1, tzinfo=UTC),
        )

    if missing is None:
        assert build().format is how
    else:
        with pytest.raises(ConfigurationError, match=f"asks for {missing}"):
            build()
