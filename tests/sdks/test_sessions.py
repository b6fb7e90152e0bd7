"""The life of a session through every published back-end SDK, on a real core."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.sdks.contract import Device

if TYPE_CHECKING:
    from tests.sdks.conftest import World

pytestmark = pytest.mark.processes


def test_life(world: World) -> None:
    """Case 182: sign in, verify, refresh, verify again, merge, check the database, sign out, refresh in vain."""
    with world.device() as device:
        made = device.sign_in("ada", payload={"plan": "pro", "n": None}, data={"cart": [1]})
        assert (made["user"], made["tenant"]) == ("ada", "public")
        assert device.me()["payload"]["plan"] == "pro"
        old_access = device.tokens.access
        assert device.refresh().status_code == 200
        assert device.me()["handle"] == made["handle"]
        assert device.transport == "cookie" or device.tokens.access != old_access
        merged = device.ask("POST", "/merge", {"plan": "free"})
        assert merged.status_code == 200, merged.text
        assert device.me()["payload"]["plan"] == "free"
        assert device.me("/checked")["user"] == "ada"
        assert device.status("POST", "/me") == 200
        assert device.status("POST", "/auth/signout") == 200
        assert device.refresh().status_code == 401


def test_repeated_refresh_and_theft(world: World) -> None:
    """Case 184: before the new tokens are used the old ones may come again; afterwards that ends the session."""
    with world.device() as device:
        device.sign_in()
        thief, second_tab = device.copy(), device.copy()
        assert second_tab.refresh().status_code == 200
        assert device.refresh().status_code == 200
        device.me()
        assert device.refresh().status_code == 200
        device.me()
        stolen = thief.refresh()
        assert stolen.status_code == 401
        assert "theft" in stolen.text
        assert device.refresh().status_code == 401, "the whole session is over"


def test_parallel_refreshes(world: World) -> None:
    """Several tabs refresh with one token at once: all are answered, and the last answer kept works."""
    with world.device() as device:
        device.sign_in()
        tabs = [device.copy() for _ in range(4)]
        with ThreadPoolExecutor(len(tabs)) as pool:
            statuses = [answer.status_code for answer in pool.map(Device.refresh, tabs)]
        assert statuses == [200] * 4
        tabs[0].me()
        assert tabs[0].refresh().status_code == 200
        tabs[0].me()


def test_revoked_is_noticed(world: World) -> None:
    """A revoked session verifies until its access token is over, but not with the database; and never refreshes."""
    with world.device() as device:
        handle = device.sign_in()["handle"]
        assert device.call("revoke", handle=handle) is True
        assert device.call("revoke", handle=handle) is False
        assert device.me()["handle"] == handle
        assert device.status("GET", "/checked") == 401
        assert device.refresh().status_code == 401


def test_functions_by_handle(world: World) -> None:
    """Information, data, payload, claims and lists by handle and user."""
    with world.device() as device, world.device() as phone:
        made = device.sign_in("grace", payload={"a": 1}, data={"b": 2})
        handle = made["handle"]
        info = device.call("info", handle=handle)
        assert (info["userId"], info["tenantId"]) == ("grace", "public")
        assert info["sessionDataInDatabase"] == {"b": 2}
        assert info["customClaimsInAccessTokenPayload"]["a"] == 1
        assert info["expiry"] > info["timeCreated"] > 1_600_000_000_000
        assert device.call("set_data", handle=handle, data={"c": None}) is True
        assert device.call("info", handle=handle)["sessionDataInDatabase"] == {"c": None}
        assert device.call("merge", handle=handle, changes={"a": 2}) is True
        assert device.me()["payload"]["a"] == 1, "an access token that is out does not change by itself"
        assert device.me("/checked")["payload"]["a"] == 2
        other = phone.sign_in("grace")["handle"]
        assert set(device.call("handles", user="grace")) == {handle, other}
        assert set(device.call("revoke_many", handles=[other, "missing"])) == {other}
        assert device.call("revoke_user", user="grace") == [handle]
        assert device.call("handles", user="grace") == []
        assert device.call("info", handle=handle) is None
        assert device.call("set_data", handle=handle, data={}) is False
        assert device.call("merge", handle=handle, changes={}) is False


def test_claims(world: World) -> None:
    """A route that demands a claim refuses without it, with the validator's id, and serves with it."""
    with world.device() as device:
        handle = device.sign_in()["handle"]
        refused = device.ask("GET", "/admin")
        assert refused.status_code == 403
        assert "role" in refused.text
        assert device.call("set_role", handle=handle, role="admin") is True
        assert device.call("get_role", handle=handle) == "admin"
        assert device.refresh().status_code == 200
        assert device.me("/admin")["handle"] == handle
        assert device.call("get_role", handle="missing") == "SESSION_DOES_NOT_EXIST_ERROR"


