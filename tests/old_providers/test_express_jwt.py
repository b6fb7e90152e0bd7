"""People with home-made JWTs of a real Express application, by jsonwebtoken and passport-jwt, move over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue import KEYS_ONLY, SharedSecrets
from segue.profiles import jwt
from tests.old_providers import journey
from tests.old_providers.applications import NEW_SECRET, PASSWORD, SECRET
from tests.old_providers.launching import OldSoftware, launched_node
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue import Provider

pytestmark = pytest.mark.processes

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ExpressJwt:
    """The old application as its users see it."""

    software: OldSoftware

    def given(self, user: str) -> dict[str, str]:
        """Everything that the application signs for somebody, by what it is for."""
        with self.software.client() as client:
            reply = client.post("/login", json={"user": user, "password": PASSWORD})
            return dict(reply.raise_for_status().json())

    def sign_in(self, user: str) -> Held:
        """As a JSON of the name and the password."""
        return Held(bearer=self.given(user)["token"])

    def accepts(self, held: Held) -> bool:
        """By a route that passport-jwt guards."""
        with self.software.client() as client:
            return client.get("/me", headers={"authorization": f"Bearer {held.bearer}"}).status_code == 200

    def sign_out(self, held: Held) -> None:
        """Its page forgets the token; there is nothing to tell the application."""

    def provider(
        self, *secrets: str, without_exp_for: timedelta | None = None, marked: bool = True
    ) -> Provider:
        """What a deployment writes."""
        return jwt(
            user_claim="userId",
            must_say={"role": "member"} if marked else None,
            without_exp_for=without_exp_for,
            keys=SharedSecrets.of(*secrets),
            live_check=KEYS_ONLY,
            deadline=datetime.now(UTC) + timedelta(days=30),
        )


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExpressJwt]:
    """The old application."""
    log = tmp_path_factory.mktemp("express-jwt") / "log"
    with launched_node("express_jwt.mjs", log=log, SECRET=SECRET) as software:
        yield ExpressJwt(software)


@pytest.fixture(autouse=True)
def _first_secret(old: ExpressJwt) -> None:
    """Each test begins as the old application was started."""
    old.software.tell("secret", secret=SECRET)


@pytest.fixture(scope="module")
def new(old: ExpressJwt, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application."""
    with site(old.provider(SECRET), database=tmp_path_factory.mktemp("new") / "new.sqlite3") as made:
        yield made


def test_journey(old: ExpressJwt, new: Site) -> None:
    """A token without issuer moves once, by its own user claim; only our tombstone keeps it from coming back."""
    visitor = journey.moves(new, old, user="ada", user_id="ada")
    journey.leaves_a_tombstone(new, old, visitor.held)


@pytest.mark.parametrize("kind", ["reset", "unmarked", "forever"])
def test_other_tokens(old: ExpressJwt, new: Site, kind: str) -> None:
    """passport-jwt takes all that the secret signed: links for a new password, and tokens that never end. We do not."""
    held = Held(bearer=old.given("bob")[kind])
    assert old.accepts(held)
    journey.is_refused(new, held, code="TOKEN_CLAIMS_INVALID")


def test_token_that_is_too_old(old: ExpressJwt, new: Site) -> None:
    """A token of two days ago is good for five more at the old application, and buys nothing here."""
    held = Held(bearer=old.given("bob")["stale"])
    assert old.accepts(held)
    journey.is_refused(new, held, code="TOKEN_EXPIRED")


def test_marks_of_other_purposes(old: ExpressJwt, tmp_path: Path) -> None:
    """Also where nothing marks a sign-in, a token that names another purpose buys nothing."""
    with site(old.provider(SECRET, marked=False), database=tmp_path / "new.sqlite3") as made:
        given = old.given("bob")
        journey.is_refused(made, Held(bearer=given["reset"]), code="TOKEN_CLAIMS_INVALID")
        journey.becomes_a_session(made, Held(bearer=given["token"]), user_id="bob")


def test_token_without_end(old: ExpressJwt, tmp_path: Path) -> None:
    """It is taken for as long after its issue as is said, and as any other one once."""
    with site(old.provider(SECRET, without_exp_for=DAY), database=tmp_path / "new.sqlite3") as made:
        held = Held(bearer=old.given("eve")["forever"])
        journey.is_spent(made, held, by=journey.migrates(made, held, user_id="eve"))


def test_secret_changes(old: ExpressJwt, tmp_path: Path) -> None:
    """The old application forgets a secret at once; here both count until the older one is taken out."""
    early, kept = old.sign_in("ada"), old.sign_in("bob")
    old.software.tell("secret", secret=NEW_SECRET)
    late = old.sign_in("eve")
    assert (old.accepts(early), old.accepts(late)) == (False, True)
    with site(old.provider(NEW_SECRET, SECRET), database=tmp_path / "new.sqlite3") as made:
        journey.becomes_a_session(made, early, user_id="ada")
        journey.becomes_a_session(made, late, user_id="eve")
    with site(old.provider(NEW_SECRET), database=tmp_path / "new.sqlite3") as made:
        journey.is_refused(made, kept, code="TOKEN_SIGNATURE_INVALID")
        journey.becomes_a_session(made, old.sign_in("tim"), user_id="tim")
