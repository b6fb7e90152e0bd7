"""People of a user pool that cognito-local emulates move over: no `aud`, and an issuer that nobody here can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from segue import KEYS_ONLY, LiveKeys
from segue.adapters.web import AsyncHttpWeb
from segue.migration.endings import CognitoEnding
from segue.profiles import cognito
from tests.old_providers import journey
from tests.old_providers.cognito import Pool, made
from tests.old_providers.launching import launched_node
from tests.old_providers.site import Held, Site, site
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue import Provider

pytestmark = pytest.mark.processes

DOMAIN = "https://cognito-idp.eu-central-1.amazonaws.com"


def provider(pool: Pool, *, token: str = "access") -> Provider:  # noqa: S107 - the name of a kind
    """By the profile; only the pool's id, which begins with `local` instead of a region, is put in afterwards."""
    by_profile = cognito(
        region="eu-central-1",
        user_pool_id="eu-central-1_Emulated1",
        client_ids=[pool.clients["web"]],
        token=token,
        live_check=KEYS_ONLY,
        revocation=CognitoEnding(region="eu-central-1", client_id=pool.clients["web"], url=f"{pool.origin}/"),
    )
    issuer = f"{DOMAIN}/{pool.pool_id}"
    keys = LiveKeys(issuer=issuer, jwks_url=f"{pool.origin}/{pool.pool_id}/.well-known/jwks.json")
    return replace(by_profile, issuers=(issuer,), keys=keys)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """The user pool."""
    folder = tmp_path_factory.mktemp("cognito")
    environment = {"ISSUER_DOMAIN": DOMAIN, "FOLDER": str(folder)}
    with launched_node("cognito_local.mjs", log=folder / "log", **environment) as software:
        yield made(software.origin, "ada", "bob")


@pytest.fixture(scope="module")
def new(old: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application."""
    database = tmp_path_factory.mktemp("new") / "new.sqlite3"
    with site(provider(old), database=database, web=AsyncHttpWeb()) as started:
        yield started


def test_journey(old: Pool, new: Site) -> None:
    """An access token moves once; its refresh token is revoked, itself it is good until it ends, but not here."""
    assert old.renews(old.sign_in("ada"))
    visitor = journey.moves(new, old, user="ada", user_id=old.users["ada"])
    wait_until(lambda: new.delivered, what="the refresh token to be revoked")
    assert not old.renews(visitor.held)
    assert old.accepts(visitor.held)
    journey.is_refused(new, visitor.held, code="ALREADY_MIGRATED")


def test_tokens_that_buy_nothing(old: Pool, new: Site) -> None:
    """The access token of another client, the ID token and the refresh token, all under the same key."""
    given = old.authenticate("bob")
    for bearer in (given["IdToken"], given["RefreshToken"], old.sign_in("bob", client="other").bearer):
        journey.is_refused(new, Held(bearer=bearer), code="TOKEN_CLAIMS_INVALID")


def test_id_tokens(old: Pool, tmp_path: Path) -> None:
    """Where ID tokens are asked for, those of another client and access tokens buy nothing."""
    by_id = provider(old, token="id")
    with site(by_id, database=tmp_path / "new.sqlite3", web=AsyncHttpWeb()) as started:
        given, foreign = old.authenticate("bob"), old.authenticate("bob", client="other")
        for bearer in (given["AccessToken"], given["RefreshToken"], foreign["IdToken"]):
            journey.is_refused(started, Held(bearer=bearer), code="TOKEN_CLAIMS_INVALID")
        journey.becomes_a_session(started, Held(bearer=given["IdToken"]), user_id=old.users["bob"])
