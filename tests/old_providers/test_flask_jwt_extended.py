"""People with tokens of a real Flask-JWT-Extended move over, from headers and from cookies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue import KEYS_ONLY, OldSession, OwnProvider, SharedSecrets
from segue.errors import SignInRevoked
from segue.migration.credential import OldCookies
from segue.migration.endings import ApplicationEnding, EndOldSession, OldTokens
from segue.profiles import jwt
from segue.tokens.jws import parse_jws
from tests.old_providers import journey
from tests.old_providers.applications import NEW_SECRET, PASSWORD, SECRET
from tests.old_providers.launching import OldSoftware, launched_python
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue import Provider
    from segue.migration.credential import Credential
    from segue.migration.model import Identity

pytestmark = pytest.mark.processes

COOKIE = "access_token_cookie"


@dataclass(frozen=True, slots=True)
class JwtExtended:
    """The old application as its users see it; what they hold is a token in a header."""

    software: OldSoftware

    def sign_in(self, user: str) -> Held:
        """As a JSON of the name and the password."""
        with self.software.client() as client:
            pair = client.post("/login", json={"user": user, "password": PASSWORD}).raise_for_status().json()
        return Held(bearer=pair["access_token"], refresh=pair["refresh_token"])

    def accepts(self, held: Held) -> bool:
        """By a route that wants an access token."""
        with self.software.client(cookies=held.cookies) as client:
            return client.get("/me", headers=_headers(held.bearer)).status_code == 200

    def sign_out(self, held: Held) -> None:
        """By the application's own route, which puts the token on its block list."""
        self.block(OldTokens(access_token=held.bearer or "", refresh_token=None))

    def block(self, old: OldTokens) -> None:
        """What an application writes for the outbox; a token that is blocked already is refused there."""
        with self.software.client() as client:
            reply = client.delete("/logout", headers=_headers(old.access_token))
            assert reply.status_code in {200, 401}, reply.status_code

    def cut_off(self, identity: Identity) -> datetime | None:
        """What an application writes to have its block list honoured: nothing of a blocked token stands."""
        blocked = self.software.tell("blocked", jti=identity.claims["jti"])["blocked"]
        return datetime.now(UTC) + timedelta(days=1) if blocked else None

    def provider(self, *secrets: str, asked: bool = True) -> Provider:
        """What a deployment writes."""
        ending = ApplicationEnding(end_session=self.block, when=EndOldSession.AFTER_FIRST_USE)
        return jwt(
            name="flask-jwt",
            user_claim="sub",
            must_say={"type": "access"},
            keys=SharedSecrets.of(*secrets),
            deadline=datetime.now(UTC) + timedelta(days=30),
            live_check=None if asked else KEYS_ONLY,
            valid_since=self.cut_off if asked else None,
            revocation=ending if asked else None,
        )


class InCookies(JwtExtended):
    """The same application where its pages keep the tokens in cookies, which no script reads."""

    def sign_in(self, user: str) -> Held:
        """The browser gets both tokens and their marks against forged requests."""
        with self.software.client() as client:
            client.post("/login", json={"user": user, "password": PASSWORD}).raise_for_status()
            return Held(cookies={name: client.cookies[name] for name in (COOKIE, "refresh_token_cookie")})

    def block(self, old: OldTokens) -> None:
        """From a cookie it takes a change only with the mark that stands in the token."""
        cookie = old.record_key or ""
        mark = str(parse_jws(cookie).claims["csrf"])
        with self.software.client(cookies={COOKIE: cookie}) as client:
            reply = client.delete("/logout", headers={"x-csrf-token": mark})
            assert reply.status_code in {200, 401}, reply.status_code

    def verify(self, credential: Credential) -> OldSession:
        """What an application writes: the old one says whose cookie it is, by a route of its own."""
        assert isinstance(credential, OldCookies)
        with self.software.client(cookies=credential.values) as client:
            reply = client.get("/me")
        if reply.status_code != 200:
            raise SignInRevoked("the old application does not take the cookie")
        said = reply.json()
        return OldSession(
            subject=said["user"],
            session_id=said["sign_in"],
            written_at=datetime.fromtimestamp(said["issued_at"], UTC),
            authenticated_at=datetime.fromtimestamp(said["issued_at"], UTC),
            expires_at=datetime.fromtimestamp(said["ends_at"], UTC),
            record_key=credential.values[COOKIE],  # what the ending is given: it needs the whole token
        )

    def own_provider(self) -> OwnProvider:
        """What a deployment writes."""
        return OwnProvider(
            name="flask-jwt-cookies",
            verify=self.verify,
            cookie_names=frozenset({COOKIE}),
            revocation=ApplicationEnding(end_session=self.block, when=EndOldSession.AFTER_FIRST_USE),
        )


