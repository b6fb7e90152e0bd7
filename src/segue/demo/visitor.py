"""
A visitor without a screen: does at the old provider what a browser and a page do, over HTTP.

For `segue demo --check` and the tests. House rule: it follows the provider's own forms and redirects and knows no
short cuts; what it did not expect, it raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx2

from segue.demo.provider.clients import PAGE_CLIENT
from segue.demo.provider.ledger import s256

FORM_REQUEST = re.compile(r'name="request" value="([^"]*)"')


class Unexpected(Exception):
    """The other side did not do what the visitor came for; says what was done instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTokens:
    """What the provider's token endpoint gave."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    identity: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One browser at one provider, on behalf of one page."""

    browser: httpx2.AsyncClient
    """Keeps cookies, does not follow redirects."""
    issuer: str
    redirect_uri: str
    verifier: str = field(repr=False)
    """The PKCE secret of this visitor, 43 to 128 characters."""

    def request(self, **changes: str) -> dict[str, str]:
        """The parameters of a proper authorization request, with *changes*; empty ones are left out."""
        proper = {
            "response_type": "code",
            "client_id": PAGE_CLIENT,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile offline_access",
            "state": "state-of-visitor",
            "nonce": "nonce-of-visitor",
            "code_challenge": s256(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (proper | changes).items() if value}

    async def authorize(self, **changes: str) -> httpx2.Response:
        """Knock at the provider's door."""
        return await self.browser.get(f"{self.issuer}/authorize", params=self.request(**changes))

    async def sign_in(self, name: str) -> dict[str, str]:
        """Fill in the sign-in form; returns what the redirect brings home."""
        page = await self.authorize()
        hidden = FORM_REQUEST.search(page.text)
        if hidden is None:
            raise Unexpected(f"no sign-in form: {page.status_code}")
        form = {"request": unescape(hidden[1]), "name": name, "password": "anything"}
        # A browser says where a form was filled in; the provider takes only its own.
        posted = await self.browser.post(f"{self.issuer}/sign-in", data=form, headers={"origin": self.issuer})
        if posted.status_code != 303:
            raise Unexpected(f"the sign-in form was answered {posted.status_code}")
        return self.home(await self.browser.get(f"{self.issuer}{posted.headers['location']}"))

    def home(self, response: httpx2.Response) -> dict[str, str]:
        """The parameters that a redirect brings to the page."""
        parts = urlsplit(response.headers.get("location", ""))
        if f"{parts.scheme}://{parts.netloc}{parts.path}" != self.redirect_uri:
            raise Unexpected(f"not sent home: {response.status_code}")
        return dict(parse_qsl(parts.query))

    async def redeem(self, code: str, /, **changes: str) -> httpx2.Response:
        """The code grant."""
        form = {
            "grant_type": "authorization_code",
            "client_id": PAGE_CLIENT,
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return await self.browser.post(f"{self.issuer}/token", data=form | changes)

    async def refresh(self, token: str) -> httpx2.Response:
        """The refresh grant."""
        form = {"grant_type": "refresh_token", "client_id": PAGE_CLIENT, "refresh_token": token}
        return await self.browser.post(f"{self.issuer}/token", data=form)

    async def signed_in(self, name: str) -> OldTokens:
        """Sign in and redeem the code."""
        return old_tokens(await self.redeem((await self.sign_in(name))["code"]))


def old_tokens(response: httpx2.Response) -> OldTokens:
    """Read an answer of the token endpoint."""
    if response.status_code != 200:
        raise Unexpected(f"no tokens: {response.status_code} {response.text}")
    body = response.json()
    return OldTokens(access=body["access_token"], refresh=body["refresh_token"], identity=body["id_token"])
