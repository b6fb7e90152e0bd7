"""People with opaque tokens, or ID tokens, of a real django-oauth-toolkit move over."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from segue import ANY_AUDIENCE, KEYS_ONLY, LiveKeys, OpaqueProvider
from segue.adapters.web import AsyncHttpWeb
from segue.migration.endings import EndOldSession, Revocation7009
from segue.migration.introspection import Introspection
from segue.profiles import oidc_id_token
from tests.old_providers import journey
from tests.old_providers.applications import PASSWORD
from tests.old_providers.launching import OldSoftware, launched_python
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from segue import Provider

pytestmark = pytest.mark.processes

CALLBACK = "http://127.0.0.1/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the token endpoint gave a client."""

    access: str
    refresh: str
    identity: str


@dataclass(frozen=True, slots=True)
class OauthToolkit:
    """The old provider as the users of its clients see it; what they hold is an opaque access token."""

    software: OldSoftware

    @property
    def users(self) -> dict[str, str]:
        """Ids by name."""
        return dict(self.software.facts["users"])

    @property
    def issuer(self) -> str:
        """As in its ID tokens."""
        return f"{self.software.origin}/o"

    def tokens(self, user: str, *, client: str = "web") -> Tokens:
        """By the authorization code flow with PKCE, over its own pages."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "client_id": client,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid api",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        with self.software.client() as browser:
            form = {
                "grant_type": "authorization_code",
                "code": self._code(browser, asked, user),
                "redirect_uri": CALLBACK,
                "code_verifier": verifier,
            }
            reply = browser.post("/o/token/", data=form, auth=(client, f"the secret of {client}"))
            given = reply.raise_for_status().json()
        return Tokens(
            access=given["access_token"], refresh=given["refresh_token"], identity=given["id_token"]
        )

    def sign_in(self, user: str, *, client: str = "web") -> Held:
        """The page holds an access token and the refresh token."""
        tokens = self.tokens(user, client=client)
        return Held(bearer=tokens.access, refresh=tokens.refresh)

    def accepts(self, held: Held) -> bool:
        """By introspection (RFC 7662)."""
        with self.software.client() as client:
            form, auth = {"token": held.bearer or ""}, ("web", "the secret of web")
            reply = client.post("/o/introspect/", data=form, auth=auth)
            return bool(reply.raise_for_status().json()["active"])

    def sign_out(self, held: Held) -> None:
        """By revocation (RFC 7009), as its clients do."""
        with self.software.client() as client:
            form, auth = {"token": held.bearer or ""}, ("web", "the secret of web")
            client.post("/o/revoke_token/", data=form, auth=auth).raise_for_status()

    def provider(self) -> OpaqueProvider:
        """What a deployment writes."""
        return OpaqueProvider(
            name="toolkit",
            introspection=Introspection(
                url=f"{self.issuer}/introspect/", client_id="web", client_secret="the secret of web"
            ),
            audiences=ANY_AUDIENCE,
            authorized_parties=frozenset({"web"}),
            user_claim="username",
            revocation=Revocation7009(
                url=f"{self.issuer}/revoke_token/",
                client_id="web",
                client_secret="the secret of web",
                when=EndOldSession.AFTER_FIRST_USE,
            ),
        )

    def _code(self, browser: httpx2.Client, asked: dict[str, str], user: str) -> str:
        url = f"/o/authorize/?{browser.build_request('GET', '/', params=asked).url.query.decode()}"
        for _ in range(8):
            if url.startswith(CALLBACK):
                return parse_qs(urlsplit(url).query)["code"][0]
            answer = browser.get(url)
            if urlsplit(url).path == "/login":
                headers = {"x-csrftoken": browser.cookies["csrftoken"]}
                form = {"username": user, "password": PASSWORD}
                answer = browser.post(url, data=form, headers=headers)
            url = urljoin(url, answer.headers["location"])
        raise AssertionError("the provider never came back")


class ByIdToken(OauthToolkit):
    """The same provider; what its users hold is an ID token, of which it says nothing more."""

    def sign_in(self, user: str, *, client: str = "web") -> Held:
        """The page holds the ID token."""
        return Held(bearer=self.tokens(user, client=client).identity)

    def accepts(self, held: Held) -> bool:
        """Its page of user data takes access tokens only: whether the key is published is all there is."""
        with self.software.client() as client:
            keys = client.get("/o/.well-known/jwks.json").raise_for_status().json()["keys"]
        header = (held.bearer or "").partition(".")[0]
        return any(key["kid"].encode() in base64.urlsafe_b64decode(header + "==") for key in keys)

    def rotate(self) -> None:
        """A new key signs; the old one is still published."""
        self.software.tell("rotate")

    def retire(self) -> None:
        """The new key alone."""
        self.software.tell("retire")

    def id_token_provider(self) -> Provider:
        """What a deployment writes."""
        return oidc_id_token(
            issuer=self.issuer,
            client_ids=["web"],
            live_check=KEYS_ONLY,
            keys=LiveKeys(issuer=self.issuer, cool_down=timedelta(seconds=1)),
        )


@pytest.fixture(scope="module")
def software(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldSoftware]:
    """The old provider; over plain HTTP, which its OAuth library takes only when told."""
    folder = tmp_path_factory.mktemp("toolkit")
    environment = {"DATABASE": str(folder / "old.sqlite3"), "OAUTHLIB_INSECURE_TRANSPORT": "1"}
    with launched_python("django_oauth_app.py", log=folder / "log", **environment) as started:
        yield started


@pytest.fixture(scope="module")
def old(software: OldSoftware) -> OauthToolkit:
    """Its users with opaque tokens."""
    return OauthToolkit(software)


@pytest.fixture(scope="module")
def new(old: OauthToolkit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application, for opaque tokens."""
    database = tmp_path_factory.mktemp("new") / "new.sqlite3"
    with site(old.provider(), database=database, web=AsyncHttpWeb()) as made:
        yield made


