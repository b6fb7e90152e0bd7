"""The demo's page in a real browser, against the real engine and the real provider."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx2
import pytest
from playwright.sync_api import expect

from tests.support.processes import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.processes]


class Visit:
    """A tab with the demo's page, and what a person does in it."""

    def __init__(self, profile: BrowserContext, site: str) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab: Page = profile.new_page()
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", lambda message: self._heard(message.text))
        self.tab.on("request", lambda request: self.requests.append(f"{request.method} {request.url}"))
        self.tab.goto(site)

    def _heard(self, text: str) -> None:
        # Chromium writes every 401 to the console; here they belong to the story.
        if "401 (Unauthorized)" not in text:
            self.complaints.append(text)

    def click(self, name: str) -> None:
        """Press a button of the page."""
        self.tab.get_by_role("button", name=name, exact=True).click()

    def sign_in(self, name: str = "Ada Lindqvist") -> None:
        """Go to the old provider, sign in there, and come back."""
        self.click("Sign in at the old provider")
        self.tab.get_by_role("button", name=name).click()

    def see_headline(self, text: str) -> None:
        """Wait until the page says so."""
        expect(self.tab.get_by_role("heading", level=1)).to_have_text(text)

    def see_chapter(self, title: str) -> None:
        """Wait until the newest chapter is that one."""
        expect(self.tab.locator(".chapter h3").first).to_have_text(title)

    def see(self, field: str, text: str) -> None:
        """Wait until a field of a card shows the text."""
        expect(self.tab.locator(f"#{field}")).to_have_text(text)

    def steps(self) -> list[str]:
        """What is written down, newest chapter first."""
        return self.tab.locator(".chapter .line strong").all_text_contents()

    def asked_for(self, path: str) -> int:
        """How often the page asked for it."""
        return sum(path in request for request in self.requests)


MOVED = "You have been moved across."
START = "Your users are signed in somewhere else."


def test_whole_journey(profile: BrowserContext, site: str) -> None:
    """Signed in at the old provider, moved, refreshed, without the provider, signed out: all of it on one page."""
    visit = Visit(profile, site)
    visit.see_headline(START)
    visit.sign_in()
    visit.see_headline(MOVED)
    visit.see("session-user", "ada.lindqvist")
    visit.see("provider-person", "Ada Lindqvist: ended")
    visit.see("provider-tokens", "none any more")
    expect(visit.tab.get_by_text("Old access token revoked at the provider")).to_be_visible()
    assert visit.steps() == [
        "Old session found",
        "New session made",
        "Confirmed by using it",
        "Old session ended in the browser",
        "Old refresh token revoked at the provider",
        "Old access token revoked at the provider",
    ]

    visit.click("Let the access token expire")
    visit.see("access-left", "expired; the next call renews it")
    visit.click("Call the API")
    visit.see_chapter("A silent refresh")
    visit.see("refresh-count", "1")

    visit.click("Shut the old provider down")
    visit.see_headline("The old provider is gone. You are still signed in.")
    visit.click("Let the access token expire")
    visit.click("Call the API")
    visit.see("refresh-count", "2")

    visit.click("Sign out")
    visit.see_chapter("Signed out")
    visit.see_headline("Nobody is signed in, and the old provider is off.")
    assert visit.complaints == []


def test_no_token_is_left_to_scripts(profile: BrowserContext, site: str) -> None:
    """After the move no storage of the browser holds a token, and our cookies are out of reach of scripts."""
    visit = Visit(profile, site)
    visit.sign_in()
    visit.see_headline(MOVED)
    state = profile.storage_state()
    kept = [item for origin in state.get("origins", []) for item in origin.get("localStorage", [])]
    assert {item.get("name") for item in kept} == {
        "segue-web.front-token",
        "segue-demo.person",
        "segue-demo.run",
    }
    ours = {cookie.get("name"): cookie for cookie in state.get("cookies", [])}
    for name in ("sAccessToken", "sRefreshToken"):
        assert ours[name].get("httpOnly") is True
        assert ours[name].get("sameSite") == "Lax"


