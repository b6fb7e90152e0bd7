"""Django's sessions, as Django made them: rows by their key, and signed cookies."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from segue import KEYS_ONLY, CookieProvider
from segue.errors import ConfigurationError, StateUnavailable
from segue.migration.cookies.django import DjangoSession, DjangoSignedCookie, StoredAs
from segue.migration.cookies.django_auth import UNCHECKED_PASSWORD
from segue.migration.cookies.signed_text import HmacHash
from tests.migration.cookies.python_vectors import (
    NOW,
    OLDER,
    PASSWORD_HASH,
    SECRET,
    VECTORS,
    OldTables,
    read,
    refusal,
)

COOKIES: dict[str, str] = VECTORS["django_cookies"]
ROWS: dict[str, str] = VECTORS["django_rows"]
KEY = "k3y0fth3s3ss10nw1th32l3tt3rs1n1t"
STORED = DjangoSession(secrets=(SECRET,))
SIGNED = DjangoSignedCookie(secrets=(SECRET,))


def tables(row: str, **more: Any) -> OldTables:
    """Django's tables with one session in them."""
    return OldTables(rows={KEY: row.encode()}, **more)


# --- signed cookies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["good", "compressed"])
def test_signed_cookie(name: str) -> None:
    """A cookie says who is signed in and when it was saved; it has no id, and ends with SESSION_COOKIE_AGE."""
    asked = OldTables()
    session = read(SIGNED, COOKIES[name], tables=asked)
    assert (session.subject, session.session_id, session.record_key) == ("7", None, None)
    assert (session.written_at, session.authenticated_at) == (NOW, None)
    assert session.expires_at == NOW + timedelta(days=14)
    assert asked.asked == [("old", "7")]


def test_fallback_secret() -> None:
    """A cookie and a mark of an older secret hold while that is configured."""
    both = DjangoSignedCookie(secrets=(SECRET, OLDER))
    assert read(both, COOKIES["older secret"]).subject == "7"
    assert refusal(SIGNED, COOKIES["older secret"]) == "TOKEN_SIGNATURE_INVALID"


def test_sha1_of_older_releases() -> None:
    """What was made with SHA-1 is read only where that is said."""
    with_sha1 = DjangoSignedCookie(secrets=(SECRET,), hashes=frozenset(HmacHash))
    assert read(with_sha1, COOKIES["sha1"]).subject == "7"
    assert refusal(SIGNED, COOKIES["sha1"]) == "TOKEN_SIGNATURE_INVALID"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("anonymous", "TOKEN_CLAIMS_INVALID"),
        ("no mark", "SIGN_IN_REVOKED"),
        ("other back end", "TOKEN_CLAIMS_INVALID"),
        ("other secret", "TOKEN_SIGNATURE_INVALID"),
        ("other purpose", "TOKEN_SIGNATURE_INVALID"),
        ("row as cookie", "TOKEN_SIGNATURE_INVALID"),
        ("pickled", "TOKEN_MALFORMED"),
    ],
)
def test_signed_cookie_that_is_no_session(name: str, code: str) -> None:
    """Nobody's, another application's and another purpose's are refused, and what is pickled is never loaded."""
    assert refusal(SIGNED, COOKIES[name]) == code


def test_signed_cookie_ends() -> None:
    """A cookie ends with SESSION_COOKIE_AGE, or earlier if `set_expiry` said so."""
    assert refusal(SIGNED, COOKIES["good"], now=NOW + timedelta(days=14)) == "TOKEN_EXPIRED"
    assert refusal(SIGNED, COOKIES["good"], now=NOW - timedelta(minutes=2)) == "TOKEN_NOT_ACTIVE"
    assert read(SIGNED, COOKIES["short"]).expires_at == NOW + timedelta(minutes=5)
    assert refusal(SIGNED, COOKIES["short"], now=NOW + timedelta(minutes=5)) == "TOKEN_EXPIRED"
    assert read(SIGNED, COOKIES["until"]).expires_at == NOW + timedelta(days=1)


