"""Flask's cookies, as Flask and Flask-Login made them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segue.errors import ConfigurationError
from segue.migration.cookies.contents import name_of
from segue.migration.cookies.flask import FlaskSession
from segue.migration.cookies.signed_text import HmacHash
from tests.migration.cookies.python_vectors import NOW, OLDER, SECRET, VECTORS, read, refusal

COOKIES: dict[str, str] = VECTORS["flask"]
FLASK = FlaskSession(secrets=(SECRET,))


@pytest.mark.parametrize("name", ["good", "compressed", "tagged"])
def test_session_of_flask_login(name: str) -> None:
    """A cookie says who is signed in and when it was written; it has no id of the sign-in, and its end is Flask's."""
    session = read(FLASK, COOKIES[name])
    assert (session.subject, session.session_id, session.record_key) == ("7", None, None)
    assert (session.written_at, session.authenticated_at) == (NOW, None)
    assert session.expires_at == NOW + timedelta(days=31)
    assert session.claims["_fresh"] is True


def test_types_that_json_has_not() -> None:
    """Tagged members become the JSON that comes nearest; a member that only looks like a tag stays what it was."""
    tags = read(FLASK, COOKIES["tagged"]).claims["tags"]
    assert tags == {
        "tuple": [1, "two"],
        "bytes": "AAE=",
        "uuid": "00000000-0000-0000-0000-000000000007",
        "time": "Mon, 23 Nov 2026 12:00:00 GMT",
        "markup": "<b>7</b>",
        "escaped": {" u": "not an id"},
    }


def test_user_id_that_is_a_uuid() -> None:
    """A UUID comes as the text that Python writes."""
    assert read(FLASK, COOKIES["uuid"]).subject == "00000000-0000-0000-0000-000000000007"


def test_user_id_of_the_applications_own() -> None:
    """Without Flask-Login the id lies where the application puts it, also as a number."""
    own = FlaskSession(secrets=(SECRET,), user_id="user.id")
    assert read(own, COOKIES["number"]).subject == "7"


def test_id_of_the_sign_in() -> None:
    """Where the application makes something random at each sign-in, it names it; a cookie without is refused."""
    named = FlaskSession(secrets=(SECRET,), session_id="sign_in")
    assert read(named, COOKIES["sign-in"]).session_id == name_of("a3f0c5d29b7e4d1c8f60")
    assert refusal(named, COOKIES["good"]) == "TOKEN_CLAIMS_INVALID"


def test_fallback_secret() -> None:
    """What an older secret signed is read while that secret is configured."""
    assert read(FlaskSession(secrets=(SECRET, OLDER)), COOKIES["older secret"]).subject == "7"
    assert refusal(FLASK, COOKIES["older secret"]) == "TOKEN_SIGNATURE_INVALID"


def test_secret_of_bytes() -> None:
    """Flask's secret is often bytes."""
    assert read(FlaskSession(secrets=(bytes(range(24)),)), COOKIES["bytes secret"]).subject == "7"


def test_interface_of_the_applications_own() -> None:
    """Salt and hash of another session interface are configured; the usual ones do not hold for it."""
    assert read(FlaskSession(secrets=(SECRET,), digest=HmacHash.SHA256), COOKIES["sha256"]).subject == "7"
    assert read(FlaskSession(secrets=(SECRET,), salt="flask-wtf"), COOKIES["other salt"]).subject == "7"
    assert refusal(FLASK, COOKIES["sha256"]) == "TOKEN_SIGNATURE_INVALID"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("anonymous", "TOKEN_CLAIMS_INVALID"),
        ("other secret", "TOKEN_SIGNATURE_INVALID"),
        ("other salt", "TOKEN_SIGNATURE_INVALID"),
        ("remember", "TOKEN_MALFORMED"),
    ],
)
def test_cookie_that_is_no_session(name: str, code: str) -> None:
    """Nobody's session, another application's, another purpose's, and Flask-Login's other credential are refused."""
    assert refusal(FLASK, COOKIES[name]) == code


def test_remember_token_is_not_read() -> None:
    """Flask-Login's second credential alone is no session: it has no time, no end, and is the same on all devices."""
    assert refusal(FLASK, COOKIES["remember"], name="remember_token") == "TOKEN_MISSING"


def test_lifetime() -> None:
    """Flask's own limit is the last instant; a cookie from the future has not been written yet."""
    short = FlaskSession(secrets=(SECRET,), lifetime=timedelta(hours=1))
    assert read(short, COOKIES["good"], now=NOW + timedelta(minutes=59)).subject == "7"
    assert refusal(short, COOKIES["good"], now=NOW + timedelta(hours=1)) == "TOKEN_EXPIRED"
    assert read(short, COOKIES["good"], now=NOW - timedelta(seconds=60)).subject == "7"
    assert refusal(short, COOKIES["good"], now=NOW - timedelta(seconds=61)) == "TOKEN_NOT_ACTIVE"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"secrets": ()}, "tuple"),
        ({"secrets": SECRET}, "tuple"),
        ({"secrets": ("",)}, "shorter"),
        ({"secrets": (SECRET, "fifteen letters")}, "shorter"),
        ({"secrets": ("abab" * 20,)}, "alike"),
        ({"secrets": (SECRET,), "cookie_name": "session=abc"}, "name of a cookie"),
        ({"secrets": (SECRET,), "lifetime": timedelta(0)}, "positive"),
        ({"secrets": (SECRET,), "user_id": ""}, "no path"),
        ({"secrets": (SECRET,), "session_id": "a..b"}, "no path"),
    ],
)
def test_configuration_that_cannot_be_safe(settings: dict[str, object], words: str) -> None:
    """It is refused when it is built, with what mends it and without the secret."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        FlaskSession(**settings)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert SECRET not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    """The text form of a format holds none of its secrets."""
    assert SECRET not in repr(FLASK)
