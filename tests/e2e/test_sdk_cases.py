"""
Conformance cases 187 to 200: the published front-end SDK in Chromium against our back end.

Each carries its number. What the server is to answer badly, Playwright answers in its place; everything else is real.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.tab import Tab, new_tab

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Route

    from tests.e2e.shaky import Shaky

pytestmark = [pytest.mark.browser, pytest.mark.processes]

REFRESH = "/auth/session/refresh"
HTTP_ONLY = ("sAccessToken", "sRefreshToken")
by_both = pytest.mark.parametrize("mode", ["cookie", "header"])


def opened(shaky: Shaky, profile: BrowserContext, *, mode: str = "cookie", lock: str = "") -> Tab:
    """A tab with the page, nobody signed in."""
    tab = new_tab(profile)
    tab.open(shaky.address(mode=mode, lock=lock))
    return tab


def signed_in(
    shaky: Shaky, profile: BrowserContext, user: str, *, mode: str = "cookie", lock: str = ""
) -> Tab:
    """A tab whose user is signed in; what it took to get there is forgotten."""
    tab = opened(shaky, profile, mode=mode, lock=lock)
    assert tab.run(f"signIn('{user}')")["status"] == 200
    tab.requests.clear()
    return tab


def wipe(tab: Tab, profile: BrowserContext) -> None:
    """Take away what the page's scripts have stored, but for its address; scripts cannot reach the other cookies."""
    for name in [cookie.get("name", "") for cookie in profile.cookies()]:
        if name not in HTTP_ONLY:
            profile.clear_cookies(name=name)
    tab.page.evaluate(
        "Object.keys(localStorage).filter((k) => k !== 'settings').forEach((k) => delete localStorage[k])"
    )


def test_first_visit(shaky: Shaky, profile: BrowserContext) -> None:
    """case 187: nobody signed in: one refresh, then the call, and no refresh ever after."""
    tab = opened(shaky, profile)
    assert [tab.call_api().status for _ in range(3)] == [401] * 3
    asked = [one.path for one in shaky.network.exchanges if one.path in {REFRESH, "/api/me"}]
    assert asked == [REFRESH, "/api/me", "/api/me", "/api/me"]


@by_both
def test_five_calls_at_once(shaky: Shaky, profile: BrowserContext, user: str, mode: str) -> None:
    """case 188: five calls with an expired access token cost one refresh."""
    tab = signed_in(shaky, profile, user, mode=mode)
    shaky.expire()
    assert tab.run("callApiAtOnce(5)") == [200] * 5
    assert tab.sent(REFRESH) == 1


@by_both
def test_five_calls_at_once_without_the_lock(
    shaky: Shaky, profile: BrowserContext, user: str, mode: str
) -> None:
    """case 189: where the lock does not work they cost several, all succeed, and so does the next one."""
    tab = signed_in(shaky, profile, user, mode=mode, lock="none")
    session = shaky.app.sessions(user)
    for _ in range(5):
        tab.requests.clear()
        shaky.expire()
        _hold_until_two_ask(tab)
        assert tab.run("callApiAtOnce(5)") == [200] * 5
        tab.page.unroute(f"**{REFRESH}")
        assert tab.sent(REFRESH) > 1
    assert shaky.app.sessions(user) == session


