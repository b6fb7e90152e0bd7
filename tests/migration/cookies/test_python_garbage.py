"""Whatever a stranger sends as a session cookie of Python's frameworks is refused by an error of ours, and quickly."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import TokenMalformed
from segue.migration.cookies.django import DjangoSession, DjangoSignedCookie
from segue.migration.cookies.flask import FlaskSession
from segue.migration.cookies.model import MAX_COOKIES, MAX_SESSION, CookieFormat
from segue.migration.cookies.signed_payload import base62_time, big_endian_time, unpack
from segue.migration.cookies.signed_text import HmacHash, authenticated, concatenated, sign
from segue.migration.cookies.starlette import StarletteSession
from segue.tokens import base64url
from tests.migration.cookies.python_vectors import SECRET, VECTORS, OldTables, refusal

FLASK = FlaskSession(secrets=(SECRET,))
STARLETTE = StarletteSession(secrets=(SECRET,), user_id="user_id")
DJANGO = DjangoSignedCookie(secrets=(SECRET,))
STORED = DjangoSession(secrets=(SECRET,))
GOOD: list[tuple[CookieFormat, str]] = [
    (FLASK, VECTORS["flask"]["good"]),
    (FLASK, VECTORS["flask"]["compressed"]),
    (STARLETTE, VECTORS["starlette"]["good"]),
    (DJANGO, VECTORS["django_cookies"]["good"]),
    (DJANGO, VECTORS["django_cookies"]["compressed"]),
]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:=+/"
FORGED = {"TOKEN_SIGNATURE_INVALID", "TOKEN_MALFORMED"}


@pytest.mark.parametrize(("by", "cookie"), GOOD)
def test_any_bit_flipped(by: CookieFormat, cookie: str) -> None:
    """A good cookie with one bit changed, anywhere, is refused."""
    for place in range(len(cookie)):
        for bit in range(7):
            changed = cookie[:place] + chr(ord(cookie[place]) ^ 1 << bit) + cookie[place + 1 :]
            assert refusal(by, changed) in FORGED


@pytest.mark.parametrize(("by", "cookie"), GOOD)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_cookie_respelled(by: CookieFormat, cookie: str, data: st.DataObject) -> None:
    """There is one text for a cookie: with letters put in, taken away or added it is refused."""
    place = data.draw(st.integers(0, len(cookie)))
    added = data.draw(st.text(LETTERS, max_size=3))
    removed = data.draw(st.integers(0, 3))
    changed = cookie[:place] + added + cookie[place + removed :]
    if changed != cookie:
        assert refusal(by, changed) in {*FORGED, "TOKEN_MISSING"}


@pytest.mark.parametrize("by", [FLASK, STARLETTE, DJANGO, STORED])
@given(text=st.one_of(st.text(max_size=60), st.text(LETTERS, max_size=120)))
@settings(max_examples=100, deadline=None)
def test_garbage(by: CookieFormat, text: str) -> None:
    """Any text at all is refused with a code."""
    assert refusal(by, text).isupper()


@given(
    content=st.one_of(st.binary(max_size=60), st.text(max_size=40).map(str.encode)),
    time=st.text(LETTERS.replace(".", "").replace(":", ""), max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_garbage_that_is_signed(content: bytes, time: str) -> None:
    """What the old application might have signed by mistake is refused with a code too."""
    payload = base64url.encode(content).decode()
    for form in (payload, f".{payload}"):
        signed = f"{form}.{time}"
        cookie = (
            f"{signed}.{sign(signed, SECRET, derive=authenticated(b'cookie-session'), kind=HmacHash.SHA1)}"
        )
        assert refusal(FLASK, cookie).isupper()
        signed = f"{form}:{time}"
        salt = b"django.contrib.sessions.backends.signed_cookies"
        cookie = f"{signed}:{sign(signed, SECRET, derive=concatenated(salt), kind=HmacHash.SHA256)}"
        assert refusal(DJANGO, cookie).isupper()
        row = OldTables(rows={"k" * 32: cookie.encode()})
        assert refusal(STORED, "k" * 32, tables=row).isupper()


@pytest.mark.parametrize("by", [FLASK, STARLETTE, DJANGO, STORED])
@pytest.mark.parametrize("text", ["", "é", "\ud800", "a\nb.c.d", "\x00", "a" * (MAX_COOKIES + 1)], ids=len)
def test_text_that_no_cookie_has(by: CookieFormat, text: str) -> None:
    """Empty, not ASCII, half a character, a line break, or huge: refused before anything is computed."""
    assert refusal(by, text) in {"TOKEN_MALFORMED", "TOKEN_MISSING"}


def bomb(content: bytes) -> str:
    """A payload that claims to be compressed."""
    return "." + base64url.encode(zlib.compress(content, 9)).decode()


def test_decompression_is_bounded() -> None:
    """Ten megabytes of zeros in ten kilobytes are refused; what fits is read; what is cut off or goes on is refused."""
    fitting = b"[" + b" " * (MAX_SESSION - 100) + b"]"
    assert unpack(bomb(fitting)) == fitting
    whole = zlib.compress(b"{}")
    wrong = [
        bomb(bytes(10_000_000)),
        *("." + base64url.encode(each).decode() for each in (whole[:-1], whole + b"x")),
    ]
    for payload in wrong:
        with pytest.raises(TokenMalformed):
            unpack(payload)


@pytest.mark.parametrize("text", ["", "zzzzzzz", "-1", "1 1", "11111111", "é"])
def test_time_that_is_none_in_base62(text: str) -> None:
    """Not a number, or beyond the calendar."""
    with pytest.raises(TokenMalformed):
        base62_time(text)


@pytest.mark.parametrize("text", ["", "a", "__________8", "AAAAAAAAAAAAAAAA", "a+b="])
def test_time_that_is_none_in_bytes(text: str) -> None:
    """Likewise of itsdangerous."""
    with pytest.raises(TokenMalformed):
        big_endian_time(text)
