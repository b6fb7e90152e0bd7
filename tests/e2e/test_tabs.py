"""
Several tabs of one browser profile: one user, one session, however many of them migrate or refresh.

Settings as in `test_journey.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.application import ACCESS_LIFETIME
from tests.e2e.tab import Tab, new_tab

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from tests.e2e.world import World

pytestmark = [pytest.mark.browser, pytest.mark.processes]

REFRESH = "/auth/session/refresh"


def test_a_second_tab_opened_later_has_the_session(
    world: World, moved: Tab, profile: BrowserContext, user: str
) -> None:
    """It is signed in by being opened; migrating again from there gives the same session, not a second one."""
    second = new_tab(profile)
    second.open(world.address)
    assert second.run("doesSessionExist()") is True
    assert second.call_api().status == 200
    again = second.migrate()
    assert (again.status, again.body["result"] in {"ALREADY", "REPEATED"}) == (200, True), again
    assert world.app.sessions(user) == [again.body["sessionHandle"]]
    assert moved.call_api().status == 200


def test_two_tabs_that_migrate_at_once_share_one_session(
    world: World, tab: Tab, profile: BrowserContext, user: str
) -> None:
    """Both are answered with one session, and both are signed in afterwards."""
    second = new_tab(profile)
    second.open(world.address)
    tab.begin_migration()
    second.begin_migration()
    answers = [tab.end_migration(), second.end_migration()]
    assert [answer.status for answer in answers] == [200, 200], answers
    assert len({answer.body["sessionHandle"] for answer in answers}) == 1
    assert len(world.app.sessions(user)) == 1
    assert [tab.call_api().status, second.call_api().status] == [200, 200]


def test_a_refresh_in_one_tab_serves_the_other(world: World, moved: Tab, profile: BrowserContext) -> None:
    """The second tab uses the tokens that the first one fetched, without a refresh of its own."""
    second = new_tab(profile)
    second.open(world.address)
    assert second.call_api().status == 200
    world.app.forward(seconds=ACCESS_LIFETIME + 1)
    assert moved.call_api().status == 200
    assert second.call_api().status == 200
    assert second.sent(REFRESH) == 0
