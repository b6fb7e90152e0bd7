"""The unmodified front-end SDK in Chromium, on the Express example, whose sessions live in the core service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e import stack
from tests.e2e.tab import Tab, new_tab
from tests.sdks import apps
from tests.sdks.cores import API_KEY, Core, running_core
from tests.sdks.engines import running_engine
from tests.support.processes import Server, free_port, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

pytestmark = [pytest.mark.browser, pytest.mark.processes]

REFRESH = "/auth/session/refresh"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    """A core on SQLite whose access tokens are over almost at once."""
    settings = {"ACCESS_TOKEN_VALIDITY": "2"}
    with running_core(str(tmp_path / "core.sqlite3"), logs=tmp_path, settings=settings) as running:
        yield running


@pytest.fixture
def application(core: Core, provider: stack.OldProvider, site: str, tmp_path: Path) -> Iterator[Server]:
    """The Express example, whose page lives on another origin."""
    port = free_port()
    api = f"http://localhost:{port}"
    environment = {
        "PORT": str(port),
        "API": api,
        "WEBSITE": site,
        "CORE": core.url,
        "CORE_API_KEY": API_KEY,
    }
    beside = running_engine(core, issuer=provider.issuer, api=api, site=site, folder=tmp_path, access="2s")
    with beside as engine:
        environment["ENGINE"] = engine.url
        server = start(
            "express", apps.example("express"), port=port, logs=tmp_path, ready="/health", env=environment
        )
        yield server
        server.stop()


@pytest.fixture(params=["cookie", "header"])
def address(
    request: pytest.FixtureRequest, application: Server, provider: stack.OldProvider, site: str
) -> str:
    """Where a user opens the page for the first time."""
    api = f"http://localhost:{application.port}"
    return stack.page_address(site, {"api": api, "issuer": provider.issuer, "mode": request.param})


@pytest.fixture
def moved(address: str, profile: BrowserContext, user: str) -> Tab:
    """A tab whose user was moved."""
    tab = new_tab(profile)
    tab.open(address)
    tab.sign_in_old(user)
    answer = tab.migrate()
    assert (answer.status, answer.body["userId"]) == (200, user)
    return tab


def test_journey(moved: Tab, provider: stack.OldProvider, user: str) -> None:
    """Moved, called, reloaded, refreshed without a word to the user, signed out; the old session is over."""
    assert moved.run("doesSessionExist()") is True
    assert moved.call_api().body["userId"] == user
    assert moved.run("renewOld()") == "invalid_grant"
    moved.run("forgetOld()")
    moved.reload()
    before = moved.sent(REFRESH)
    wait_until(
        lambda: moved.call_api().status == 200 and moved.sent(REFRESH) > before,
        what="an access token to be over and refreshed",
    )
    assert moved.call_api("/api/me", "POST").body["userId"] == user
    moved.run("signOut()")
    assert moved.run("doesSessionExist()") is False
    assert moved.call_api().status == 401


def test_refreshes_that_do_not_wait_for_one_another(moved: Tab) -> None:
    """Calls in parallel around the end of an access token all succeed, and the session goes on."""
    for _ in range(5):
        assert set(moved.run("callApiAtOnce(5)")) == {200}
        assert moved.run("refresh()") is True
    assert moved.call_api().status == 200
