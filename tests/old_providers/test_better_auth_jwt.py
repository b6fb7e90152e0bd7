"""People with JWTs of better-auth's own jwt plugin move over, as published: EdDSA keys, and no sign-in in the token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue import KEYS_ONLY, LiveKeys
from segue.adapters.web import AsyncHttpWeb
from segue.profiles import jwt
from tests.old_providers import journey
from tests.old_providers.launching import OldSoftware, launched_node
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from segue import Provider

pytestmark = pytest.mark.processes

SECRET = "the secret of better-auth, 32 characters and more"
PASSWORD = "correct horse"
COOKIE = "better-auth.session_token"


@dataclass(frozen=True, slots=True)
class Software:
    """The old application as its users see it."""

    software: OldSoftware

    def person(self, name: str) -> str:
        """Sign somebody up; the user's id there."""
        with self.software.client() as browser:
            body = {"email": f"{name}@old.test", "password": PASSWORD, "name": name}
            return str(self._post(browser, "/sign-up/email", body)["user"]["id"])

    def sign_in(self, user: str) -> Held:
        """With e-mail address and password; the page has the JWT, the browser the cookie of the session."""
        with self.software.client() as browser:
            self._post(browser, "/sign-in/email", {"email": f"{user}@old.test", "password": PASSWORD})
            token = browser.get("/api/auth/token").raise_for_status().json()["token"]
            return Held(bearer=token, cookies={COOKIE: browser.cookies[COOKIE]})

    def accepts(self, held: Held) -> bool:
        """By the plugin's own check, as another back end of the application makes it."""
        return self.software.tell("verify", token=held.bearer)["payload"] is not None

    def sign_out(self, held: Held) -> None:
        """By its own route."""
        with self.software.client(cookies=held.cookies) as browser:
            self._post(browser, "/sign-out", {})

    def has_a_session(self, held: Held) -> bool:
        """By its own route."""
        with self.software.client(cookies=held.cookies) as browser:
            return browser.get("/api/auth/get-session").raise_for_status().json() is not None

    def rotate(self) -> None:
        """The interval is over: the next token is signed with a new key."""
        self.software.tell("rotate")

    def retire(self) -> None:
        """The grace period of all keys that there are is over."""
        self.software.tell("retire")

    def provider(self, *, audience: str | None = None) -> Provider:
        """What a deployment writes."""
        origin = self.software.origin
        return jwt(
            name="better-auth",
            user_claim="sub",
            issuer=origin,
            audience=audience or origin,
            keys=LiveKeys(issuer=origin, jwks_url=f"{origin}/api/auth/jwks", cool_down=timedelta(seconds=1)),
            maximum_age=timedelta(minutes=15),
            live_check=KEYS_ONLY,
        )

    def _post(self, browser: httpx2.Client, path: str, body: dict[str, str]) -> Any:
        reply = browser.post(f"/api/auth{path}", json=body, headers={"origin": self.software.origin})
        return reply.raise_for_status().json()


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Software]:
    """The old application."""
    log = tmp_path_factory.mktemp("better-auth-jwt") / "log"
    with launched_node("better_auth_jwt.mjs", log=log, SECRET=SECRET) as software:
        yield Software(software)


@pytest.fixture(scope="module")
def new(old: Software, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application."""
    database = tmp_path_factory.mktemp("new") / "new.sqlite3"
    with site(old.provider(), database=database, web=AsyncHttpWeb()) as made:
        yield made


def test_journey(old: Software, new: Site) -> None:
    """A JWT moves once; it outlives the sign-out at better-auth, and our tombstone does not let it in again."""
    user_id = old.person("ada")
    visitor = journey.moves(new, old, user="ada", user_id=user_id)
    journey.leaves_a_tombstone(new, old, visitor.held)
    assert not old.has_a_session(visitor.held)


def test_signed_out_before(old: Software, new: Site) -> None:
    """For its fifteen minutes a JWT of a session that is over still moves: what `live_check=KEYS_ONLY` gives up."""
    user_id = old.person("bob")
    held = old.sign_in("bob")
    old.sign_out(held)
    assert not old.has_a_session(held)
    journey.becomes_a_session(new, held, user_id=user_id)


def test_tokens_that_buy_nothing(old: Software, new: Site, tmp_path: Path) -> None:
    """The cookie's value as a bearer token, and a JWT for another audience."""
    old.person("eve")
    held = old.sign_in("eve")
    journey.is_refused(new, Held(bearer=held.cookies[COOKIE]), code="TOKEN_MALFORMED")
    elsewhere = old.provider(audience="https://other.example.test")
    with site(elsewhere, database=tmp_path / "new.sqlite3", web=AsyncHttpWeb()) as made:
        journey.is_refused(made, held, code="TOKEN_CLAIMS_INVALID")


def test_keys_rotated(old: Software, tmp_path: Path) -> None:
    """A new key is found while we run, and a retired one is forgotten."""
    users = {name: old.person(name) for name in ("fay", "gil", "hal", "ida")}
    with site(old.provider(), database=tmp_path / "new.sqlite3", web=AsyncHttpWeb()) as made:
        journey.follows_keys(made, old, users)