# --- the password ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "passwords", [{"7": PASSWORD_HASH + "changed"}, {"7": ""}, {}, {"8": PASSWORD_HASH}], ids=str
)
def test_password_changed_or_user_gone(passwords: dict[str, str]) -> None:
    """A session of another password, or of nobody who may sign in, is a sign-in that was ended."""
    assert refusal(SIGNED, COOKIES["good"], tables=OldTables(passwords=passwords)) == "SIGN_IN_REVOKED"
    row = tables(ROWS["good"], passwords=passwords)
    assert refusal(STORED, KEY, tables=row) == "SIGN_IN_REVOKED"


def test_password_unchecked() -> None:
    """Given up by name, nobody is asked, and a session without any mark will do."""
    unchecked = DjangoSignedCookie(secrets=(SECRET,), password=UNCHECKED_PASSWORD)
    asked = OldTables(passwords={})
    assert read(unchecked, COOKIES["no mark"], tables=asked).subject == "7"
    assert asked.asked == []


class Broken(OldTables):
    """Tables that cannot be read now."""

    def password_hash(self, provider: str, user_id: str) -> str | None:
        """Do not come."""
        self.asked.append((provider, user_id))
        raise StateUnavailable("no connection")


def test_tables_that_do_not_answer() -> None:
    """Nobody is let in on an unanswered question."""
    assert refusal(SIGNED, COOKIES["good"], tables=Broken()) == "STATE_UNAVAILABLE"


# --- rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["good", "compressed"])
def test_row(name: str) -> None:
    """The key finds the row, which names user, save and end; the key itself is kept only to end the session."""
    asked = tables(ROWS[name])
    session = read(STORED, KEY, tables=asked)
    assert (session.subject, session.record_key) == ("7", KEY)
    assert session.session_id is not None
    assert KEY not in session.session_id
    assert (session.written_at, session.expires_at) == (NOW, NOW + timedelta(days=14))
    assert asked.asked == [("old", KEY), ("old", "7")]


def test_row_that_lives_longer() -> None:
    """`set_expiry` may lengthen a row's life beyond SESSION_COOKIE_AGE, as in Django."""
    session = read(STORED, KEY, tables=tables(ROWS["long"]), now=NOW + timedelta(days=50))
    assert session.expires_at == NOW + timedelta(days=60)


def test_mark_of_a_fallback() -> None:
    """A row that the new secret signed may hold a mark of the older one."""
    both = DjangoSession(secrets=(SECRET, OLDER))
    assert read(both, KEY, tables=tables(ROWS["mark of a fallback"])).subject == "7"
    assert read(both, KEY, tables=tables(ROWS["older secret"])).subject == "7"
    assert refusal(STORED, KEY, tables=tables(ROWS["mark of a fallback"])) == "SIGN_IN_REVOKED"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("anonymous", "TOKEN_CLAIMS_INVALID"),
        ("other secret", "TOKEN_SIGNATURE_INVALID"),
        ("other class", "TOKEN_SIGNATURE_INVALID"),
        ("cookie as row", "TOKEN_SIGNATURE_INVALID"),
        ("pickled", "TOKEN_MALFORMED"),
    ],
)
def test_row_that_is_no_session(name: str, code: str) -> None:
    """A row that somebody else wrote is refused like a cookie."""
    assert refusal(STORED, KEY, tables=tables(ROWS[name])) == code


def test_engine_of_the_applications_own() -> None:
    """Its class is part of what signs."""
    own = DjangoSession(secrets=(SECRET,), store_class="AnotherStore")
    assert read(own, KEY, tables=tables(ROWS["other class"])).subject == "7"


def test_row_that_is_gone() -> None:
    """No row is a sign-out."""
    assert refusal(STORED, KEY) == "SIGN_IN_REVOKED"


def test_row_that_should_have_expired() -> None:
    """A function that forgets `expire_date` lets nobody in: the row says itself when it was saved."""
    late = NOW + timedelta(days=14)
    assert refusal(STORED, KEY, tables=tables(ROWS["good"]), now=late) == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    "key", ["", "short", "a" * 129, "../../../etc/passwd", "key with spaces", "k" * 30 + "é"]
)
def test_cookie_that_is_no_key(key: str) -> None:
    """What Django would never have made is not looked up."""
    asked = tables(ROWS["good"])
    assert refusal(STORED, key, tables=asked) in {"TOKEN_MALFORMED", "TOKEN_MISSING"}
    assert asked.asked == []


