"""
`segue-web` in a real browser, against our application and a certified OpenID provider: one call on page load.

Whatever happens in the middle, there is one session, the old one is ended, and nobody is signed out on the way.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.moving import (
    MIGRATE,
    REFRESH,
    SETTINGS,
    Mover,
    assert_moved,
    first,
    moving_world,
    outcome,
)
from tests.support.flaky_proxy import Fate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

    from tests.e2e.moving import Moving, MovingWorld

pytestmark = [pytest.mark.browser, pytest.mark.processes]

TABS = 5
with_cookies = pytest.mark.parametrize(
    "shared",
    [one for one in SETTINGS.values() if one.mode == "cookie"],
    ids=[name for name, one in SETTINGS.items() if one.mode == "cookie"],
    indirect=True,
)
of_another_site = pytest.mark.parametrize(
    "shared", [SETTINGS["cross-site-header"]], ids=["cross-site-header"], indirect=True
)
WELL = {"migrated", "already", "none"}
ONCE = """
    if (sessionStorage.getItem("told") === null) {
        sessionStorage.setItem("told", "yes");
        sessionStorage.setItem("die", "CALL");
    }
"""
"""Has a tab's first page reloaded after that call, and not the pages that follow."""


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=list(SETTINGS))
def shared(request: pytest.FixtureRequest, moving_worlds: Callable[[Moving], MovingWorld]) -> MovingWorld:
    """The parties of each setting in turn."""
    return moving_worlds(request.param)


@pytest.fixture
def mover(shared: MovingWorld, profile: BrowserContext, user: str) -> Mover:
    """A user of his own in each test, on a network that loses nothing yet."""
    shared.calm_down()
    arrived = Mover.arrive(shared, profile, user)
    shared.network.exchanges.clear()
    return arrived


@pytest.fixture
def alone(pages: Path, profile: BrowserContext, user: str, tmp_path: Path) -> Iterator[Mover]:
    """A user in a world that no other test uses, so that its provider may go."""
    with moving_world(SETTINGS["same-origin-sdk"], pages=pages, folder=tmp_path) as world:
        yield Mover.arrive(world, profile, user)


def test_a_page_load_moves_the_user(mover: Mover) -> None:
    """No click, no redirect; the next page load asks nobody, and the browser keeps nothing of the move."""
    tab = mover.load()
    ended = outcome(tab)
    assert ended == {
        "status": "migrated",
        "userId": mover.user,
        "sessionHandle": mover.sessions()[0],
        "oldEnded": True,
    }
    assert_moved(mover, tab)
    cookies = [cookie for cookie in mover.profile.cookies() if cookie.get("httpOnly")]
    assert bool(cookies) == (
        mover.world.setting.mode == "cookie"
    )  # with headers nothing that is blocked elsewhere
    assert tab.sent(MIGRATE) == 2  # the second one is the proof
    assert tab.sent(REFRESH) <= 1  # the SDK's question on a very first visit
    assert "segue-web" not in tab.run("databases()")
    sent = tab.sent(MIGRATE)
    tab.page.reload()
    assert outcome(tab) == {"status": "none"}
    assert tab.sent(MIGRATE) == sent
    assert tab.call_api().status == 200


def test_the_applications_own_route_is_a_proof_besides(mover: Mover) -> None:
    """With `confirm` the application is asked as well, once."""
    tab = mover.load(confirm="/api/me")
    assert outcome(tab)["status"] == "migrated"
    assert (tab.sent(MIGRATE), tab.sent("/api/me")) == (2, 1)
    assert_moved(mover, tab)


def test_calls_of_the_application_meanwhile_end_no_loop(mover: Mover) -> None:
    """While old and new session are both there, an application that does not wait costs a refresh or two."""
    tab = mover.load(busy="yes")
    assert outcome(tab)["status"] == "migrated"
    assert tab.sent(REFRESH) <= 2
    assert tab.sent("/api/me") <= 8
    assert_moved(mover, tab)


@pytest.mark.parametrize("locks", ["locks", "no-locks"])
def test_five_tabs_at_once(mover: Mover, locks: str) -> None:
    """They share one session; also where the browser has no Web Locks."""
    if locks == "no-locks":
        mover.profile.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
    tabs = [mover.tab() for _ in range(TABS)]
    for tab in tabs:
        tab.page.goto(mover.world.address(wait="yes"))
    for tab in tabs:
        tab.begin("move()")
    ended = [tab.page.evaluate("window.pending") for tab in tabs]
    assert {one["status"] for one in ended} <= WELL, ended
    assert "migrated" in {one["status"] for one in ended}
    assert_moved(mover, *tabs)


@pytest.mark.parametrize(
    "shared",
    [SETTINGS["same-origin-sdk"], SETTINGS["cross-site-header"]],
    ids=["same-origin-sdk", "cross-site-header"],
    indirect=True,
)
def test_a_reload_in_the_middle(mover: Mover) -> None:
    """After whichever call to the outside the page is reloaded, the next page load goes on from there."""
    reloads = 0
    for call in range(1, 20):
        again = mover if call == 1 else Mover.arrive(mover.world, mover.profile, f"{mover.user}-{call}")
        again.world.calm_down()
        again.profile.clear_cookies()
        tab = again.tab()
        tab.page.add_init_script(ONCE.replace("CALL", str(call)))
        tab.page.goto(again.world.address())
        assert outcome(tab)["status"] in WELL
        assert_moved(again, tab)
        over = tab.page.evaluate("sessionStorage.getItem('die')") is not None
        tab.page.close()
        if over:
            break
        reloads += 1
    assert reloads >= 6


