"""`segue-web` in a real browser against the Express example: the SDK's sessions in the core, moved by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.e2e.moving import EXPRESS, MIGRATE, REFRESH, Mover, assert_moved, first, moving_world, outcome
from tests.support.flaky_proxy import Fate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from tests.e2e.moving import MovingWorld

pytestmark = [pytest.mark.browser, pytest.mark.processes]

with_cookies = pytest.mark.parametrize("shared", [EXPRESS["cookie"]], ids=["cookie"], indirect=True)


@pytest.fixture(scope="module", params=EXPRESS.values(), ids=list(EXPRESS))
def shared(
    request: pytest.FixtureRequest, pages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MovingWorld]:
    """The parties, with cookies and with headers of another site."""
    with moving_world(request.param, pages=pages, folder=tmp_path_factory.mktemp("express")) as world:
        yield world


@pytest.fixture
def mover(shared: MovingWorld, profile: BrowserContext, user: str) -> Mover:
    """A user of his own in each test, on a network that loses nothing yet."""
    shared.calm_down()
    arrived = Mover.arrive(shared, profile, user)
    shared.network.exchanges.clear()
    return arrived


def test_a_page_load_moves_the_user(mover: Mover) -> None:
    """The SDK of the back end knows the session, the next page load asks nobody, and a refresh at the core goes on."""
    tab = mover.load(confirm="/api/me")
    ended = outcome(tab)
    assert ended == {
        "status": "migrated",
        "userId": mover.user,
        "sessionHandle": mover.sessions()[0],
        "oldEnded": True,
    }
    assert_moved(mover, tab)
    tab.page.reload()
    assert outcome(tab) == {"status": "none"}
    assert tab.run("refresh()") is True
    assert tab.call_api().body["sessionHandle"] == ended["sessionHandle"]
    assert tab.sent(MIGRATE) == 2


@with_cookies
def test_five_tabs_at_once(mover: Mover) -> None:
    """They share one session."""
    tabs = [mover.tab() for _ in range(5)]
    for tab in tabs:
        tab.page.goto(mover.world.address(wait="yes"))
    for tab in tabs:
        tab.begin("move()")
    ended = {tab.page.evaluate("window.pending")["status"] for tab in tabs}
    assert "migrated" in ended
    assert ended <= {"migrated", "already", "none"}
    assert_moved(mover, *tabs)


@with_cookies
@pytest.mark.parametrize("fate", [Fate.BEFORE, Fate.AFTER])
def test_the_network_is_cut(mover: Mover, fate: Fate) -> None:
    """Before the server acts, and after it has: the repetition gets the same session."""
    mover.world.network.schedule = first(1, fate, MIGRATE)
    tab = mover.load()
    assert outcome(tab)["status"] in {"migrated", "already"}
    assert_moved(mover, tab)


@with_cookies
def test_a_captured_token_buys_nothing(mover: Mover) -> None:
    """Once the user was moved, with whatever key."""
    tab = mover.load()
    assert outcome(tab)["status"] == "migrated"
    answer = httpx2.post(
        mover.world.app.origin + MIGRATE,
        headers={
            "authorization": f"Bearer {mover.tokens.access_token}",
            "idempotency-key": "a-thief's-own-key-0123",
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "ALREADY_MIGRATED")
    assert tab.sent(REFRESH) <= 1
    assert len(mover.sessions()) == 1
