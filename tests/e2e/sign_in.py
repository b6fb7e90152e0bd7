"""Signing in at the old provider without a browser: authorization code flow with PKCE (RFC 7636) over its pages."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

HOPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTokens:
    """What the page's client holds of the old provider."""

    access_token: str
    refresh_token: str


def sign_in(issuer: str, *, page: str, user: str) -> OldTokens:
    """Tokens of the client `spa` for *user*, as if signed in on the page at the origin *page*."""
    with httpx2.Client() as browser:
        return signed_in(browser, issuer, page=page, user=user)


def sign_out(browser: httpx2.Client, issuer: str) -> None:
    """On the provider's own page, which asks whether one is sure."""
    asked = browser.get(f"{issuer}/session/end").raise_for_status().text
    token = asked.partition('name="xsrf" value="')[2].partition('"')[0]
    browser.post(f"{issuer}/session/end/confirm", data={"xsrf": token, "logout": "yes"})


def signed_in(browser: httpx2.Client, issuer: str, *, page: str, user: str) -> OldTokens:
    """The same in a browser that keeps the provider's session."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": "spa",
        "response_type": "code",
        "redirect_uri": f"{page}/",
        "scope": "openid email api",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    code = _code(browser, f"{issuer}/auth?{httpx2.QueryParams(asked)}", page=page, user=user)
    form = {
        "grant_type": "authorization_code",
        "client_id": "spa",
        "redirect_uri": f"{page}/",
        "code": code,
        "code_verifier": verifier,
    }
    tokens = browser.post(f"{issuer}/token", data=form).raise_for_status().json()
    return OldTokens(access_token=tokens["access_token"], refresh_token=tokens["refresh_token"])


def _code(browser: httpx2.Client, url: str, *, page: str, user: str) -> str:
    for _ in range(HOPS):
        if url.startswith(f"{page}/?"):
            return parse_qs(urlsplit(url).query)["code"][0]
        if "/sign-in/" in url:
            answer = browser.post(url, data={"login": user, "password": "correct horse"})
        else:
            answer = browser.get(url)
        url = urljoin(url, answer.headers["location"])
    raise AssertionError(f"the provider never came back to {page}")
