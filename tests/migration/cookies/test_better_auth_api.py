"""What better-auth is asked over its own routes, and what is believed of its answers."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from segue.errors import ConfigurationError, StateUnavailable
from segue.migration.cookies.better_auth import BetterAuth
from segue.migration.cookies.better_auth_api import BetterAuthRoutes, read_session, require_signed_out
from segue.migration.cookies.model import MAX_SESSION
from segue.migration.cookies.signed_value import read_signed
from segue.migration.web import WebResponse
from tests.migration.cookies.node_reading import SECRET

OLD = BetterAuth(secrets=(SECRET, "the one before, 0123456789"))
ROUTES = BetterAuthRoutes(format=OLD, url="https://old.example.com/api/auth")
ASKED = ROUTES.session_request("token-1")


def test_question() -> None:
    """It is asked past its caches and without lengthening the session, with the one cookie under the newest secret."""
    headers = dict(ASKED.headers)
    assert ASKED.method == "GET"
    assert (
        ASKED.url
        == "https://old.example.com/api/auth/get-session?disableCookieCache=true&disableRefresh=true"
    )
    name, _, value = headers["cookie"].partition("=")
    assert name == OLD.cookie_name
    assert ";" not in headers["cookie"]
    assert read_signed(unquote(value), (SECRET,), padded=True) == "token-1"
    assert headers["origin"] == "https://old.example.com"


def test_sign_out() -> None:
    """Signing out is a POST of JSON from an origin that it trusts."""
    routes = BetterAuthRoutes(
        format=OLD, url="http://127.0.0.1:3000/api/auth", origin="https://old.example.com"
    )
    request = routes.sign_out_request("token-1")
    headers = dict(request.headers)
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:3000/api/auth/sign-out")
    assert headers["origin"] == "https://old.example.com"
    assert headers["content-type"] == "application/json"


def test_no_token_in_texts() -> None:
    """Neither token nor secret stand in a URL or in what is logged."""
    for request in (ASKED, ROUTES.sign_out_request("token-1")):
        for text in (request.url, repr(request), repr(ROUTES)):
            assert "token-1" not in text
            assert SECRET not in text


def test_answers() -> None:
    """`null` is no session, an object is one."""
    assert read_session(ASKED, WebResponse(status=200, body=b"null")) is None
    assert read_session(ASKED, WebResponse(status=200, body=b'{"session":{}}')) == b'{"session":{}}'
    require_signed_out(ASKED, WebResponse(status=200, body=b" null\n"))


@pytest.mark.parametrize(
    "response",
    [
        WebResponse(status=200),
        WebResponse(status=200, body=b"x" * (MAX_SESSION + 1)),
        WebResponse(status=401, body=b"null"),
        WebResponse(status=429),
        WebResponse(status=500, body=b"null"),
    ],
    ids=["empty", "huge", "401", "429", "500"],
)
def test_no_answer(response: WebResponse) -> None:
    """A failure is neither yes nor no: it never counts as a sign-out."""
    with pytest.raises(StateUnavailable):
        read_session(ASKED, response)
    with pytest.raises(StateUnavailable):
        require_signed_out(ASKED, response)


def test_still_there() -> None:
    """A session that is still known after signing out is not taken for ended."""
    with pytest.raises(StateUnavailable, match="still there"):
        require_signed_out(ASKED, WebResponse(status=200, body=b'{"session":{}}'))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://old.example.com/api/auth", None),
        ("https://old.example.com/api/auth/", None),
        ("https://old.example.com/api/auth?x=1", None),
        ("https://old.example.com/api/auth", "old.example.com"),
    ],
)
def test_address_refused(url: str, origin: str | None) -> None:
    """An address that cannot be followed is told when it is written."""
    with pytest.raises(ConfigurationError):
        BetterAuthRoutes(format=OLD, url=url, origin=origin)
