"""PHP's sessions: three serializers as PHP itself wrote them, and ids that are checked before they are looked up."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import (
    ClaimsRefused,
    ConfigurationError,
    SessionError,
    SignInRevoked,
    TokenMalformed,
    TokenMissing,
    TokenRefused,
)
from segue.migration.cookies.contents import name_of
from segue.migration.cookies.php import PhpSerializer, PhpSession
from segue.migration.cookies.php_values import PhpObjects
from tests.migration.cookies.old_application import Storage, read

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "php_sessions.json").read_text())
ID = "0123456789abcdef0123456789abcdef"
COOKIES = {"PHPSESSID": ID}
FORMAT = PhpSession(user_id="user_id")


def stored(content: bytes) -> Storage:
    """A store in which the session of `COOKIES` has this content."""
    return Storage(sessions={ID: content})


@pytest.mark.parametrize("serializer", PhpSerializer)
def test_session_that_php_wrote(serializer: PhpSerializer) -> None:
    """Each of PHP's three serializers is read: user, instant of the sign-in, the rest as claims."""
    how = PhpSession(user_id="user_id", signed_in_at="signed_in_at", serializer=serializer)
    found = read(how, COOKIES, stored(b64decode(VECTORS["sessions"][serializer.value])))
    assert (found.subject, found.session_id, found.record_key) == ("7", name_of(ID), ID)
    assert found.authenticated_at == datetime.fromtimestamp(1764500000, UTC)
    assert (found.claims["name"], found.claims["roles"]) == ("Ada | Lovelace", ["member"])
    assert (found.written_at, found.expires_at) == (None, None)
    assert "7" not in repr(found).replace("1764", "")


@pytest.mark.parametrize("serializer", PhpSerializer)
def test_session_with_an_object(serializer: PhpSerializer) -> None:
    """An object in a session refuses it; skipped, it is not among the claims and nothing else is missing."""
    content = b64decode(VECTORS["sessions"][f"{serializer.value} with an object"])
    with pytest.raises(TokenMalformed, match="object"):
        read(PhpSession(user_id="user_id", serializer=serializer), COOKIES, stored(content))
    how = PhpSession(user_id="user_id", serializer=serializer, objects=PhpObjects.SKIPPED)
    found = read(how, COOKIES, stored(content))
    assert found.subject == "7"
    assert "cart" not in found.claims


@pytest.mark.parametrize(
    ("serializer", "other"), [(a, b) for a in PhpSerializer for b in PhpSerializer if a != b]
)
def test_content_of_another_serializer(serializer: PhpSerializer, other: PhpSerializer) -> None:
    """What another serializer wrote is refused, not guessed at."""
    content = b64decode(VECTORS["sessions"][other.value])
    with pytest.raises(TokenMalformed, match=serializer.value):
        read(PhpSession(user_id="user_id", serializer=serializer), COOKIES, stored(content))


def test_configured_path() -> None:
    """A user id may lie deeper."""
    content = b64decode(VECTORS["sessions"]["php"])
    assert read(PhpSession(user_id="auth.user.id"), COOKIES, stored(content)).subject == "u-7"


@pytest.mark.parametrize(
    "session_id",
    [
        "../../../../etc/passwd-and-then-more",
        "..%2F..%2F..%2F..%2Fetc%2Fpasswd-and-more",
        "0123456789abcdef0123456789abcde/",
        "0123456789abcdef0123456789abcde%00",
        "0123456789abcdef0123456789abcde%0A",
        "0123456789abcdef0123456789abcde*",
        "0123456789abcdef0123456789abcde\u0430",
        "0123456789abcdef",
        "a" * 257,
        "a" * 5000,
    ],
)
def test_id_that_php_does_not_make(session_id: str) -> None:
    """An id that could be a path, a pattern or a guess is refused before anybody looks it up."""
    storage = Storage()
    with pytest.raises(TokenMalformed):
        read(FORMAT, {"PHPSESSID": session_id}, storage)
    assert storage.asked == []


def test_id_is_url_decoded() -> None:
    """PHP writes a comma in an id as %2C."""
    session_id = "a" * 26 + ","
    storage = Storage(sessions={session_id: b"user_id|i:7;"})
    assert read(FORMAT, {"PHPSESSID": "a" * 26 + "%2C"}, storage).record_key == session_id


