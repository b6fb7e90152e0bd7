"""
The main job in a real browser: signed in at the old provider, a moment later signed in with us.

Every behaviour is shown in cookie and in header mode, on the API's own origin, across origins, and (header mode, as
browsers send no lax cookie there) across sites. The front-end SDK is the published one, the provider a third party's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.application import ACCESS_LIFETIME
from tests.e2e.tab import Tab, new_tab
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from tests.e2e.world import World

pytestmark = [pytest.mark.browser, pytest.mark.processes]

REFRESH = "/auth/session/refresh"


def test_a_signed_in_user_is_moved_across(world: World, tab: Tab, user: str) -> None:
    """The migration answers who it was, the SDK sees the session and its payload, and the API knows the user."""
    assert tab.call_api().status == 401
    answer = tab.migrate()
    assert answer.status == 200
    expected = {"status": "OK", "result": "MIGRATED", "userId": user, "endPreviousSession": True}
    assert answer.body.items() >= expected.items()
    assert tab.run("doesSessionExist()") is True
    assert tab.run("userId()") == user
    payload = tab.run("payload()")
    assert (payload["sub"], payload["sessionHandle"]) == (user, answer.body["sessionHandle"])
    me = tab.call_api()
    assert (me.status, me.body["userId"]) == (200, user)
    assert tab.run("events()").count("SESSION_CREATED") == 1
    assert world.app.sessions(user) == [answer.body["sessionHandle"]]


def test_tokens_travel_as_asked(world: World, moved: Tab, profile: BrowserContext) -> None:
    """In cookie mode both tokens are out of reach for scripts; in header mode the server sets no cookie."""
    http_only = {cookie.get("name") for cookie in profile.cookies() if cookie.get("httpOnly")}
    expected: set[str] = {"sAccessToken", "sRefreshToken"} if world.mode == "cookie" else set()
    assert {"sAccessToken", "sRefreshToken"} & http_only == expected


def test_the_session_outlives_the_page(moved: Tab, user: str) -> None:
    """After a reload, with the old tokens forgotten, the user is still signed in without another refresh."""
    moved.run("forgetOld()")
    refreshes = moved.sent(REFRESH)
    moved.reload()
    assert moved.run("doesSessionExist()") is True
    assert moved.call_api().body["userId"] == user
    assert moved.sent(REFRESH) == refreshes


def test_an_expired_access_token_is_refreshed_silently(world: World, moved: Tab, user: str) -> None:
    """The next API call succeeds after exactly one refresh, and the one after that needs none."""
    before = moved.sent(REFRESH)
    world.app.forward(seconds=ACCESS_LIFETIME + 1)
    me = moved.call_api()
    assert (me.status, me.body["userId"]) == (200, user)
    assert moved.call_api().status == 200
    assert moved.sent(REFRESH) - before == 1
    assert "REFRESH_SESSION" in moved.run("events()")
    assert len(world.app.sessions(user)) == 1


def test_five_calls_with_an_expired_access_token_cost_one_refresh(world: World, moved: Tab) -> None:
    """Parallel calls wait for one another's refresh; all succeed."""
    before = moved.sent(REFRESH)
    world.app.forward(seconds=ACCESS_LIFETIME + 1)
    assert moved.run("callApiAtOnce(5)") == [200] * 5
    assert moved.sent(REFRESH) - before == 1


def test_the_old_session_is_ended_at_the_provider(world: World, moved: Tab) -> None:
    """The server revokes the old refresh token (RFC 7009), and the provider then refuses it to the page."""
    token = moved.run("oldUser()")["refresh_token"]
    wait_until(lambda: not world.provider.is_active(token), what="the revocation to be delivered")
    assert moved.run("renewOld()") == "invalid_grant"
    assert moved.call_api().status == 200


def test_signing_out_ends_the_session(world: World, moved: Tab, user: str) -> None:
    """The SDK tells SIGN_OUT, the API answers 401 without another refresh, and no session is left."""
    moved.run("signOut()")
    before = moved.sent(REFRESH)
    assert moved.run("events()").count("SIGN_OUT") == 1
    assert moved.run("doesSessionExist()") is False
    assert moved.call_api().status == 401
    assert moved.sent(REFRESH) == before
    assert world.app.sessions(user) == []


def test_signing_out_with_an_expired_access_token(world: World, moved: Tab, user: str) -> None:
    """The SDK refreshes first, then signs out; nothing is left behind."""
    world.app.forward(seconds=ACCESS_LIFETIME + 1)
    moved.run("signOut()")
    assert moved.run("events()").count("SIGN_OUT") == 1
    assert world.app.sessions(user) == []


def test_a_signed_out_user_is_not_brought_back_by_the_old_token(world: World, moved: Tab, user: str) -> None:
    """After sign-out the old token of the same sign-in buys no new session."""
    moved.run("signOut()")
    assert moved.migrate().status in {401, 409}
    assert world.app.sessions(user) == []


def test_a_visitor_costs_one_refresh_and_has_no_session(world: World, profile: BrowserContext) -> None:
    """On the very first visit the SDK asks once whether there is a session, and then knows."""
    visitor = new_tab(profile)
    visitor.open(world.address)
    assert visitor.run("doesSessionExist()") is False
    assert visitor.run("doesSessionExist()") is False
    assert visitor.call_api().status == 401
    assert visitor.sent(REFRESH) == 1
