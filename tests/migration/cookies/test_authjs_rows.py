"""Sessions of Auth.js and NextAuth.js in a database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import ConfigurationError
from segue.migration.cookies.authjs_rows import AuthJsRows
from tests.migration.cookies.node_reading import NOW, Rows, code, read

NAME = "authjs.session-token"
OLD = AuthJsRows(cookie_name=NAME)
TOKEN = "5b2f0c1e-7d1b-4a53-9a5e-0f5b8b6f9d11"
ROW: dict[str, object] = {"sessionToken": TOKEN, "userId": 7, "expires": "2026-12-01T12:00:00.000Z"}


def test_row() -> None:
    """The row proves its user; nothing says when he signed in."""
    rows = Rows({TOKEN: ROW})
    found = read(OLD, {NAME: TOKEN}, rows)
    assert (found.subject, found.record_key) == ("7", TOKEN)
    assert found.session_id not in (None, TOKEN)
    assert found.expires_at == NOW + timedelta(days=1)
    assert (found.written_at, found.authenticated_at) == (None, None)
    assert rows.asked == [("old", TOKEN)]


def test_noted_sign_in() -> None:
    """A column of the application's own may say it."""
    old = AuthJsRows(cookie_name=NAME, signed_in_at="createdAt")
    rows = Rows({TOKEN: ROW | {"createdAt": "2026-11-29T12:00:00+00:00"}})
    assert read(old, {NAME: TOKEN}, rows).authenticated_at == NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"expires": "2026-11-30T12:00:00.000Z"}, "TOKEN_EXPIRED"),
        ({"expires": None}, "TOKEN_CLAIMS_INVALID"),
        ({"userId": None}, "TOKEN_CLAIMS_INVALID"),
        ({"sessionToken": "another"}, "TOKEN_CLAIMS_INVALID"),
    ],
    ids=repr,
)
def test_row_judged(change: dict[str, object], wanted: str) -> None:
    """Expired, nobody's, somebody else's: each is refused."""
    assert code(OLD, {NAME: TOKEN}, Rows({TOKEN: ROW | change})) == wanted


def test_signed_out() -> None:
    """Without a row nobody is signed in, whatever the cookie says."""
    assert code(OLD, {NAME: TOKEN}) == "SIGN_IN_REVOKED"


def test_other_cookie_name() -> None:
    """Only the configured cookie is looked at; by default the one of https."""
    assert code(OLD, {"next-auth.session-token": TOKEN}, Rows({TOKEN: ROW})) == "TOKEN_MISSING"
    assert AuthJsRows().cookie_names == {"__Secure-authjs.session-token"}


@pytest.mark.parametrize("value", ["a" * 513, "a%0Ab", "a%00"], ids=["long", "newline", "NUL"])
def test_no_token(value: str) -> None:
    """What no generator makes is not asked for."""
    rows = Rows()
    assert code(OLD, {NAME: value}, rows) == "TOKEN_MALFORMED"
    assert rows.asked == []


@given(value=st.text(max_size=100), row=st.binary(max_size=100))
def test_garbage(value: str, row: bytes) -> None:
    """Whatever is sent or stored, only our own errors come out."""
    assert code(OLD, {NAME: value}) != "read"
    assert code(OLD, {NAME: TOKEN}, Rows({TOKEN: row})) != "read"


def test_configuration_refused() -> None:
    """What cannot work is refused when it is written."""
    with pytest.raises(ConfigurationError):
        AuthJsRows(cookie_name="")
    with pytest.raises(ConfigurationError):
        AuthJsRows(user_id="a..b")
