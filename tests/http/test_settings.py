"""Settings: what follows from two addresses, and what is refused before the first request."""

from __future__ import annotations

from typing import Any

import pytest

from segue.errors import ConfigurationError
from segue.http.anti_csrf import AntiCsrfMode
from segue.http.transport import TransferMethod
from tests.http.world import local


@pytest.mark.parametrize(
    ("api", "website", "same_site", "secure", "mode"),
    [
        ("https://api.example.com", "https://example.com", "Lax", True, AntiCsrfMode.NONE),
        ("https://api.example.com", "https://www.example.com:8443", "Lax", True, AntiCsrfMode.NONE),
        ("https://api.example.com", "https://example.org", "None", True, AntiCsrfMode.VIA_CUSTOM_HEADER),
        ("https://api.example.com", "http://example.com", "None", True, AntiCsrfMode.VIA_CUSTOM_HEADER),
        ("https://a.vercel.app", "https://b.vercel.app", "None", True, AntiCsrfMode.VIA_CUSTOM_HEADER),
        ("https://x.a.vercel.app", "https://a.vercel.app", "Lax", True, AntiCsrfMode.NONE),
        ("https://a.co.uk", "https://b.co.uk", "None", True, AntiCsrfMode.VIA_CUSTOM_HEADER),
        ("http://localhost:8000", "http://localhost:3000", "Lax", False, AntiCsrfMode.NONE),
        ("http://127.0.0.1:8000", "http://localhost:3000", "Lax", False, AntiCsrfMode.NONE),
        ("http://[::1]:8000", "http://127.0.0.1", "Lax", False, AntiCsrfMode.NONE),
        ("http://api.dev.local", "http://dev.local", "None", False, AntiCsrfMode.VIA_CUSTOM_HEADER),
        ("http://dev.local", "http://dev.local", "Lax", False, AntiCsrfMode.NONE),
        ("https://bücher.example", "https://www.xn--bcher-kva.example", "Lax", True, AntiCsrfMode.NONE),
    ],
)
def test_defaults_follow_from_the_addresses(
    api: str, website: str, same_site: str, secure: bool, mode: AntiCsrfMode
) -> None:
    """How far website and API are apart decides how strict cookies can be, and what must make up for it."""
    settings = local(api_domain=api, website_domain=website)
    assert (settings.same_site, settings.secure, settings.anti_csrf_mode) == (same_site, secure, mode)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("api.example.com", "https://api.example.com"),
        ("localhost:8000", "http://localhost:8000"),
        ("10.0.0.1:8000", "http://10.0.0.1:8000"),
        ("https://Api.Example.com:443/path?x#y", "https://api.example.com"),
        ("http://example.com:80", "http://example.com"),
        (" https://example.com/ ", "https://example.com"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_addresses_as_written(written: str, meant: str) -> None:
    """An address is understood as people write it."""
    settings = local(api_domain=written, website_domain=written)
    assert settings.api_domain == settings.website_domain == meant
    assert settings.issuer == f"{meant}/auth"


@pytest.mark.parametrize(
    "settings",
    [
        {"api_domain": ""},
        {"api_domain": "https://"},
        {"api_domain": "https://*.example.com"},
        {"api_domain": "https://user@example.com"},
        {"api_domain": "ftp://example.com"},
        {"api_domain": "https://example.com:port"},
        {"api_domain": "https://co.uk", "website_domain": "https://example.com"},
        {"website_domain": "https://vercel.app"},
        {"website_domain": "null"},
        {"cookie_same_site": "loose"},
        {"cookie_domain": ""},
        {"cookie_domain": ".elsewhere.org"},
        {"cookie_domain": "ocalhost"},
        {"session_expired_status": 403},
        {"invalid_claim_status": 401},
        {"session_expired_status": 200},
        {"session_expired_status": 500},
        {"invalid_claim_status": 302},
    ],
    ids=str,
)
def test_refused(settings: dict[str, Any]) -> None:
    """What cannot be safe or cannot work is refused when the settings are built."""
    with pytest.raises(ConfigurationError):
        local(**settings)


def test_cookies_that_would_be_dropped_are_refused_at_start_where_they_are_the_only_way() -> None:
    """A deployment that allows cookies alone learns at once that browsers would drop them."""
    apart: dict[str, Any] = {"api_domain": "http://api.example.com", "website_domain": "http://other.org"}
    with pytest.raises(ConfigurationError, match="https"):
        local(**apart, token_transfer=TransferMethod.COOKIE)
    assert local(**apart, token_transfer=TransferMethod.HEADER).same_site == "None"
    here: dict[str, Any] = {"cookie_same_site": "none", "token_transfer": TransferMethod.COOKIE}
    assert local(**here).secure is False


@pytest.mark.parametrize("given", ["strict", "STRICT", " Lax ", "none"])
def test_given_same_site(given: str) -> None:
    """SameSite is read without its case, and counts for the default against CSRF."""
    settings = local(cookie_same_site=given)
    assert settings.same_site == given.strip().capitalize()
    assert (settings.anti_csrf_mode is AntiCsrfMode.NONE) is (settings.same_site != "None")


def test_given_values_count() -> None:
    """What is given explicitly is not reckoned."""
    settings = local(cookie_secure=True, anti_csrf=AntiCsrfMode.VIA_TOKEN, cookie_same_site="none")
    assert (settings.secure, settings.anti_csrf_mode) == (True, AntiCsrfMode.VIA_TOKEN)


@pytest.mark.parametrize(("given", "kept"), [(None, None), ("", ""), ("Old.Example.com", "old.example.com")])
def test_older_domain(given: str | None, kept: str | None) -> None:
    """No former domain and a former "none at all" are two things."""
    assert local(older_cookie_domain=given).older_cookie_domain == kept