def _hold_until_two_ask(tab: Tab) -> None:
    """Without the lock nothing keeps a second refresh back while the first one is on its way."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)
        if len(held) == 2:
            held[0].continue_()
        if len(held) > 1:
            route.continue_()

    tab.page.route(f"**{REFRESH}", hold)


def test_refresh_fails(shaky: Shaky, profile: BrowserContext, user: str) -> None:
    """case 190: a fault of the server is shown to the caller, and nobody is signed out by it."""
    tab = signed_in(shaky, profile, user)
    shaky.expire()
    tab.page.route(f"**{REFRESH}", lambda route: route.fulfill(status=500, body="out of order"))
    assert tab.call_api().status == 500
    tab.page.unroute(f"**{REFRESH}")
    assert tab.call_api().status == 200


def test_refresh_is_refused(shaky: Shaky, profile: BrowserContext, user: str) -> None:
    """case 190: a session that was revoked elsewhere is forgotten with one event."""
    tab = signed_in(shaky, profile, user)
    shaky.app.revoke(user)
    shaky.expire()
    assert tab.call_api().status == 401
    assert tab.run("doesSessionExist()") is False
    assert tab.run("events()").count("UNAUTHORISED") == 1
    assert "sFrontToken" not in {cookie.get("name") for cookie in profile.cookies()}


def test_call_signs_out(shaky: Shaky, profile: BrowserContext, user: str) -> None:
    """case 191: a 401 that takes the tokens away is the end, and nothing is refreshed."""
    tab = signed_in(shaky, profile, user)
    assert tab.call_api("/api/leave").status == 401
    assert tab.sent(REFRESH) == 0
    assert tab.run("doesSessionExist()") is False
    assert not {cookie.get("name") for cookie in profile.cookies()} & set(HTTP_ONLY)


def test_call_is_always_refused(shaky: Shaky, profile: BrowserContext, user: str) -> None:
    """case 191: an application that answers 401 for reasons of its own makes the SDK give up after ten refreshes."""
    tab = signed_in(shaky, profile, user)
    outcome = tab.page.evaluate("flow.callApi('/api/never').then(() => 'answered', (error) => String(error))")
    assert "10 times" in outcome
    assert tab.sent(REFRESH) == 10
    assert tab.call_api().status == 200


def test_cookies_deleted(shaky: Shaky, profile: BrowserContext, user: str) -> None:
    """case 192: without its cookies the session is over for the SDK too."""
    tab = signed_in(shaky, profile, user)
    for name in HTTP_ONLY:
        profile.clear_cookies(name=name)
    assert tab.call_api().status == 401
    assert tab.sent(REFRESH) == 1
    assert tab.run("doesSessionExist()") is False


def test_client_storage_deleted(shaky: Shaky, profile: BrowserContext, user: str) -> None:
    """case 193: the HttpOnly cookies bring the session back."""
    tab = signed_in(shaky, profile, user)
    wipe(tab, profile)
    assert tab.call_api().status == 200
    assert tab.sent(REFRESH) == 1
    assert tab.run("doesSessionExist()") is True


def test_client_storage_deleted_with_tokens(
    shaky_with_tokens: Shaky, profile: BrowserContext, user: str
) -> None:
    """case 193: with anti-CSRF tokens they do not, for the token was in the storage."""
    tab = signed_in(shaky_with_tokens, profile, user)
    wipe(tab, profile)
    assert tab.call_api().status == 401
    assert tab.run("doesSessionExist()") is False


def test_front_token_stripped(shaky: Shaky, profile: BrowserContext, user: str) -> None:
    """case 194: a proxy that strips the front token makes the SDK raise, and the next refresh mends it."""
    tab = signed_in(shaky, profile, user)
    shaky.expire()

    def strip(route: Route) -> None:
        answer = route.fetch()
        headers = {name: value for name, value in answer.headers.items() if name != "front-token"}
        route.fulfill(response=answer, headers=headers)

    tab.page.route(f"**{REFRESH}", strip)
    outcome = tab.page.evaluate("flow.callApi().then(() => 'answered', (error) => String(error))")
    assert "front-token" in outcome
    tab.page.unroute(f"**{REFRESH}")
    tab.run("refresh()")
    assert tab.call_api().status == 200


@by_both
def test_payload_changes(shaky: Shaky, profile: BrowserContext, user: str, mode: str) -> None:
    """case 195: a merge shows at once, without a refresh."""
    tab = signed_in(shaky, profile, user, mode=mode)
    before = tab.run("events()").count("ACCESS_TOKEN_PAYLOAD_UPDATED")
    assert tab.call_api("/api/plan?name=gold", "POST").status == 200
    assert tab.run("payload()")["plan"] == "gold"
    assert tab.run("events()").count("ACCESS_TOKEN_PAYLOAD_UPDATED") == before + 1
    assert tab.sent(REFRESH) == 0


def test_claim_is_invalid(shaky: Shaky, profile: BrowserContext, user: str) -> None:
    """case 196: a claim that fails is an event; a 403 of the application's own is none."""
    tab = signed_in(shaky, profile, user)
    refused = tab.call_api("/api/verified")
    assert (refused.status, refused.body["claimValidationErrors"][0]["id"]) == (403, "st-ev")
    assert tab.run("events()").count("API_INVALID_CLAIM") == 1
    assert tab.call_api("/api/forbidden").status == 403
    assert tab.run("events()").count("API_INVALID_CLAIM") == 1


@by_both
def test_sign_out_with_an_expired_token(shaky: Shaky, profile: BrowserContext, user: str, mode: str) -> None:
    """case 197: signing out refreshes first, and then ends the session."""
    tab = signed_in(shaky, profile, user, mode=mode)
    shaky.expire()
    tab.run("signOut()")
    assert tab.sent(REFRESH) == 1
    assert tab.run("events()").count("SIGN_OUT") == 1
    assert shaky.app.sessions(user) == []


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_wrong_clock(shaky: Shaky, profile: BrowserContext, user: str, ahead: timedelta) -> None:
    """case 198: a client whose clock is an hour wrong is signed in all the same, and refreshes when it is time."""
    tab = new_tab(profile)
    tab.page.clock.install(time=datetime.now(UTC) + ahead)
    tab.open(shaky.address())
    assert tab.run(f"signIn('{user}')")["status"] == 200
    tab.requests.clear()
    assert tab.run("doesSessionExist()") is True
    assert tab.sent(REFRESH) == 0
    shaky.expire()
    assert tab.call_api().status == 200
    assert tab.run("doesSessionExist()") is True
    assert tab.sent(REFRESH) == 1


def test_mode_is_switched(shaky: Shaky, profile: BrowserContext, user: str) -> None:
    """case 199: a page that now asks for headers goes on with the cookies of the session it has."""
    signed_in(shaky, profile, user)
    session = shaky.app.sessions(user)
    tab = opened(shaky, profile, mode="header")
    tab.requests.clear()
    assert tab.call_api().status == 200
    assert tab.sent(REFRESH) == 0
    shaky.expire()
    assert tab.call_api().status == 200
    assert tab.sent(REFRESH) == 1
    names = {cookie.get("name") for cookie in profile.cookies()}
    assert set(HTTP_ONLY) <= names
    assert "st-refresh-token" not in names
    assert shaky.app.sessions(user) == session


def test_two_tabs_with_tokens(shaky_with_tokens: Shaky, profile: BrowserContext, user: str) -> None:
    """case 200: after a refresh in one tab the other has the new anti-CSRF token too."""
    one = signed_in(shaky_with_tokens, profile, user)
    other = opened(shaky_with_tokens, profile)
    assert other.call_api(method="POST").status == 200
    other.requests.clear()
    for _ in range(3):
        shaky_with_tokens.expire()
        assert one.call_api(method="POST").status == 200
        assert other.call_api(method="POST").status == 200
    assert (one.sent(REFRESH), other.sent(REFRESH)) == (3, 0)
