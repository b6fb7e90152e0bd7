"""
Five tabs of one browser on a network that loses requests before the server acts and answers after it has acted.

Whatever is lost, the user stays signed in with the one session, and no refresh token is ever taken for a stolen one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.tab import Tab, new_tab
from tests.support.flaky_proxy import Fate, lossy

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from tests.e2e.shaky import Shaky

pytestmark = [pytest.mark.browser, pytest.mark.processes]

ME = "/api/me"
REFRESH = "/auth/session/refresh"
TABS = 5
ROUNDS = 12
FATES = (Fate.PASS, Fate.BEFORE, Fate.AFTER, Fate.HALF)


@pytest.mark.parametrize("mode", ["cookie", "header"])
@pytest.mark.parametrize("lock", ["", "none"], ids=["locked", "unlocked"])
def test_five_tabs_that_refresh_at_once_stay_signed_in(
    shaky: Shaky, profile: BrowserContext, user: str, mode: str, lock: str
) -> None:
    """cases 188, 189: round after round every access token is over and all tabs call; of four requests two are lost."""
    tabs = opened(shaky, profile, mode=mode, lock=lock)
    assert tabs[0].run(f"signIn('{user}')")["status"] == 200
    session = shaky.app.sessions(user)
    shaky.calm_down()
    shaky.network.schedule = lossy(1, FATES, paths=(ME, REFRESH))
    for _ in range(ROUNDS):
        shaky.expire()
        for tab in tabs:
            tab.begin("callUntilAnswered()")
        assert [tab.end().status for tab in tabs] == [200] * TABS
        catch_up(shaky, tabs[0])
    refreshes = [one for one in shaky.network.exchanges if one.path == REFRESH]
    shaky.calm_down()
    assert {one.status for one in refreshes} == {None, 200}
    assert {one.fate for one in refreshes} == set(FATES)
    assert shaky.app.sessions(user) == session
    assert [tab.run("doesSessionExist()") for tab in tabs] == [True] * TABS
    assert [tab.call_api().status for tab in tabs] == [200] * TABS


def opened(shaky: Shaky, profile: BrowserContext, *, mode: str, lock: str) -> list[Tab]:
    """Tabs with the page."""
    tabs = [new_tab(profile) for _ in range(TABS)]
    for tab in tabs:
        tab.open(shaky.address(mode=mode, lock=lock))
    return tabs


def catch_up(shaky: Shaky, tab: Tab) -> None:
    """
    Try again at once where the answer to the last refresh was lost, so that it is inside the grace window.

    Without a lock a tab may refresh what another one has just refreshed. If that answer is lost nobody notices, since
    the access token at hand is good; and when it is over, so is the window.
    """
    acted = shaky.network.answered(REFRESH)
    if acted and acted[-1].fate is Fate.AFTER:
        tab.run("refreshUntilAnswered()")
