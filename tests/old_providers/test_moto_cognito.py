"""People of a user pool that moto emulates move over: tokens with Amazon's own form of issuer, and pinned keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from segue import KEYS_ONLY, LiveKeys, PinnedKeys
from segue.adapters.web import AsyncHttpWeb
from segue.migration.endings import CognitoEnding, Reach
from segue.profiles import cognito
from tests.old_providers import journey
from tests.old_providers.cognito import Pool, made
from tests.old_providers.site import Held, Site, site
from tests.support import pip
from tests.support.processes import free_port, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue import Provider
    from segue.migration.key_sources import KeySource

pytestmark = [pytest.mark.processes, pytest.mark.heavy]

REGION = "us-east-1"
HERE = Path(__file__).parent / "moto"


def provider(pool: Pool, keys: KeySource) -> Provider:
    """By the profile, with nothing put in afterwards."""
    return cognito(
        region=REGION,
        user_pool_id=pool.pool_id,
        client_ids=[pool.clients["web"]],
        keys=keys,
        live_check=KEYS_ONLY,
        deadline=datetime.now(UTC) + timedelta(days=30),
        revocation=CognitoEnding(
            region=REGION, client_id=pool.clients["web"], url=f"{pool.origin}/", reach=Reach.USER
        ),
    )


def key_url(pool: Pool) -> str:
    """Where the emulator publishes the pool's keys."""
    return f"{pool.origin}/{pool.pool_id}/.well-known/jwks.json"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """The user pool."""
    python = pip.environment(HERE, HERE / "requirements.txt")
    port = free_port()
    command: list[str | Path] = [python.parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    server = start(
        "moto", command, port=port, logs=tmp_path_factory.mktemp("moto"), ready="/moto-api/", within=120
    )
    try:
        yield made(server.url, "ada", "bob", "eve")
    finally:
        server.stop()


@pytest.fixture(scope="module")
def new(old: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application, with the pool's keys pinned: nobody is asked, and the issuer is not to be reached."""
    pinned = PinnedKeys.from_jwks(httpx2.get(key_url(old)).raise_for_status().content)
    database = tmp_path_factory.mktemp("new") / "new.sqlite3"
    with site(provider(old, pinned), database=database, web=AsyncHttpWeb()) as started:
        yield started


def test_journey(old: Pool, new: Site) -> None:
    """An access token moves once, and `GlobalSignOut` ends what the user had there."""
    visitor = journey.moves(new, old, user="ada", user_id=old.users["ada"])
    journey.ends_for_real(new, old, visitor.held)
    journey.is_refused(new, visitor.held, code="ALREADY_MIGRATED")


def test_tokens_that_buy_nothing(old: Pool, new: Site) -> None:
    """The access token of another client, the ID token and the refresh token."""
    given = old.authenticate("bob")
    for bearer in (given["IdToken"], old.sign_in("bob", client="other").bearer):
        journey.is_refused(new, Held(bearer=bearer), code="TOKEN_CLAIMS_INVALID")
    journey.is_refused(new, Held(bearer=given["RefreshToken"]), code="TOKEN_MALFORMED")


def test_keys_at_another_address(old: Pool, tmp_path: Path) -> None:
    """Where the issuer cannot be reached, its keys are asked for where they are."""
    issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{old.pool_id}"
    elsewhere = LiveKeys(issuer=issuer, jwks_url=key_url(old))
    with site(provider(old, elsewhere), database=tmp_path / "new.sqlite3", web=AsyncHttpWeb()) as started:
        journey.becomes_a_session(started, old.sign_in("eve"), user_id=old.users["eve"])