def test_jwt(world: World) -> None:
    """A JWT for others, by a key that the application's own JWKS route shows."""
    with world.device() as device:
        made: str = device.call("jwt", payload={"x": [1, None]}, seconds=60, static=True)
        header, claims = parts(made)
        assert (claims["x"], claims["exp"] - claims["iat"]) == ([1, None], 60)
        keys = device.http.get(f"{device.url}/auth/jwt/jwks.json").json()["keys"]
        assert header["kid"] in {key["kid"] for key in keys}
        assert header["kid"].startswith("s-")
        _, dynamic = parts(device.call("jwt", payload={}, seconds=60, static=False))
        assert dynamic["iss"].startswith("http://127.0.0.1")


def test_user_id_mapping(world: World) -> None:
    """Case 181: a mapped user's sessions carry the external id, whichever id they were made with."""
    with world.device() as device:
        internal, external = world.unique("internal"), world.unique("external")
        assert device.call("map", internal=internal, external=external, info="imported") == "OK"
        shown = {"internal": internal, "external": external, "info": "imported"}
        assert device.call("mapping", id=internal, kind="SUPERTOKENS") == shown
        assert device.call("mapping", id=external) == shown
        assert device.call("mapping", id="nobody") == "UNKNOWN_MAPPING_ERROR"
        assert device.sign_in(internal)["user"] == external
        assert device.sign_in(external)["user"] == external
        assert len(device.call("handles", user=external)) == 2
        assert device.call("map_info", id=internal, kind="SUPERTOKENS", info="changed") == "OK"
        assert device.call("map_info", id=internal, kind="SUPERTOKENS", info=None) == "OK"
        assert device.call("mapping", id=internal)["info"] is None
        assert device.call("unmap", id=internal, force=True) is True
        assert device.call("unmap", id=internal, force=True) is False


def test_mapping_that_exists(world: World) -> None:
    """Case 176: which of the two ids is taken is told."""
    with world.device() as device:
        internal, external = world.unique("internal"), world.unique("external")
        assert device.call("map", internal=internal, external=external) == "OK"
        for again, flags in (
            ((internal, external), (True, True)),
            ((internal, "other"), (True, False)),
            (("other", external), (False, True)),
        ):
            told = device.call("map", internal=again[0], external=again[1])
            assert told["status"] == "USER_ID_MAPPING_ALREADY_EXISTS_ERROR"
            assert (told["doesSuperTokensUserIdExist"], told["doesExternalUserIdExist"]) == flags


def test_tenants(world: World) -> None:
    """Sessions of a tenant are found and revoked by tenant, and go with it."""
    tenant = world.unique("t")
    with world.device() as device, world.device() as other:
        assert device.call("put_tenant", tenant=tenant) is True
        assert device.call("put_tenant", tenant=tenant) is False
        assert {"public", tenant} <= set(device.call("tenants"))
        user = world.unique("user")
        inside = device.sign_in(user, tenant=tenant)
        outside = other.sign_in(user)["handle"]
        assert (inside["tenant"], inside["handle"].endswith(f"_{tenant}")) == (tenant, True)
        assert device.refresh().status_code == 200
        assert device.me()["tenant"] == tenant
        assert device.call("handles", user=user, tenant=tenant) == [inside["handle"]]
        assert set(device.call("handles", user=user)) == {inside["handle"], outside}
        assert device.call("revoke_user", user=user, tenant=tenant) == [inside["handle"]]
        assert device.call("delete_tenant", tenant=tenant) is True
        assert device.call("delete_tenant", tenant=tenant) is False
        assert other.me()["handle"] == outside


def test_users(world: World) -> None:
    """Counting and deleting users: a core of sessions alone knows none, and deleting one ends their sessions."""
    with world.device() as device:
        assert device.call("user_count") == 0
        user = world.unique("user")
        device.sign_in(user)
        assert device.call("delete_user", user=user) == "OK"
        assert device.call("handles", user=user) == []


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT, unverified."""
    header, claims, _ = token.split(".")
    decoded = [json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, claims)]
    return decoded[0], decoded[1]
