"""People of npm's oidc-provider, a certified OpenID provider, move over: four kinds of keys, and opaque tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx2
import pytest

from segue import ANY_AUDIENCE, KEYS_ONLY, LiveKeys, OpaqueProvider
from segue.adapters.web import AsyncHttpWeb
from segue.migration.endings import EndOldSession, Revocation7009
from segue.migration.introspection import Introspection
from segue.profiles import oidc
from tests.e2e import stack
from tests.old_providers import journey
from tests.old_providers.oauth import Client, Tokens
from tests.old_providers.site import Held, Site, site
from tests.support import npm
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue import Provider

pytestmark = pytest.mark.processes

PAGE = "http://127.0.0.1:1"
API = stack.AUDIENCE
OTHER_API = "https://other-api.example.test"
SCOPE = "openid email api"


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """The old provider as the users of the client `spa` see it."""

    provider: stack.OldProvider

    @property
    def issuer(self) -> str:
        """As in its tokens."""
        return self.provider.issuer

    def tokens(self, user: str, *, client: str = "spa", resource: str | None = None) -> Tokens:
        """By the authorization code flow, over its own page."""
        secret = None if client == "spa" else f"{client}-secret"
        party = Client(
            name=client,
            secret=secret,
            authorize=f"{self.issuer}/auth",
            token=f"{self.issuer}/token",
            scope=SCOPE,
            callback=f"{self.issuer}/callback",
        )

        def sign_in(browser: httpx2.Client, page: httpx2.Response) -> httpx2.Response:
            return browser.post(page.url, data={"login": user, "password": "correct horse"})

        return party.tokens(sign_in, resource=resource)

    def sign_in(self, user: str) -> Held:
        """The page holds an access token for the API, and a refresh token."""
        tokens = self.tokens(user)
        return Held(bearer=tokens.access, refresh=tokens.refresh)

    def accepts(self, held: Held) -> bool:
        """Whether the sign-in goes on: it is asked about the refresh token, for it introspects no JWT."""
        return self.provider.is_active(held.refresh or "")

    def sign_out(self, held: Held) -> None:
        """By revocation (RFC 7009), as its page does."""
        form = {"token": held.refresh or "", "client_id": "spa"}
        httpx2.post(f"{self.issuer}/token/revocation", data=form).raise_for_status()

    def rotate(self) -> None:
        """A new key signs; the old ones are still published."""
        httpx2.post(f"{self.issuer}/_control/rotate").raise_for_status()

    def retire(self) -> None:
        """The newest key alone."""
        httpx2.post(f"{self.issuer}/_control/retire").raise_for_status()

    def by_profile(self) -> Provider:
        """What a deployment writes."""
        return oidc(
            issuer=self.issuer,
            api=API,
            client_ids=["spa"],
            keys=LiveKeys(issuer=self.issuer, cool_down=timedelta(seconds=1)),
            live_check=KEYS_ONLY,
            revocation=Revocation7009(url=f"{self.issuer}/token/revocation", client_id="spa"),
        )


class Opaquely(OpenIdProvider):
    """The same provider; what the users of the client `web` hold is an opaque token."""

    def sign_in(self, user: str) -> Held:
        """For no API in particular."""
        return Held(bearer=self.tokens(user, client="web").access)

    def accepts(self, held: Held) -> bool:
        """By introspection."""
        return self.provider.is_active(held.bearer or "")

    def opaque_provider(self) -> OpaqueProvider:
        """What a deployment writes."""
        return OpaqueProvider(
            name="opaque",
            issuer=self.issuer,
            introspection=Introspection(
                url=f"{self.issuer}/token/introspection", client_id="web", client_secret="web-secret"
            ),
            audiences=ANY_AUDIENCE,
            authorized_parties=frozenset({"web"}),
            revocation=Revocation7009(
                url=f"{self.issuer}/token/revocation",
                client_id="web",
                client_secret="web-secret",
                when=EndOldSession.AFTER_FIRST_USE,
            ),
        )


@pytest.fixture(scope="module", params=["RS256", "PS256", "ES256", "EdDSA"])
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    """The old provider, with keys of each kind."""
    npm.install(stack.HERE)
    folder = tmp_path_factory.mktemp("oidc")
    provider = stack.OldProvider(port=free_port(), web_origins=[PAGE], folder=folder, algorithm=request.param)
    provider.start()
    yield OpenIdProvider(provider)
    provider.kill()


@pytest.fixture
def new(old: OpenIdProvider, tmp_path: Path) -> Iterator[Site]:
    """The new application, for access tokens."""
    with site(old.by_profile(), database=tmp_path / "new.sqlite3", web=AsyncHttpWeb()) as made:
        yield made


def test_journey(old: OpenIdProvider, new: Site) -> None:
    """An access token moves once and its grant is revoked; those of others and of other kinds buy nothing."""
    visitor = journey.moves(new, old, user="ada", user_id="ada")
    journey.ends_for_real(new, old, visitor.held)
    journey.is_refused(new, visitor.held, code="ALREADY_MIGRATED")
    mine = old.tokens("bob")
    wrong = {
        "another client": old.tokens("bob", client="other", resource=API).access,
        "another API": old.tokens("bob", client="other", resource=OTHER_API).access,
        "an ID token": mine.identity,
    }
    for bearer in wrong.values():
        journey.is_refused(new, Held(bearer=bearer), code="TOKEN_CLAIMS_INVALID")
    journey.is_refused(new, Held(bearer=mine.refresh), code="TOKEN_MALFORMED")


@pytest.mark.parametrize("old", ["ES256"], indirect=True)
def test_keys_rotated(old: OpenIdProvider, new: Site) -> None:
    """A new key is found while we run, and a retired one is forgotten."""
    journey.follows_keys(new, old, {name: name for name in ("ada", "bob", "eve", "tim")})


@pytest.mark.parametrize("old", ["RS256"], indirect=True)
def test_opaque_tokens(old: OpenIdProvider, tmp_path: Path) -> None:
    """It is asked about each: one moves once and is revoked; another client's is active, and buys nothing."""
    opaque = Opaquely(old.provider)
    with site(opaque.opaque_provider(), database=tmp_path / "new.sqlite3", web=AsyncHttpWeb()) as made:
        visitor = journey.moves(made, opaque, user="ada", user_id="ada")
        journey.ends_for_real(made, opaque, visitor.held)
        journey.is_refused(made, visitor.held, code="SIGN_IN_REVOKED")
        foreign = Held(bearer=opaque.tokens("bob", client="other").access)
        assert opaque.accepts(foreign)
        journey.is_refused(made, foreign, code="TOKEN_CLAIMS_INVALID")
