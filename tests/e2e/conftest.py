"""Fixtures of the browser tests: npm's packages, the built page, one Chromium, and the processes."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e import stack
from tests.e2e.moving import Moving, MovingWorld, moving_world
from tests.e2e.shaky import Shaky, shaky_world
from tests.e2e.tab import Tab, new_tab
from tests.e2e.world import SETTINGS, World, running
from tests.support import npm
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """npm's packages: the SDK, the old provider and the bundler."""
    return npm.install(stack.HERE)


@pytest.fixture(scope="session")
def pages(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages."""
    folder = tmp_path_factory.mktemp("pages")
    stack.build_pages(node_modules / ".bin" / "esbuild", folder)
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """
    One browser for a module's tests; each test has a profile of its own.

    Playwright keeps an event loop running as long as it lives, and no other test could run one of its own meanwhile.
    """
    with sync_playwright() as playwright:
        browser = stack.launch_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture
def profile(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh profile: no cookies, no storage."""
    context = chromium.new_context()
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def site(pages: Path, tmp_path: Path) -> Iterator[str]:
    """Origin of a static host that serves the page on `localhost`."""
    server = stack.start_site(free_port(), pages=pages, logs=tmp_path)
    yield f"http://localhost:{server.port}"
    server.stop()


@pytest.fixture
def provider(node_modules: Path, tmp_path: Path, site: str) -> Iterator[stack.OldProvider]:
    """The old provider, running, which lets the page of *site* sign users in."""
    old = stack.OldProvider(port=free_port(), web_origins=[site], folder=tmp_path)
    old.start()
    yield old
    old.kill()


@pytest.fixture(scope="session", params=SETTINGS.values(), ids=list(SETTINGS))
def world(
    request: pytest.FixtureRequest,
    node_modules: Path,
    pages: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """Provider, application and site of each setting in turn."""
    with running(request.param, pages=pages, folder=tmp_path_factory.mktemp("world")) as parties:
        yield parties


@pytest.fixture(scope="session")
def moving_worlds(
    pages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Moving], MovingWorld]]:
    """The parties of a setting of `moving.py`, started when a test first asks for them, for all that do."""
    running: dict[Moving, MovingWorld] = {}
    with ExitStack() as started:

        def world(setting: Moving) -> MovingWorld:
            if setting not in running:
                folder = tmp_path_factory.mktemp("moving")
                running[setting] = started.enter_context(moving_world(setting, pages=pages, folder=folder))
            return running[setting]

        yield world


@pytest.fixture(scope="session")
def behind_proxy(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shaky]:
    """The application alone, with a network that a test can make lose things."""
    with shaky_world(anti_csrf="", pages=pages, folder=tmp_path_factory.mktemp("shaky")) as world:
        yield world


@pytest.fixture(scope="session")
def behind_proxy_with_tokens(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shaky]:
    """Likewise, with anti-CSRF tokens."""
    folder = tmp_path_factory.mktemp("shaky-tokens")
    with shaky_world(anti_csrf="VIA_TOKEN", pages=pages, folder=folder) as world:
        yield world


@pytest.fixture
def shaky(behind_proxy: Shaky) -> Shaky:
    """As `behind_proxy`, with nothing lost yet."""
    behind_proxy.calm_down()
    return behind_proxy


@pytest.fixture
def shaky_with_tokens(behind_proxy_with_tokens: Shaky) -> Shaky:
    """As `behind_proxy_with_tokens`, with nothing lost yet."""
    behind_proxy_with_tokens.calm_down()
    return behind_proxy_with_tokens


@pytest.fixture
def user() -> str:
    """A user whom no other test knows."""
    return f"user-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def tab(world: World, profile: BrowserContext, user: str) -> Tab:
    """A tab with our page, the user signed in at the old provider only."""
    opened = new_tab(profile)
    opened.open(world.address)
    opened.sign_in_old(user)
    return opened


@pytest.fixture
def moved(tab: Tab) -> Tab:
    """As `tab`, after the migration."""
    answer = tab.migrate()
    assert (answer.status, answer.body.get("result")) == (200, "MIGRATED"), answer
    return tab
