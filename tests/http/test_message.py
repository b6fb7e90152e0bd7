"""What a session adds to a response: the later wins, and what is taken off stays off."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from segue.http.attach import attach, clear, clear_older
from segue.http.message import NO_ACTIONS, Actions, HttpRequest
from segue.http.transport import BOTH, Transport
from tests.http.world import local
from tests.sessions.scene import START, Scene

SETTINGS = local()
ISSUED = Scene().sign_in(anti_csrf=True)
COOKIE = attach(ISSUED, SETTINGS, Transport.COOKIE)
HEADER = attach(ISSUED, SETTINGS, Transport.HEADER)


def test_nothing() -> None:
    """Nothing added is nothing rendered, and changes nothing that it is joined with."""
    assert not NO_ACTIONS
    assert NO_ACTIONS.render() == []
    assert NO_ACTIONS.render(exposed="x-own") == []
    assert NO_ACTIONS.then(COOKIE).render() == COOKIE.render()
    assert COOKIE.then(NO_ACTIONS).render() == COOKIE.render()


def test_cleared_after_attached() -> None:
    """A session that ends in the response that brought it leaves nothing of itself, by either way."""
    shown = attach(ISSUED, local(expose_access_token=True), Transport.COOKIE)
    for actions in (COOKIE, HEADER, shown):
        ended = actions.then(clear(BOTH, SETTINGS))
        text = str(ended.render())
        assert ISSUED.access.text not in text
        assert ISSUED.refresh.text not in text
        assert "anti-csrf" not in dict(ended.headers)
        assert dict(ended.headers)["front-token"] == "remove"
    ended = shown.then(clear([Transport.COOKIE], SETTINGS))
    assert ISSUED.access.text not in str(ended.render())


def test_attached_after_cleared() -> None:
    """A new session in a response that took one away is there in full."""
    again = clear(BOTH, SETTINGS).then(COOKIE)
    assert {cookie.name: cookie.value for cookie in again.cookies} == {
        "sAccessToken": ISSUED.access.text,
        "sRefreshToken": ISSUED.refresh.text,
    }
    headers = dict(again.headers)
    assert headers["front-token"] != "remove"
    assert headers["anti-csrf"] == ISSUED.anti_csrf
    assert headers["st-access-token"] == ""


def test_order_of_clearing_does_not_matter() -> None:
    """Both ways are cleared whichever is named first."""
    one, two = clear(BOTH, SETTINGS), clear(BOTH[::-1], SETTINGS)
    assert dict(one.headers) == dict(two.headers)
    assert one.cookies == two.cookies
    assert clear((), SETTINGS) is NO_ACTIONS


def test_joining_is_associative() -> None:
    """However three actions are bracketed, the response is the same."""
    older = clear_older(["sAccessToken"], SETTINGS, domain="old.example.com")
    parts = [COOKIE, HEADER, clear(BOTH, SETTINGS), clear([Transport.COOKIE], SETTINGS), older]
    for first in parts:
        for second in parts:
            for third in parts:
                left, right = first.then(second).then(third), first.then(second.then(third))
                assert dict(left.headers) == dict(right.headers)
                assert set(left.cookies) == set(right.cookies)


def test_expose_keeps_what_was_there() -> None:
    """The application's own exposed headers stay, and none is named twice."""
    lines = dict(COOKIE.render(exposed="X-Own, front-token"))
    assert lines["access-control-expose-headers"] == "X-Own, front-token, anti-csrf"


def test_each_cookie_has_its_line() -> None:
    """Two cookies are two lines, as HTTP demands and some clients' parsers need."""
    assert [name for name, _ in COOKIE.render()].count("set-cookie") == 2


def test_no_token_in_a_log() -> None:
    """What represents a request or a cookie shows no token."""
    request = HttpRequest(method="GET", path="/", headers=(("authorization", ISSUED.access.text),))
    assert ISSUED.access.text not in repr((request, COOKIE.cookies))


def test_refresh_cookie_ends_with_the_session() -> None:
    """The refresh token's cookie lives exactly as long as the session as stored."""
    near = replace(ISSUED, session=replace(ISSUED.session, expires_at=START + timedelta(minutes=5)))
    actions: Actions = attach(near, SETTINGS, Transport.COOKIE)
    assert actions.cookies[-1].expires_at == START + timedelta(minutes=5)