def test_no_row() -> None:
    """An id without a row is nobody's, whoever set the cookie."""
    with pytest.raises(SignInRevoked):
        read(FORMAT, COOKIES)


def test_no_cookie() -> None:
    """Without the cookie of this name, others do not count."""
    for cookies in ({}, {"phpsessid": ID}, {"other": ID}):
        with pytest.raises(TokenMissing):
            read(FORMAT, cookies)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"other|i:7;",
        b"user_id|N;",
        b"user_id|b:0;",
        b"user_id|b:1;",
        b"user_id|i:0;",
        b'user_id|s:0:"";',
        b'user_id|s:1:"0";',
        b"user_id|d:7;",
        b"user_id|a:1:{i:0;i:7;}",
        b'user_id|s:2:"\xff\xfe";',
        b'user_id|s:3:"a\nb";',
        b'user_id|s:600:"' + b"x" * 600 + b'";',
    ],
)
def test_nobody_signed_in(content: bytes) -> None:
    """What PHP takes for nobody, and what cannot be a user id, is refused."""
    with pytest.raises(ClaimsRefused):
        read(FORMAT, COOKIES, stored(content))


@pytest.mark.parametrize(
    "content",
    [
        b"user_id",
        b"|i:7;",
        b"user_id|",
        b"user_id|i:7;x",
        b"user_id|i:7;user_id|i:8;",
        b"user_id|i:7",
        b"!user_id|user_id|i:7;",
    ],
)
def test_content_that_php_does_not_write(content: bytes) -> None:
    """A name without a value, a doubled name or a value cut short refuses the session."""
    with pytest.raises(TokenMalformed):
        read(FORMAT, COOKIES, stored(content))


def test_instant_that_is_none() -> None:
    """Where a sign-in's instant is configured, something else in its place is refused; nothing in its place is not."""
    how = PhpSession(user_id="user_id", signed_in_at="at")
    assert read(how, COOKIES, stored(b"user_id|i:7;")).authenticated_at is None
    assert read(how, COOKIES, stored(b'user_id|i:7;at|s:10:"1764500000";')).authenticated_at is not None
    for value in (b"i:-1;", b"b:1;", b's:9:"yesterday";', b"a:0:{}", b"i:9223372036854775807;"):
        with pytest.raises(ClaimsRefused):
            read(how, COOKIES, stored(b"user_id|i:7;at|" + value))


@given(st.binary(max_size=300), st.sampled_from(PhpSerializer), st.sampled_from(PhpObjects))
def test_hostile_content(content: bytes, serializer: PhpSerializer, objects: PhpObjects) -> None:
    """Whatever a store holds, reading it ends in a session or in a refusal of ours."""
    how = PhpSession(user_id="user_id", serializer=serializer, objects=objects)
    for text in (content, b"user_id|" + content, b"\x07user_id" + content):
        try:
            read(how, COOKIES, stored(text))
        except TokenRefused:
            continue


@given(st.text(max_size=300))
def test_hostile_cookie(value: str) -> None:
    """Whatever a cookie says, it names a session or is refused."""
    storage = Storage()
    with pytest.raises(SessionError):
        read(FORMAT, {"PHPSESSID": value}, storage)
    assert all(key.replace("-", "").replace(",", "").isalnum() for key in storage.asked)


def test_complete_sign_in() -> None:
    """What must be in a session is compared, type and all, and what must not be there refuses it."""
    how = PhpSession(user_id="user_id", required=(("second_factor", True),), forbidden=("acting_as",))
    assert read(how, COOKIES, stored(b"user_id|i:7;second_factor|b:1;acting_as|N;")).subject == "7"
    for content in (b"", b"second_factor|i:1;", b"second_factor|b:0;", b"second_factor|b:1;acting_as|i:1;"):
        with pytest.raises(ClaimsRefused):
            read(how, COOKIES, stored(b"user_id|i:7;" + content))


def test_configuration_that_leads_nowhere() -> None:
    """A path with an empty name in it, and a name that is none, are refused when the value is built."""
    for path in ("", ".", "auth."):
        with pytest.raises(ConfigurationError, match="path"):
            PhpSession(user_id=path)
    with pytest.raises(ConfigurationError, match="path"):
        PhpSession(user_id="user_id", signed_in_at="")
    with pytest.raises(ConfigurationError, match="cookie"):
        PhpSession(user_id="user_id", cookie_name="PHPSESSID=abc")