def test_second_tab_shows_the_same_session(profile: BrowserContext, site: str) -> None:
    """A tab that was open follows; a tab opened later finds the session; neither migrates again."""
    watching = Visit(profile, site)
    watching.see_headline(START)
    first = Visit(profile, site)
    first.sign_in("Noor Haddad")
    first.see_headline(MOVED)
    watching.see("session-user", "noor.haddad")
    watching.see("refresh-count", "0")
    later = Visit(profile, site)
    later.see_headline("You are signed in, on your own server.")
    later.see("session-user", "noor.haddad")
    assert [visit.asked_for("/auth/migrate-session") for visit in (watching, first, later)] == [0, 2, 0]

    watching.click("Sign out")
    first.see_headline(START)
    later.see_headline(START)


def test_two_tabs_meet_the_end_of_the_token_together(profile: BrowserContext, site: str) -> None:
    """Both tabs stay signed in, in one session, and both know how often it was refreshed."""
    one = Visit(profile, site)
    one.sign_in()
    one.see_headline(MOVED)
    two = Visit(profile, site)
    two.see("refresh-count", "0")
    handle = two.tab.locator("#session-handle").inner_text()
    one.click("Let the access token expire")
    two.see("access-left", "expired; the next call renews it")
    one.click("Call the API")
    two.click("Call the API")
    finished = re.compile("A silent refresh|The API answered")
    for visit in (one, two):
        expect(visit.tab.locator(".chapter h3").first).to_have_text(finished)
    refreshes = one.asked_for("/auth/session/refresh") + two.asked_for("/auth/session/refresh")
    # Nearly always one. A tab that is asked just after the other's refresh may not see it in its storage yet, and
    # browsers promise no more: then it refreshes with the successor, which costs a request and nothing else.
    assert refreshes in {1, 2}
    for visit in (one, two):
        visit.see("refresh-count", str(refreshes))
        visit.see("session-handle", handle)
        visit.see("session-state", "signed in")


def test_reload_keeps_story_and_session(profile: BrowserContext, site: str) -> None:
    """A reload shows the session and what happened before, and migrates nothing."""
    visit = Visit(profile, site)
    visit.sign_in()
    visit.see_headline(MOVED)
    visit.tab.reload()
    visit.see_headline(MOVED)
    visit.see("session-user", "ada.lindqvist")
    assert "New session made" in visit.steps()
    assert visit.asked_for("/auth/migrate-session") == 2


def test_start_again_is_a_beginning(profile: BrowserContext, site: str) -> None:
    """Starting again brings the provider back and forgets the session, in every tab; then all works as at first."""
    visit, other = Visit(profile, site), Visit(profile, site)
    visit.sign_in()
    visit.see_headline(MOVED)
    visit.click("Shut the old provider down")
    visit.see("provider-state", "stopped")
    visit.click("Start again")
    visit.see_headline(START)
    other.see_headline(START)
    visit.see("provider-state", "running")
    assert visit.steps() == []
    visit.sign_in("Tomás Rivera")
    visit.see_headline(MOVED)
    visit.see("session-user", "tomas.rivera")


def test_buttons_wait_for_the_server(profile: BrowserContext, site: str) -> None:
    """Until the page knows where the provider is, nothing can be pressed; then the way in is open."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    profile.route("**/demo/about", hold)
    visit = Visit(profile, site)
    buttons = visit.tab.get_by_role("button")
    assert buttons.count() == 6
    assert all(button.is_disabled() for button in buttons.all())
    wait_until(lambda: visit.tab.title() and held, what="the page to ask where the provider is")
    assert all(button.is_disabled() for button in buttons.all())
    held[0].continue_()
    profile.unroute("**/demo/about", hold)
    visit.sign_in()
    visit.see_headline(MOVED)


def test_levers_are_for_the_page_alone(site: str) -> None:
    """Another site's page, or another name for this machine, can stop nothing."""
    with httpx2.Client(trust_env=False) as stranger:
        for lever in ("expire", "stop-provider", "start-again"):
            assert stranger.post(f"{site}/demo/{lever}").status_code == 403
        renamed = stranger.post(f"{site}/demo/expire", headers={"host": "evil.example", "rid": "x"})
        assert renamed.status_code == 400
        preflight = stranger.options(
            f"{site}/demo/expire",
            headers={"origin": "http://evil.example", "access-control-request-method": "POST"},
        )
        assert "access-control-allow-origin" not in preflight.headers
        assert stranger.get(f"{site}/demo/state").json()["provider"]["running"] is True
