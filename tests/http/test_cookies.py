"""The cookie header: every value of every name, and never an exception."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.http.cookies import MAX_COOKIES, read_cookies
from segue.http.message import HttpRequest


def request(*lines: str) -> HttpRequest:
    """A request with these cookie lines."""
    headers = tuple(("cookie", line) for line in lines)
    return HttpRequest(method="GET", path="/", headers=headers)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("a=1", ("1",)),
        ("a=1; b=2", ("1",)),
        ("b=2;a=1", ("1",)),
        ("  a = 1 ;", ("1",)),
        ("a=1; a=2", ("1", "2")),
        ("a=", ("",)),
        ('a="1"', ("1",)),
        ('a="', ('"',)),
        ("a=x=y", ("x=y",)),
        ("a=%20%C3%A9", (" é",)),
        ("%61=1", ("1",)),
        ("a=%FF", ("%FF",)),
        ("a=%", ("%",)),
        ("a", ()),
        ("A=1", ()),
        ("", ()),
    ],
)
def test_one_name(line: str, values: tuple[str, ...]) -> None:
    """Each way to write a cookie has its reading."""
    assert tuple(read_cookies(request(line)).all("a")) == values


def test_several_lines() -> None:
    """HTTP/2 may spread cookies over several lines; they count as one."""
    cookies = read_cookies(request("a=1", "b=2; a=3"))
    assert list(cookies.all("a")) == ["1", "3"]
    assert cookies.doubled("a", "b") == ("a",)


def test_first_that_is_not_empty() -> None:
    """An empty value counts as missing."""
    assert read_cookies(request("a=; a=2")).first("a") == "2"
    assert read_cookies(request("a=")).first("a") is None


@given(
    st.lists(st.text(st.characters(max_codepoint=255)), max_size=3), st.text(st.characters(max_codepoint=255))
)
def test_whatever_comes(lines: list[str], junk: str) -> None:
    """Nothing that a header can hold raises, and ours is found among it."""
    cookies = read_cookies(request(*lines, f"sAccessToken=x; {junk}"))
    assert "x" in cookies.all("sAccessToken")


def test_repr_shows_no_value() -> None:
    """A log of cookies names them only."""
    assert "secret" not in repr(read_cookies(request("a=secret")))


def test_more_than_is_read() -> None:
    """Beyond the bound, over all lines together, nothing is read, and that is said; up to it, everything is."""
    within = read_cookies(request("sAccessToken=x", "a" * (MAX_COOKIES - len("sAccessToken=x"))))
    beyond = read_cookies(request("sAccessToken=x;", "a" * (MAX_COOKIES - len("sAccessToken=x"))))
    assert (within.first("sAccessToken"), within.excessive) == ("x", False)
    assert (beyond.first("sAccessToken"), beyond.excessive) == (None, True)


def test_one_name_again_and_again() -> None:
    """Many cookies of one name cost no more than as many of different names (by far)."""
    count = MAX_COOKIES // 10
    same, different = (
        min(_seconds("; ".join(f"{name:07}=" for name in names)) for _ in range(3))
        for names in ([1] * count, range(count))
    )
    assert same < 8 * different


def _seconds(line: str) -> float:
    start = process_time()
    assert read_cookies(request(line)).values
    return process_time() - start
