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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the databases, settings and output."""
    return tmp_path_factory.mktemp("express")


@pytest.fixture(scope="module")
def website(pages: Path, folder: Path) -> Iterator[str]:
    """Origin of a static host that serves the page: another one than the application's."""
    server = stack.start_site(free_port(), pages=pages, logs=folder)
    yield f"http://localhost:{server.port}"
    server.stop()


@pytest.fixture(scope="module")
def old(website: str, folder: Path) -> Iterator[stack.OldProvider]:
    """The old provider."""
    provider = stack.OldProvider(port=free_port(), web_origins=[website], folder=folder)
    provider.start()
    yield provider
    provider.kill()


@pytest.fixture(scope="module")
def core(folder: Path) -> Iterator[Core]:
    """A core on SQLite whose access tokens are over almost at once."""
    settings = {"ACCESS_TOKEN_VALIDITY": "2"}
    with running_core(str(folder / "core.sqlite3"), logs=folder, settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def application(core: Core, old: stack.OldProvider, website: str, folder: Path) -> Iterator[Server]:
    """The Express example."""
    port = free_port()
    api = f"http://localhost:{port}"
    environment = {
        "PORT": str(port),
        "API": api,
        "WEBSITE": website,
        "CORE": core.url,
        "CORE_API_KEY": API_KEY,
    }
    beside = running_engine(core, issuer=old.issuer, api=api, site=website, folder=folder, access="2s")
    with beside as engine:
        environment["ENGINE"] = engine.url
        server = start(
            "express", apps.example("express"), port=port, logs=folder, ready="/health", env=environment
        )
        yield server
        server.stop()


@pytest.fixture(params=["cookie", "header"])
def address(request: pytest.FixtureRequest, application: Server, old: stack.OldProvider, website: str) -> str:
    """Where a user opens the page for the first time."""
    api = f"http://localhost:{application.port}"
    return stack.page_address(website, {"api": api, "issuer": old.issuer, "mode": request.param})


@pytest.fixture
def moved(address: str, profile: BrowserContext, user: str) -> Tab:
    """A tab whose user was moved."""
    tab = new_tab(profile)
    tab.open(address)
    tab.sign_in_old(user)
    answer = tab.migrate()
    assert (answer.status, answer.body["userId"]) == (200, user)
    return tab


def test_journey(moved: Tab, user: str) -> None:
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
