"""Starlette's cookies, as itsdangerous made them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segue.errors import ConfigurationError
from segue.migration.cookies.starlette import NO_MAX_AGE, StarletteSession
from tests.migration.cookies.python_vectors import NOW, OLDER, SECRET, VECTORS, read, refusal

COOKIES: dict[str, str] = VECTORS["starlette"]
STARLETTE = StarletteSession(secrets=(SECRET,), user_id="user_id")


def test_session() -> None:
    """A cookie says who is signed in and when it was written; it has no id of the sign-in, and ends with `max_age`."""
    session = read(STARLETTE, COOKIES["good"])
    assert (session.subject, session.session_id, session.record_key) == ("7", None, None)
    assert (session.written_at, session.authenticated_at) == (NOW, None)
    assert session.expires_at == NOW + timedelta(days=14)
    assert session.claims["name"] == "Ada Lovelace ☕"


def test_user_id_inside_and_as_a_number() -> None:
    """The id may lie deeper, as Authlib's `user` does, and may be a number."""
    nested = StarletteSession(secrets=(SECRET,), user_id="user.sub")
    assert read(nested, COOKIES["nested"]).subject == "7"
    assert read(STARLETTE, COOKIES["number"]).subject == "7"


def test_older_secret() -> None:
    """The middleware has one secret; we may know the one before too."""
    both = StarletteSession(secrets=(SECRET, OLDER), user_id="user_id")
    assert read(both, COOKIES["older secret"]).subject == "7"
    assert refusal(STARLETTE, COOKIES["older secret"]) == "TOKEN_SIGNATURE_INVALID"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("anonymous", "TOKEN_CLAIMS_INVALID"),
        ("other secret", "TOKEN_SIGNATURE_INVALID"),
        ("other salt", "TOKEN_SIGNATURE_INVALID"),
    ],
)
def test_cookie_that_is_no_session(name: str, code: str) -> None:
    """Nobody's session, another application's and another purpose's are refused."""
    assert refusal(STARLETTE, COOKIES[name]) == code


def test_max_age() -> None:
    """The middleware's own limit is the last instant, and is given up by name only."""
    assert refusal(STARLETTE, COOKIES["good"], now=NOW + timedelta(days=14)) == "TOKEN_EXPIRED"
    assert refusal(STARLETTE, COOKIES["good"], now=NOW - timedelta(minutes=2)) == "TOKEN_NOT_ACTIVE"
    endless = StarletteSession(secrets=(SECRET,), user_id="user_id", max_age=NO_MAX_AGE)
    late = read(endless, COOKIES["good"], now=NOW + timedelta(days=3000))
    assert (late.written_at, late.expires_at) == (NOW, None)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"secrets": ("",)}, "shorter"),
        ({"max_age": timedelta(days=-1)}, "positive"),
        ({"user_id": ""}, "no path"),
        ({"session_id": "."}, "no path"),
        ({"cookie_name": ""}, "name of a cookie"),
    ],
)
def test_configuration_that_cannot_be_safe(settings: dict[str, object], words: str) -> None:
    """It is refused when it is built, with what mends it."""
    good: dict[str, object] = {"secrets": (SECRET,), "user_id": "user_id"}
    with pytest.raises(ConfigurationError, match=words):
        StarletteSession(**{**good, **settings})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
