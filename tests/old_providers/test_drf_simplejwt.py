"""People with tokens of a real Django REST framework with simplejwt move over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from segue import KEYS_ONLY, PinnedKeys, SharedSecrets
from segue.migration.endings import ApplicationEnding, OldTokens, Reach
from segue.profiles import jwt
from tests.old_providers import journey
from tests.old_providers.applications import NEW_SECRET, PASSWORD, SECRET
from tests.old_providers.launching import OldSoftware, launched_python
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue import Provider
    from segue.migration.key_sources import KeySource

pytestmark = pytest.mark.processes


@dataclass(frozen=True, slots=True)
class SimpleJwt:
    """The old application as its users see it."""

    software: OldSoftware

    @property
    def users(self) -> dict[str, str]:
        """Ids by name."""
        return dict(self.software.facts["users"])

    def sign_in(self, user: str, *, view: str = "") -> Held:
        """By its stock view, or by another one."""
        with self.software.client() as client:
            reply = client.post(f"/api/token/{view}", json={"username": user, "password": PASSWORD})
            pair = reply.raise_for_status().json()
        return Held(bearer=pair["access"], refresh=pair["refresh"])

    def opens(self, held: Held) -> bool:
        """Whether its API takes the access token, which nothing takes back."""
        with self.software.client() as client:
            return client.get("/me", headers={"authorization": f"Bearer {held.bearer}"}).status_code == 200

    def accepts(self, held: Held) -> bool:
        """Whether the sign-in goes on: whether its refresh token buys another access token."""
        with self.software.client() as client:
            return client.post("/api/token/refresh/", json={"refresh": held.refresh}).status_code == 200

    def sign_out(self, held: Held) -> None:
        """By its stock view."""
        with self.software.client() as client:
            client.post("/api/token/blacklist/", json={"refresh": held.refresh}).raise_for_status()

    def blacklist(self, old: OldTokens) -> None:
        """What an application writes for the outbox: that it is on the list already is no failure."""
        with self.software.client() as client:
            reply = client.post("/api/token/blacklist/", json={"refresh": old.refresh_token})
            assert reply.status_code in {200, 401}, reply.status_code

    def provider(self, keys: KeySource, *, ended: bool = False) -> Provider:
        """What a deployment writes."""
        return jwt(
            name="drf",
            user_claim="user_id",
            must_say={"token_type": "access"},
            keys=keys,
            live_check=KEYS_ONLY,
            deadline=datetime.now(UTC) + timedelta(days=30),
            revocation=ApplicationEnding(end_session=self.blacklist, reach=Reach.GRANT) if ended else None,
        )


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleJwt]:
    """The old application."""
    folder = tmp_path_factory.mktemp("drf")
    environment = {"SECRET": SECRET, "DATABASE": str(folder / "old.sqlite3")}
    with launched_python("drf_simplejwt_app.py", log=folder / "log", **environment) as software:
        yield SimpleJwt(software)


@pytest.fixture(autouse=True)
def _first_secret(old: SimpleJwt) -> None:
    """Each test begins as the old application was started."""
    old.software.tell("sign", algorithm="HS256", signing_key=SECRET)


@pytest.fixture(scope="module")
def new(old: SimpleJwt, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application, which puts migrated refresh tokens on the old one's black list."""
    database = tmp_path_factory.mktemp("new") / "new.sqlite3"
    with site(old.provider(SharedSecrets.of(SECRET), ended=True), database=database) as made:
        yield made


def test_journey(old: SimpleJwt, new: Site) -> None:
    """A sign-in moves once; its refresh token ends on the black list, and its access token behind our tombstone."""
    visitor = journey.moves(new, old, user="ada", user_id=old.users["ada"])
    journey.ends_for_real(new, old, visitor.held)
    assert old.opens(visitor.held)
    journey.is_refused(new, visitor.held, code="ALREADY_MIGRATED")


def test_numeric_ids(old: SimpleJwt, new: Site) -> None:
    """Versions before 5.5 write the user's id as a number: it is the same person."""
    journey.becomes_a_session(new, old.sign_in("bob", view="numeric/"), user_id=old.users["bob"])


def test_other_kinds_of_token(old: SimpleJwt, new: Site) -> None:
    """A refresh token and a sliding token are signed with the same key, and buy nothing."""
    held = old.sign_in("eve")
    journey.is_refused(new, Held(bearer=held.refresh), code="TOKEN_CLAIMS_INVALID")
    sliding = str(old.software.tell("sliding", user="eve")["token"])
    journey.is_refused(new, Held(bearer=sliding), code="TOKEN_CLAIMS_INVALID")


def test_secret_changes(old: SimpleJwt, tmp_path: Path) -> None:
    """simplejwt forgets a secret at once; here both count until the older one is taken out."""
    early, kept = old.sign_in("ada"), old.sign_in("bob")
    old.software.tell("sign", algorithm="HS256", signing_key=NEW_SECRET)
    late, last = old.sign_in("eve"), old.sign_in("tim")
    assert (old.opens(early), old.opens(late)) == (False, True)
    with site(old.provider(SharedSecrets.of(NEW_SECRET, SECRET)), database=tmp_path / "new.sqlite3") as made:
        journey.becomes_a_session(made, early, user_id=old.users["ada"])
        journey.becomes_a_session(made, late, user_id=old.users["eve"])
    with site(old.provider(SharedSecrets.of(NEW_SECRET)), database=tmp_path / "new.sqlite3") as made:
        journey.is_refused(made, kept, code="TOKEN_SIGNATURE_INVALID")
        journey.becomes_a_session(made, last, user_id=old.users["tim"])


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_key_pairs(old: SimpleJwt, algorithm: str, tmp_path: Path) -> None:
    """With a key pair its public half is pinned; what another key of that kind signed buys nothing."""
    private, public = _key_pair(algorithm)
    stranger, _ = _key_pair(algorithm)
    old.software.tell("sign", algorithm=algorithm, signing_key=stranger, verifying_key=public)
    forged = old.sign_in("ada")
    old.software.tell("sign", algorithm=algorithm, signing_key=private, verifying_key=public)
    assert not old.opens(forged)
    with site(old.provider(PinnedKeys.from_pem(public)), database=tmp_path / "new.sqlite3") as made:
        journey.is_refused(made, forged, code="TOKEN_SIGNATURE_INVALID")
        journey.moves(made, old, user="ada", user_id=old.users["ada"])


def _key_pair(algorithm: str) -> tuple[str, str]:
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if algorithm == "RS256"
        else ec.generate_private_key(ec.SECP256R1())
    )
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
