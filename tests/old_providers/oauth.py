"""The authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636) over a provider's own pages, as a client goes it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable

CALLBACK = "http://127.0.0.1/callback"
HOPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the token endpoint gave a client."""

    access: str
    refresh: str
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Somebody's application at a provider."""

    name: str
    secret: str | None
    """None: it is public, and only names itself."""
    authorize: str
    token: str
    scope: str
    callback: str = CALLBACK

    def tokens(
        self,
        sign_in: Callable[[httpx2.Client, httpx2.Response], httpx2.Response],
        *,
        resource: str | None = None,
        browser: httpx2.Client | None = None,
    ) -> Tokens:
        """
        Sign somebody in with a browser of his own, and take the code for tokens.

        Args:
            sign_in: fills in the page of the provider that it is shown, and sends it off.
            resource: the API that the access token is for (RFC 8707).
            browser: one that may know the user already.
        """
        if browser is None:
            with httpx2.Client(timeout=30) as fresh:
                return self.tokens(sign_in, resource=resource, browser=fresh)
        verifier = secrets.token_urlsafe(48)
        asked = {
            "client_id": self.name,
            "response_type": "code",
            "redirect_uri": self.callback,
            "scope": self.scope,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        form = {
            "grant_type": "authorization_code",
            "redirect_uri": self.callback,
            "code_verifier": verifier,
        }
        if resource is not None:
            asked["resource"] = form["resource"] = resource
        form["code"] = self._code(browser, asked, sign_in)
        if self.secret is None:
            reply = browser.post(self.token, data={**form, "client_id": self.name})
        else:
            reply = browser.post(self.token, data=form, auth=(self.name, self.secret))
        given = reply.raise_for_status().json()
        return Tokens(
            access=given["access_token"], refresh=given["refresh_token"], identity=given["id_token"]
        )

    def _code(
        self,
        browser: httpx2.Client,
        asked: dict[str, str],
        sign_in: Callable[[httpx2.Client, httpx2.Response], httpx2.Response],
    ) -> str:
        url = f"{self.authorize}?{httpx2.QueryParams(asked)}"
        answer = browser.get(url)
        for _ in range(HOPS):
            if "location" not in answer.headers:
                answer = sign_in(browser, answer)
                assert "location" in answer.headers, "the provider did not take the sign-in"
            url = urljoin(str(answer.url), answer.headers["location"])
            if url.startswith(f"{self.callback}?"):
                return parse_qs(urlsplit(url).query)["code"][0]
            answer = browser.get(url)
        raise AssertionError("the provider never came back to its client")


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
