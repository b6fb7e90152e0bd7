"""People of a real Keycloak move over: by `azp`, by `sid`, by what it says of its sessions and whom it signs out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue import KEYS_ONLY, BackChannelLogout, LiveKeys
from segue.adapters.web import AsyncHttpWeb
from segue.migration.endings import KeycloakAdminEnding, KeycloakEnding, Reach, Revocation7009
from segue.migration.introspection import Introspection
from segue.profiles import keycloak as profile
from tests.old_providers import journey
from tests.old_providers.keycloak import SECRET, Keycloak, keycloak
from tests.old_providers.site import Held, Site, site
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from segue.migration.endings import Ending
    from segue.profiles import Policy

pytestmark = [pytest.mark.processes, pytest.mark.heavy]

IDS = {
    "ada": "11111111-1111-4111-8111-111111111111",
    "bob": "22222222-2222-4222-8222-222222222222",
    "eve": "33333333-3333-4333-8333-333333333333",
    "tim": "44444444-4444-4444-8444-444444444444",
}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    """The old provider."""
    with keycloak(tmp_path_factory.mktemp("keycloak")) as started:
        yield started


def opened(
    old: Keycloak, tmp_path: Path, *, clients: tuple[str, ...] = ("shop-web",), policy: Policy
) -> AbstractContextManager[Site]:
    """The new application, by the profile and with this policy."""
    settings: Policy = {"keys": LiveKeys(issuer=old.issuer, cool_down=timedelta(seconds=1)), **policy}
    provider = profile(server=old.origin, realm="shop", client_ids=clients, **settings)
    return site(provider, database=tmp_path / "new.sqlite3", web=AsyncHttpWeb())


@pytest.mark.parametrize("kind", ["logout", "admin", "all of the user", "revocation"])
def test_journey(old: Keycloak, tmp_path: Path, kind: str) -> None:
    """A sign-in moves once; its session is ended there by each of the ways that there are."""
    endings: dict[str, Ending] = {
        "logout": KeycloakEnding(issuer=old.issuer, client_id="shop-web"),
        "admin": KeycloakAdminEnding(issuer=old.issuer, client_id="segue", client_secret=SECRET),
        "all of the user": KeycloakAdminEnding(
            issuer=old.issuer, client_id="segue", client_secret=SECRET, reach=Reach.USER
        ),
        "revocation": Revocation7009(url=f"{old.oidc}/revoke", client_id="shop-web"),
    }
    another = old.sign_in("ada")
    with opened(old, tmp_path, policy={"live_check": KEYS_ONLY, "revocation": endings[kind]}) as made:
        visitor = journey.moves(made, old, user="ada", user_id=IDS["ada"])
        journey.ends_for_real(made, old, visitor.held)
        journey.is_refused(made, visitor.held, code="ALREADY_MIGRATED")
    assert old.accepts(another) == (kind != "all of the user")


def test_tokens_that_buy_nothing(old: Keycloak, tmp_path: Path) -> None:
    """An access token of another client, ID and refresh tokens, and our back end's own."""
    mine, foreign = old.tokens("bob"), old.tokens("bob", client="other-web")
    with opened(old, tmp_path, clients=("shop-web", "segue"), policy={"live_check": KEYS_ONLY}) as made:
        for bearer in (foreign.access, mine.identity, old.machine()):
            journey.is_refused(made, Held(bearer=bearer), code="TOKEN_CLAIMS_INVALID")
        journey.is_refused(made, Held(bearer=mine.refresh), code="TOKEN_SIGNATURE_INVALID")
        journey.becomes_a_session(made, Held(bearer=mine.access), user_id=IDS["bob"])


def test_refreshed_token_is_the_same_sign_in(old: Keycloak, tmp_path: Path) -> None:
    """What was migrated is the sign-in, by `sid`: an access token that it renewed meanwhile is of the same one."""
    held = old.sign_in("bob")
    renewed = old.renewed(held)
    assert renewed.bearer != held.bearer
    with opened(old, tmp_path, policy={"live_check": KEYS_ONLY}) as made:
        journey.becomes_a_session(made, held, user_id=IDS["bob"])
        journey.is_refused(made, renewed, code="ALREADY_MIGRATED")


def test_introspection(old: Keycloak, tmp_path: Path) -> None:
    """Who signed out there before is refused, though his token verifies."""
    asked = Introspection(url=f"{old.oidc}/token/introspect", client_id="segue", client_secret=SECRET)
    with opened(old, tmp_path, policy={"introspection": asked}) as made:
        gone = old.sign_in("eve")
        old.sign_out(gone)
        journey.is_refused(made, gone, code="SIGN_IN_REVOKED")
        journey.becomes_a_session(made, old.sign_in("eve"), user_id=IDS["eve"])


def test_keys_rotated(old: Keycloak, tmp_path: Path) -> None:
    """A new key is found while we run, and a retired one is forgotten."""
    with opened(old, tmp_path, policy={"live_check": KEYS_ONLY}) as made:
        journey.follows_keys(made, old, IDS)


def test_back_channel_logout(old: Keycloak, tmp_path: Path) -> None:
    """Who signs out there is signed out here, by the token that Keycloak itself sends; others stay."""
    told = BackChannelLogout(audiences=frozenset({"shop-web"}))
    with opened(old, tmp_path, policy={"live_check": KEYS_ONLY, "back_channel_logout": told}) as made:
        old.says_it_to(f"{made.origin}/auth/backchannel-logout")
        leaving, staying = old.sign_in("ada"), old.sign_in("tim")
        mine = journey.becomes_a_session(made, leaving, user_id=IDS["ada"])
        other = journey.becomes_a_session(made, staying, user_id=IDS["tim"])
        old.sign_out(leaving)
        wait_until(lambda: mine.user is None, what="the new session to end")
        assert other.user == IDS["tim"]
