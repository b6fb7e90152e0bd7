"""The previous provider by itself: the browser tests stand on what is shown here."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.e2e.sign_in import sign_in
from tests.e2e.stack import AUDIENCE, OldProvider, page_address
from tests.e2e.tab import new_tab

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_the_page_signs_in_and_holds_a_rotating_refresh_token(
    profile: BrowserContext, provider: OldProvider, site: str
) -> None:
    """A user signs in on the provider's own page; renewing replaces the refresh token, and the old one is refused."""
    tab = new_tab(profile)
    tab.open(page_address(site, {"api": site, "issuer": provider.issuer, "mode": "cookie"}))
    tab.sign_in_old("ada")
    first = tab.run("oldUser()")
    assert first["profile"]["sub"] == "ada"
    assert first["profile"]["sid"]
    assert tab.run("renewOld()") == "accepted"
    assert provider.is_active(tab.run("oldUser()")["refresh_token"])
    assert not provider.is_active(first["refresh_token"])


def test_the_page_holds_an_access_token_for_the_api(
    profile: BrowserContext, provider: OldProvider, site: str
) -> None:
    """The token that is migrated is an RFC 9068 access token: typed, for our audience, of the page's client."""
    tab = new_tab(profile)
    tab.open(page_address(site, {"api": site, "issuer": provider.issuer, "mode": "cookie"}))
    tab.sign_in_old("ada")
    header, claims, _signature = tab.run("oldUser()")["access_token"].split(".")
    assert _segment(header)["typ"] == "at+jwt"
    wanted = {"iss": provider.issuer, "aud": AUDIENCE, "client_id": "spa", "sub": "ada"}
    assert _segment(claims).items() >= wanted.items()


def test_signing_in_without_a_browser_gives_the_same_kind_of_token(provider: OldProvider, site: str) -> None:
    """The shortcut that the concurrent tests take goes through the same pages and ends with the same claims."""
    tokens = sign_in(provider.issuer, page=site, user="ada")
    header, claims, _signature = tokens.access_token.split(".")
    assert _segment(header)["typ"] == "at+jwt"
    assert _segment(claims)["sub"] == "ada"
    assert provider.is_active(tokens.refresh_token)


def test_a_restarted_provider_has_its_keys_and_nothing_else(provider: OldProvider) -> None:
    """Killed and started again on its port, the provider is the same issuer with the same keys."""
    before = provider.keys()
    provider.kill()
    provider.start()
    assert provider.keys() == before


def _segment(text: str) -> dict[str, Any]:
    decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return msgspec.json.decode(decoded, type=dict[str, Any])
