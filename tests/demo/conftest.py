"""A running demo as its own process, and a browser to look at it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.stack import launch_chromium
from tests.support.processes import free_port, start

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

COMMAND = (sys.executable, "-c", "import typer; from segue.cli.demo import demo; typer.run(demo)")


# For one module: while Playwright runs it holds an event loop, and the tests of other modules run their own.
@pytest.fixture(scope="module")
def chromium() -> Generator[Browser]:
    """One browser for the tests of a module; each test has a profile of its own."""
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture
def profile(chromium: Browser) -> Generator[BrowserContext]:
    """A fresh profile: no cookies, no storage."""
    context = chromium.new_context()
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def site(tmp_path: Path) -> Generator[str]:
    """The address of a demo that has just begun; it ends as by Ctrl-C and must have tidied up."""
    port, provider_port = free_port(), free_port()
    ports = ("--port", str(port), "--provider-port", str(provider_port))
    command = (*COMMAND, *ports, "--no-open")
    server = start(
        "demo", command, port=port, logs=tmp_path, ready="/demo/about", env={"TMPDIR": str(tmp_path)}
    )
    yield f"http://localhost:{port}"
    server.stop()
    assert server.process.returncode == 0, server.last_words()
    assert list(tmp_path.glob("segue-demo-*")) == []
