"""
`segue-web` in a real browser that holds what it seems not to hold: dead tokens, somebody else's session, an old answer.

The server's word counts, and the old session stays until it is known whose the new one is. House rule: tests in which
time passes are the last, since what a server saw of the future it remembers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.moving import MIGRATE, REFRESH, SETTINGS, Mover, first, outcome
from tests.support.flaky_proxy import Fate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import BrowserContext

    from tests.e2e.moving import Moving, MovingWorld

pytestmark = [pytest.mark.browser, pytest.mark.processes]

OTHER_USER = {"status": "refused", "code": "OTHER_USER_SIGNED_IN", "retryable": False}
SDK = {name: SETTINGS[name] for name in ("same-origin-sdk", "cross-site-header")}


@pytest.fixture(scope="module", params=SDK.values(), ids=list(SDK))
def shared(request: pytest.FixtureRequest, moving_worlds: Callable[[Moving], MovingWorld]) -> MovingWorld:
    """The parties, with cookies and with headers."""
    return moving_worlds(request.param)


@pytest.fixture
def mover(shared: MovingWorld, profile: BrowserContext, user: str) -> Mover:
    """A user of his own in each test, on a network that loses nothing yet."""
    shared.calm_down()
    arrived = Mover.arrive(shared, profile, user)
    shared.network.exchanges.clear()
    return arrived


@pytest.fixture
def later(shared: MovingWorld) -> Iterator[Callable[[int], None]]:
    """Lets so many seconds pass for the server, until the end of the test."""
    passed: list[int] = []

    def forward(seconds: int) -> None:
        shared.ours.forward(seconds=seconds)
        passed.append(seconds)

    yield forward
    shared.ours.forward(seconds=-sum(passed))


def test_dead_tokens_in_the_browser_are_no_session(mover: Mover) -> None:
    """The session was revoked at the server, its tokens lie here still: the user is moved anew."""
    tab = mover.load()
    assert outcome(tab)["status"] == "migrated"
    mover.world.ours.revoke(mover.user)
    again = Mover.arrive(mover.world, mover.profile, mover.user).load()
    assert outcome(again)["status"] == "migrated"
    assert again.call_api().body["userId"] == mover.user
    assert len(mover.sessions()) == 1


def test_somebody_else_is_signed_in(mover: Mover) -> None:
    """Both stay as they are, and the page is told."""
    tab = mover.tab()
    tab.page.goto(mover.world.address(wait="yes"))
    bob = f"bob-{mover.user}"
    assert tab.run(f"signIn('{bob}')")["status"] == 200
    tab.page.goto(mover.world.address())
    assert outcome(tab) == OTHER_USER
    assert tab.run("oldUser()") is not None
    assert tab.call_api().body["userId"] == bob
    assert mover.sessions() == []


@pytest.mark.parametrize("proof", ["", "/api/me"], ids=["no-route", "route"])
def test_somebody_else_signs_in_before_the_proof(mover: Mover, proof: str) -> None:
    """The page is not told that the first user was moved, and his old session stays."""
    tab = mover.tab()
    tab.page.goto(mover.world.address(wait="yes"))
    bob = f"bob-{mover.user}"
    tab.page.evaluate("name => sessionStorage.setItem('intruder', name)", bob)
    tab.page.goto(mover.world.address(confirm=proof))
    assert outcome(tab) == OTHER_USER
    assert tab.run("oldUser()") is not None
    assert tab.call_api().body["userId"] == bob


def test_a_proof_that_is_refused_makes_no_storm(mover: Mover) -> None:
    """A route that answers 401 whoever asks: it is asked twice, nothing is refreshed, and the old session stays."""
    tab = mover.load(confirm="/api/never")
    assert outcome(tab) == {"status": "refused", "code": "NOT_CONFIRMED", "retryable": False}
    assert tab.sent("/api/never") <= 2
    assert tab.sent(REFRESH) <= 1  # the SDK's question on a very first visit
    assert tab.run("oldUser()") is not None


def test_an_application_that_still_sends_its_old_token_makes_no_storm(mover: Mover) -> None:
    """It is answered, whatever the answer is, and the session goes on."""
    tab = mover.load(aside="yes")
    assert outcome(tab)["status"] == "migrated"
    before = tab.sent(REFRESH)
    status = tab.run(f"callApiTheOldWay('{mover.tokens.access_token}')")
    assert status == (200 if mover.world.setting.mode == "cookie" else 401)
    assert tab.sent(REFRESH) <= before
    assert tab.call_api().body["userId"] == mover.user


def test_an_answer_that_was_lost_is_given_again_after_half_an_hour(
    mover: Mover, later: Callable[[int], None]
) -> None:
    """Who comes back late, with the key that made the session, has it; there is one."""
    mover.world.network.schedule = first(1, Fate.AFTER, MIGRATE)
    tab = mover.load(attempts="1")
    assert outcome(tab) == {"status": "unavailable", "reason": "network"}
    mover.world.calm_down()
    later(1800)
    tab.page.reload()
    assert outcome(tab)["status"] == "migrated"
    assert tab.call_api().body["userId"] == mover.user
    assert len(mover.sessions()) == 1


def test_an_old_token_that_is_refused_makes_no_storm(mover: Mover, later: Callable[[int], None]) -> None:
    """What is left of an old session, beside a new one that lives: the SDK does not take the refusal for its own."""
    tab = mover.tab()
    tab.page.goto(mover.world.address(wait="yes"))
    assert tab.run(f"signIn('{mover.user}')")["status"] == 200
    later(7200)
    tab.page.goto(mover.world.address())
    assert outcome(tab) == {"status": "already", "oldEnded": True}
    assert tab.sent(MIGRATE) <= 2
    assert tab.sent(REFRESH) <= 4


def test_a_token_that_the_server_calls_expired(mover: Mover, later: Callable[[int], None]) -> None:
    """It is renewed once and presented once more; then the answer is final, and the SDK does not loop over the 401."""
    later(7200)
    tab = mover.load()
    assert outcome(tab) == {"status": "refused", "code": "TOKEN_EXPIRED", "retryable": False}
    assert tab.sent(MIGRATE) == 2
    assert tab.sent(REFRESH) <= 1
    assert tab.run("oldUser()") is not None
    assert mover.sessions() == []