@pytest.mark.parametrize("fate", [Fate.BEFORE, Fate.AFTER, Fate.HALF])
def test_the_network_is_cut(mover: Mover, fate: Fate) -> None:
    """Before the server acts, after it has acted, in the middle of its answer: the repetition gets the same session."""
    mover.world.network.schedule = first(1, fate, MIGRATE)
    tab = mover.load()
    assert outcome(tab)["status"] in {"migrated", "already"}  # the cookies may have come with half an answer
    assert any(event["type"] == "waiting" for event in tab.run("events()"))
    results = [one["result"] for one in mover.world.answers()]
    assert results[0] == "MIGRATED"
    assert set(results[1:]) <= {"REPEATED", "ALREADY"}
    assert_moved(mover, tab)


def test_the_network_stays_away(mover: Mover) -> None:
    """Nothing is lost: the page says so, and the next page load moves."""
    mover.world.network.schedule = first(10**6, Fate.AFTER, MIGRATE)
    tab = mover.load(attempts="2")
    assert outcome(tab) == {"status": "unavailable", "reason": "network"}
    assert tab.run("oldUser()") is not None
    mover.world.calm_down()
    tab.page.reload()
    assert outcome(tab)["status"] == "migrated"
    assert len(mover.sessions()) == 1
    assert tab.call_api().status == 200


def test_a_token_that_is_nearly_over_is_renewed_first(
    shared: MovingWorld, profile: BrowserContext, user: str
) -> None:
    """The old provider's SDK renews it, and the new token is the one that is presented."""
    shared.calm_down()
    mover = Mover.arrive(shared, profile, user, left=10)
    tab = mover.load()
    assert outcome(tab)["status"] == "migrated"
    assert tab.sent("/token") == 1
    assert_moved(mover, tab)


@with_cookies
def test_what_safari_deletes_after_seven_days(mover: Mover) -> None:
    """Scripts' storage and cookies are gone, the server's cookies are not: still signed in, and nothing moves twice."""
    tab = mover.load()
    assert outcome(tab)["status"] == "migrated"
    tab.page.evaluate("localStorage.clear()")
    for cookie in mover.profile.cookies():
        if not cookie.get("httpOnly"):
            mover.profile.clear_cookies(name=cookie.get("name"))
    later = mover.load()
    assert outcome(later) == {"status": "none"}
    assert later.call_api().body["userId"] == mover.user
    assert len(mover.sessions()) == 1


def test_storage_is_closed_to_the_page(shared: MovingWorld, profile: BrowserContext, user: str) -> None:
    """
    The old session in memory alone, no IndexedDB for the key, the answer lost once: one session.

    Nor localStorage, where no SDK is that cannot do without it.
    """
    closed = ["indexedDB"] if shared.setting.client == "supertokens" else ["indexedDB", "localStorage"]
    shared.calm_down()
    mover = Mover(world=shared, profile=profile, user=user, tokens=shared.sign_in(user))
    profile.add_init_script(f"""
        for (const name of {json.dumps(closed)})
            Object.defineProperty(window, name, {{ get() {{ throw new DOMException("closed", "SecurityError"); }} }});
        window.oldInMemory = {{ token: "{mover.tokens.access_token}", refreshToken: "{mover.tokens.refresh_token}" }};
    """)
    shared.network.schedule = first(1, Fate.AFTER, MIGRATE)
    tab = mover.load()
    assert outcome(tab)["status"] == "migrated"
    assert [one["result"] for one in shared.answers()][:2] == ["MIGRATED", "REPEATED"]
    assert_moved(mover, tab)


@with_cookies
def test_an_old_session_that_is_a_cookie(shared: MovingWorld, profile: BrowserContext, user: str) -> None:
    """No script sees it: the browser sends it along, and the server knows our page by Origin and header."""
    shared.calm_down()
    mover = Mover(world=shared, profile=profile, user=user, tokens=shared.sign_in(user))
    tab = mover.tab()
    tab.page.goto(shared.address(wait="yes", old="cookie"))
    tab.run(f"signInOldCookie('{user}')")
    tab.page.goto(shared.address(old="cookie"))
    assert (outcome(tab)["status"], outcome(tab)["userId"]) == ("migrated", f"shop-{user}")
    assert tab.call_api().body["userId"] == f"shop-{user}"
    assert "old_sid" not in {cookie.get("name") for cookie in profile.cookies()}
    tab.page.reload()
    assert outcome(tab) == {"status": "none"}


def test_the_provider_is_down(alone: Mover, chromium: Browser) -> None:
    """
    With a token that is good nobody misses it, neither in the browser nor at the server.

    With one that is over nobody can say who it is: the page is told, and all stays for a better moment.
    """
    with chromium.new_context() as another:
        late = Mover.arrive(alone.world, another, f"late-{alone.user}", left=10)
        alone.world.provider.kill()
        tab = alone.load()
        assert outcome(tab)["status"] == "migrated"
        assert len(alone.sessions()) == 1
        assert tab.call_api().status == 200
        assert tab.run("oldUser()") is None

        waiting = late.load(attempts="2")
        assert outcome(waiting) == {"status": "unavailable", "reason": "provider"}
        assert waiting.run("oldUser()") is not None
        assert late.sessions() == []


@of_another_site
def test_cookies_of_another_site_are_blocked(mover: Mover) -> None:
    """The page is told that its session was not kept, and the old one stays; again and again, in one session."""
    tab = mover.load(mode="cookie")
    refused = {"status": "refused", "code": "SESSION_NOT_KEPT", "retryable": False}
    assert outcome(tab) == refused
    assert tab.run("oldUser()") is not None
    tab.page.reload()
    assert outcome(tab) == refused
    assert len(mover.sessions()) == 1
    assert tab.call_api().status == 401
