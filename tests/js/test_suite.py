"""The browser package's suite: the same tests in Node and in Debian's Chromium."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.stack import launch_chromium, start_site
from tests.support import npm
from tests.support.processes import free_port
from tests.support.programs import required_program

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PACKAGE = Path(__file__).parents[2] / "js" / "browser"
TABS, ROUNDS = 6, 25
FEWEST = 180
"""Tests that both places must have run; a bundler that shakes the suite away fails here."""


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the package's tools installed and its suite built."""
    npm.install(PACKAGE)
    program = required_program("node", package="nodejs npm")
    command = [program, "scripts/test.mjs", "--build-only"]
    subprocess.run(command, cwd=PACKAGE, check=True, capture_output=True, timeout=120)
    return program


@pytest.fixture
def page_of_suite(node: str, tmp_path: Path) -> Iterator[str]:
    """Address of a page that holds the suite; it is a secure context, as applications' pages are."""
    server = start_site(free_port(), pages=PACKAGE / ".tmp", logs=tmp_path)
    yield f"http://localhost:{server.port}/"
    server.stop()


def test_suite_in_node(node: str) -> None:
    """Every test of the suite passes under node:test."""
    command = [node, "--test", "--test-reporter=tap", ".tmp/in-node.mjs"]
    done = subprocess.run(command, cwd=PACKAGE, check=False, capture_output=True, text=True, timeout=120)
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout
    assert passed is not None
    assert int(passed[1]) >= FEWEST


def test_suite_in_chromium(page_of_suite: str) -> None:
    """Every test of the suite passes in a real page: with its Web Locks, IndexedDB, events and React."""
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        page = browser.new_page()
        page.goto(page_of_suite)
        results: dict[str, str] = page.evaluate("runTests()")
        browser.close()
    assert {name: said for name, said in results.items() if said} == {}
    assert len(results) >= FEWEST


def test_tabs_that_ask_at_once_have_one_key(page_of_suite: str) -> None:
    """Without any lock, round after round, six tabs find the same random Idempotency-Key, and a new one each round."""
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        profile = browser.new_context()
        tabs = [profile.new_page() for _ in range(TABS)]
        for tab in tabs:
            tab.goto(page_of_suite)
        rounds: list[set[str]] = []
        for _ in range(ROUNDS):
            for tab in tabs:
                tab.evaluate("void (window.asked = key())")
            rounds.append({tab.evaluate("window.asked") for tab in tabs})
            tabs[0].evaluate("forgetKey()")
        browser.close()
    assert [len(keys) for keys in rounds] == [1] * ROUNDS
    assert len({key for keys in rounds for key in keys}) == ROUNDS
