"""Which way tokens ride: the table of modes, settings and candidates."""

from __future__ import annotations

import pytest

from segue.http.cookies import read_cookies
from segue.http.message import HttpRequest
from segue.http.transport import (
    ACCESS_COOKIE,
    TransferMethod,
    Transport,
    bearer,
    candidates,
    for_new_session,
)
from tests.http.world import local

ANY, COOKIE, HEADER = TransferMethod.ANY, TransferMethod.COOKIE, TransferMethod.HEADER


def request(**headers: str) -> HttpRequest:
    """A request with these headers."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest(method="GET", path="/", headers=pairs)


@pytest.mark.parametrize(
    ("allowed", "asked", "way"),
    [
        (ANY, "cookie", Transport.COOKIE),
        (ANY, "header", Transport.HEADER),
        (ANY, "any", Transport.HEADER),
        (ANY, None, Transport.HEADER),
        (COOKIE, "header", Transport.COOKIE),
        (COOKIE, None, Transport.COOKIE),
        (HEADER, "cookie", Transport.HEADER),
        (HEADER, None, Transport.HEADER),
    ],
)
def test_new_session(allowed: TransferMethod, asked: str | None, way: Transport) -> None:
    """The deployment's word counts; where it has none, the client's; where there is none, headers."""
    sent = request(st_auth_mode=asked) if asked else request()
    assert for_new_session(sent, local(token_transfer=allowed)) is way


@pytest.mark.parametrize(
    ("allowed", "found"),
    [
        (ANY, [(Transport.HEADER, "h"), (Transport.COOKIE, "c")]),
        (COOKIE, [(Transport.COOKIE, "c")]),
        (HEADER, [(Transport.HEADER, "h")]),
    ],
)
def test_candidates(allowed: TransferMethod, found: list[tuple[Transport, str]]) -> None:
    """A header comes before a cookie, and what is not allowed is not looked at."""
    sent = request(authorization="Bearer h", cookie="sAccessToken=c; sAccessToken=")
    assert candidates(sent, read_cookies(sent), ACCESS_COOKIE, allowed) == found


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer abc", "abc"),
        ("Bearer   abc  ", "abc"),
        ("Bearer ", None),
        ("Bearer", None),
        ("bearer abc", None),
        ("BEARER abc", None),
        ("Basic abc", None),
        ("", None),
    ],
)
def test_bearer(value: str, token: str | None) -> None:
    """The scheme is read with its case, the rest is trimmed."""
    assert bearer(request(authorization=value)) == token
    assert bearer(request()) is None