def _headers(bearer: str | None) -> dict[str, str]:
    return {} if bearer is None else {"authorization": f"Bearer {bearer}"}


@pytest.fixture(scope="module")
def software(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldSoftware]:
    """The old application."""
    log = tmp_path_factory.mktemp("flask-jwt") / "log"
    with launched_python("flask_jwt_extended_app.py", log=log, SECRET=SECRET) as started:
        yield started


@pytest.fixture(scope="module")
def old(software: OldSoftware) -> JwtExtended:
    """Its users with tokens in headers."""
    return JwtExtended(software)


@pytest.fixture(autouse=True)
def _first_secret(software: OldSoftware) -> None:
    """Each test begins as the old application was started."""
    software.tell("retire", secret=SECRET)


@pytest.fixture(scope="module")
def new(old: JwtExtended, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application, for tokens in headers."""
    with site(old.provider(SECRET), database=tmp_path_factory.mktemp("new") / "new.sqlite3") as made:
        yield made


def test_journey(old: JwtExtended, new: Site) -> None:
    """A token moves once and then stands on the old application's block list."""
    visitor = journey.moves(new, old, user="ada", user_id="ada")
    journey.ends_for_real(new, old, visitor.held)


def test_tokens_that_buy_nothing(old: JwtExtended, new: Site) -> None:
    """A refresh token under the same secret, and a token that was blocked by a sign-out."""
    held = old.sign_in("bob")
    journey.is_refused(new, Held(bearer=held.refresh), code="TOKEN_CLAIMS_INVALID")
    old.sign_out(held)
    journey.is_refused(new, held, code="SIGN_IN_REVOKED")


def test_block_list_that_is_not_asked(old: JwtExtended, tmp_path: Path) -> None:
    """With `live_check=KEYS_ONLY` a blocked token still moves: that is what is given up by saying so."""
    held = old.sign_in("bob")
    old.sign_out(held)
    with site(old.provider(SECRET, asked=False), database=tmp_path / "new.sqlite3") as made:
        journey.becomes_a_session(made, held, user_id="bob")


def test_secret_changes(old: JwtExtended, tmp_path: Path) -> None:
    """The old application forgets a secret at once; here both count until the older one is taken out."""
    early, kept = old.sign_in("ada"), old.sign_in("eve")
    old.software.tell("retire", secret=NEW_SECRET)
    late = old.sign_in("bob")
    assert (old.accepts(early), old.accepts(late)) == (False, True)
    with site(old.provider(NEW_SECRET, SECRET), database=tmp_path / "new.sqlite3") as made:
        journey.becomes_a_session(made, early, user_id="ada")
        journey.becomes_a_session(made, late, user_id="bob")
    with site(old.provider(NEW_SECRET), database=tmp_path / "new.sqlite3") as made:
        journey.is_refused(made, kept, code="TOKEN_SIGNATURE_INVALID")
        journey.becomes_a_session(made, old.sign_in("tim"), user_id="tim")


def test_tokens_in_cookies(software: OldSoftware, tmp_path: Path) -> None:
    """The cookie, which no page can read, moves by the old application's own word and is blocked with its mark."""
    old = InCookies(software)
    with site(old.own_provider(), database=tmp_path / "new.sqlite3") as made:
        visitor = journey.moves(made, old, user="ada", user_id="ada")
        journey.ends_for_real(made, old, visitor.held)
        held = old.sign_in("bob")
        swapped = Held(cookies={COOKIE: held.cookies["refresh_token_cookie"]})
        journey.is_refused(made, swapped, code="SIGN_IN_REVOKED")
        old.block(OldTokens(access_token="", refresh_token=None, record_key=held.cookies[COOKIE]))
        journey.is_refused(made, held, code="SIGN_IN_REVOKED")