@pytest.mark.parametrize("row", [b"", b"{}", b"\xff\xfe", b"a:b:c", b"x" * (256 * 1024 + 1)], ids=len)
def test_row_that_django_did_not_write(row: bytes) -> None:
    """Whatever a function gives back is a refusal of ours."""
    assert refusal(STORED, KEY, tables=OldTables(rows={KEY: row})) in {
        "TOKEN_MALFORMED",
        "TOKEN_SIGNATURE_INVALID",
    }


# --- caches ----------------------------------------------------------------------------------------------------------

CACHED = DjangoSession(secrets=(SECRET,), stored=StoredAs.JSON)


def cached(**changes: Any) -> OldTables:
    """A session of a cache, as the application's function gives it."""
    good = read(STORED, KEY, tables=tables(ROWS["good"])).claims
    return OldTables(rows={KEY: json.dumps({**good, **changes}).encode()})


def test_session_of_a_cache() -> None:
    """JSON that the application's own function took from its cache says who, and no time."""
    session = read(CACHED, KEY, tables=cached())
    assert (session.subject, session.written_at, session.expires_at) == ("7", None, None)


def test_session_of_a_cache_with_an_end() -> None:
    """An end that is an instant counts; one that has no time zone could be any of 26 hours, and is refused."""
    end = datetime(2026, 11, 23, 13, tzinfo=UTC)
    assert read(CACHED, KEY, tables=cached(_session_expiry=end.isoformat())).expires_at == end
    assert refusal(CACHED, KEY, tables=cached(_session_expiry=end.isoformat()), now=end) == "TOKEN_EXPIRED"
    for unclear in ("2026-11-23T13:00:00", "tomorrow", True, -5, 1e300, [1]):
        assert refusal(CACHED, KEY, tables=cached(_session_expiry=unclear)) == "TOKEN_CLAIMS_INVALID"


def test_mark_still_counts_in_a_cache() -> None:
    """The password is compared there too."""
    assert refusal(CACHED, KEY, tables=cached(_auth_user_hash="0" * 64)) == "SIGN_IN_REVOKED"
    assert refusal(CACHED, KEY, tables=cached(_auth_user_hash="é" * 64)) == "SIGN_IN_REVOKED"


@pytest.mark.parametrize("made", [DjangoSession, DjangoSignedCookie])
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"secrets": ()}, "tuple"),
        ({"secrets": ("django",)}, "shorter"),
        ({"cookie_age": timedelta(days=9999)}, "ten years"),
        ({"cookie_name": "session id"}, "name of a cookie"),
        ({"backends": frozenset[str]()}, "backends"),
        ({"backends": "django.contrib.auth.backends.ModelBackend"}, "backends"),
        ({"hashes": frozenset[HmacHash]()}, "hashes"),
    ],
)
def test_configuration_that_cannot_be_safe(made: Any, settings: dict[str, object], words: str) -> None:
    """It is refused when it is built, with what mends it."""
    with pytest.raises(ConfigurationError, match=words):
        made(**{"secrets": (SECRET,), **settings})


@pytest.mark.parametrize(
    ("cookie_format", "given", "missing"),
    [
        (STORED, {"password_hash"}, "find_session"),
        (STORED, {"find_session"}, "password_hash"),
        (SIGNED, set[str](), "password_hash"),
    ],
)
def test_functions_that_are_missing(cookie_format: Any, given: set[str], missing: str) -> None:
    """A provider without what its format asks for is refused when it is built, not when the first user comes."""
    tables = OldTables()
    answers: dict[str, Any] = {name: partial(getattr(tables, name), "old") for name in given}
    with pytest.raises(ConfigurationError, match=missing):
        CookieProvider(name="old", format=cookie_format, deadline=NOW, **answers)


def test_password_unchecked_needs_no_function() -> None:
    """What is given up by name is not asked for."""
    unchecked = DjangoSignedCookie(secrets=(SECRET,), password=UNCHECKED_PASSWORD)
    provider = CookieProvider(
        name="old", format=unchecked, deadline=NOW, live_check=KEYS_ONLY, maximum_age=timedelta(hours=1)
    )
    assert provider.password_hash is None