def test_journey(old: OauthToolkit, new: Site) -> None:
    """A token of which the provider says only `username` moves once, and is revoked there for real."""
    visitor = journey.moves(new, old, user="ada", user_id="ada")
    journey.ends_for_real(new, old, visitor.held)
    journey.is_refused(new, visitor.held, code="SIGN_IN_REVOKED")


def test_token_of_another_client(old: OauthToolkit, new: Site) -> None:
    """It is active, the provider says so, and was given to another client: it buys nothing."""
    held = old.sign_in("bob", client="other")
    assert old.accepts(held)
    journey.is_refused(new, held, code="TOKEN_CLAIMS_INVALID")


def test_tokens_that_are_not_active(old: OauthToolkit, new: Site) -> None:
    """A revoked one, a refresh token, an ID token and an invented one buy nothing."""
    tokens = old.tokens("bob")
    revoked = Held(bearer=tokens.access)
    old.sign_out(revoked)
    for bearer in (tokens.access, old.tokens("bob").refresh, tokens.access[::-1]):
        journey.is_refused(new, Held(bearer=bearer), code="SIGN_IN_REVOKED")
    journey.is_refused(
        new, Held(bearer=tokens.identity), code="TOKEN_CLAIMS_INVALID"
    )  # its `iss` is nobody's here


def test_id_tokens(software: OldSoftware, tmp_path: Path) -> None:
    """An ID token of our client moves once, by the user's number; one of another client buys nothing."""
    old = ByIdToken(software)
    with site(old.id_token_provider(), database=tmp_path / "new.sqlite3", web=AsyncHttpWeb()) as made:
        journey.moves(made, old, user="ada", user_id=old.users["ada"])
        journey.is_refused(made, old.sign_in("bob", client="other"), code="TOKEN_CLAIMS_INVALID")
        journey.is_refused(made, Held(bearer=old.tokens("bob").access), code="TOKEN_MALFORMED")


def test_keys_rotated(software: OldSoftware, tmp_path: Path) -> None:
    """A new key of ID tokens is found while we run, and a retired one is forgotten."""
    old = ByIdToken(software)
    with site(old.id_token_provider(), database=tmp_path / "new.sqlite3", web=AsyncHttpWeb()) as made:
        journey.follows_keys(made, old, old.users)
