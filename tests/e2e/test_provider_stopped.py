"""The old provider is switched off, for real, while users still come with its tokens."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.application import Application
from tests.e2e.stack import OldProvider, page_address
from tests.e2e.tab import Tab, new_tab
from tests.support.processes import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from tests.e2e.tab import Answer

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@contextmanager
def serving(app: Application) -> Generator[Application]:
    """Run the application for a while."""
    try:
        app.start()
        yield app
    finally:
        app.stop()


@pytest.fixture
def app(provider: OldProvider, site: str, tmp_path: Path) -> Application:
    """An application with live keys, not started yet: its first start decides what it knows of the provider."""
    return Application(ports=(free_port(),), folder=tmp_path, issuer=provider.issuer, site=site)


@pytest.fixture
def pinned_app(app: Application, provider: OldProvider, tmp_path: Path) -> Application:
    """As `app`, with the provider's keys in a file."""
    app.jwks = tmp_path / "pinned.json"
    app.jwks.write_text(json.dumps(provider.keys()))
    return app


def signed_in(profile: BrowserContext, app: Application, provider: OldProvider, user: str) -> Tab:
    """A tab with our page whose user is signed in at the provider."""
    tab = new_tab(profile)
    tab.open(page_address(app.site, {"api": app.origin, "issuer": provider.issuer, "mode": "cookie"}))
    tab.sign_in_old(user)
    return tab


def test_pinned_keys_need_no_provider(
    profile: BrowserContext, provider: OldProvider, pinned_app: Application
) -> None:
    """With pinned keys the provider may be gone before the application first starts."""
    tab = signed_in(profile, pinned_app, provider, "ada")
    provider.kill()
    with serving(pinned_app):
        _assert_moved(tab, "ada")


def test_pinned_keys_never_ask_the_provider(
    profile: BrowserContext, provider: OldProvider, pinned_app: Application
) -> None:
    """Nor is it asked while it could answer: the only one who read its keys is this test."""
    with serving(pinned_app):
        tab = signed_in(profile, pinned_app, provider, "ada")
        _assert_moved(tab, "ada")
    assert provider.seen("/jwks") == 1


def test_warm_keys_outlive_the_provider(
    profile: BrowserContext, provider: OldProvider, app: Application
) -> None:
    """Keys fetched when the application started serve users after the provider was switched off."""
    with serving(app):
        assert provider.seen("/jwks") == 1
        tab = signed_in(profile, app, provider, "ada")
        provider.kill()
        _assert_moved(tab, "ada")


def test_cold_keys_ask_for_patience_until_the_provider_is_back(
    profile: BrowserContext, provider: OldProvider, app: Application
) -> None:
    """Without keys the answer is 503 with Retry-After, nothing is lost, and the same page succeeds later."""
    tab = signed_in(profile, app, provider, "ada")
    provider.kill()
    with serving(app):
        refused = tab.migrate()
        assert (refused.status, refused.body["retryable"]) == (503, True), refused
        assert refused.retry_after is not None
        patience = int(refused.retry_after)
        assert 0 < patience <= 60
        assert app.sessions("ada") == []
        provider.start()
        app.forward(seconds=patience)
        _assert_moved(tab, "ada")


def test_the_old_session_is_ended_when_the_provider_is_back(
    profile: BrowserContext, provider: OldProvider, pinned_app: Application
) -> None:
    """A revocation that could not be delivered waits in the outbox."""
    tab = signed_in(profile, pinned_app, provider, "ada")
    provider.kill()
    with serving(pinned_app):
        _assert_moved(tab, "ada")
        provider.start()

        def delivered() -> bool:
            pinned_app.forward(seconds=60)  # the next attempt is due later
            return provider.seen("/token/revocation") > 0

        wait_until(delivered, what="the revocation to be tried again")


def _assert_moved(tab: Tab, user: str) -> None:
    answer: Answer = tab.migrate()
    assert (answer.status, answer.body.get("userId")) == (200, user), answer
    assert tab.call_api().body["userId"] == user
