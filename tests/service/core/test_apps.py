"""Apps and tenants over the protocol: made, configured, kept apart, removed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segue.core import app_flows
from segue.core.model import App
from segue.ids import AppId
from tests.service.core.world import Body, Core, access, claims, handle_of, new_session, refresh_of

APP, TENANT = "/recipe/multitenancy/app/v2", "/recipe/multitenancy/tenant/v2"
REMOVE_APP, REMOVE_TENANT = "/recipe/multitenancy/app/remove", "/recipe/multitenancy/tenant/remove"
KEY = "a-key-of-twenty-characters"


def put_app(core: Core, app_id: str = "a1", **config: object) -> Body:
    """Make or configure an app."""
    return core.put(APP, {"appId": app_id, "coreConfig": config}).json


def lifetime(core: Core, prefix: str) -> int:
    """Seconds that an access token of an app lives."""
    said = claims(access(core.create(prefix=prefix)))
    assert isinstance(said["exp"], int)
    return said["exp"] - int(said["iat"])


def test_make_and_remove(core: Core) -> None:
    """An app is made once, found at once, and gone with all that was in it."""
    assert put_app(core) == {"status": "OK", "createdNew": True}
    assert put_app(core) == {"status": "OK", "createdNew": False}
    created = core.create(prefix="/appid-a1")
    assert core.post(REMOVE_APP, {"appId": "a1"}).json == {"status": "OK", "didExist": True}
    assert core.post(REMOVE_APP, {"appId": "a1"}).json == {"status": "OK", "didExist": False}
    assert core.post("/appid-a1/recipe/session", new_session()).status == 400
    assert put_app(core) == {"status": "OK", "createdNew": True}
    assert core.refresh(refresh_of(created), prefix="/appid-a1")["status"] == "UNAUTHORISED"
    assert core.verify(access(created), prefix="/appid-a1")["status"] == "TRY_REFRESH_TOKEN"


def test_nothing_crosses(core: Core) -> None:
    """Sessions, keys, users and mappings of one app are unknown in another."""
    put_app(core)
    created = core.create(prefix="/appid-a1")
    assert core.look(handle_of(created))["status"] == "UNAUTHORISED"
    assert (
        core.post("/recipe/session/remove", {"sessionHandles": [handle_of(created)]}).json[
            "sessionHandlesRevoked"
        ]
        == []
    )
    assert core.get("/recipe/session/user?userId=ada").json["sessionHandles"] == []
    mine, theirs = (core.get(f"{prefix}/.well-known/jwks.json").json["keys"] for prefix in ("", "/appid-a1"))
    assert {key["n"] for key in mine}.isdisjoint(key["n"] for key in theirs)
    body = {"superTokensUserId": "u", "externalUserId": "e"}
    core.post("/appid-a1/recipe/userid/map", body)
    assert core.get("/recipe/userid/map?userId=u").json["status"] == "UNKNOWN_MAPPING_ERROR"


def test_settings_of_an_app(core: Core) -> None:
    """An app's settings may be text, are merged, and a null takes one away."""
    put_app(core, access_token_validity="600")
    assert lifetime(core, "/appid-a1") == 600
    put_app(core, refresh_token_validity="90")
    assert lifetime(core, "/appid-a1") == 600
    assert lifetime(core, "") == 3600
    put_app(core, access_token_validity=None)
    assert lifetime(core, "/appid-a1") == 3600
    created = core.create(prefix="/appid-a1")
    assert created["refreshToken"]["expiry"] - created["refreshToken"]["createdTime"] == 90 * 60_000


def test_setting_whose_removal_would_not_work(core: Core) -> None:
    """Taking a setting away is refused where the deployment's own does not go with the others."""
    put_app(core, access_token_validity=600, refresh_token_validity=30)
    status, sentence = core.put(APP, {"appId": "a1", "coreConfig": {"access_token_validity": None}}).refusal
    assert status == 400
    assert "must be longer than access_token_validity" in sentence
    assert lifetime(core, "/appid-a1") == 600


def test_settings_that_do_not_work(core: Core) -> None:
    """Settings that cannot work once merged are refused with the bounds, and nothing is written."""
    put_app(core, refresh_token_validity=100)
    for config in (
        {"access_token_validity": 0},
        {"access_token_validity": "soon"},
        {"access_token_validity": 6000},
        {"access_token_validity": 1e308},
        {"access_token_validity": True},
        {"api_keys": "short"},
        {"ip_allow_regex": "("},
        {"access_token_validty": 5},
        {"nope": 1},
        {"postgresql_connection_uri": "postgresql://short"},
        {"ip_deny_regex": "((.*)*)*z"},
        {"port": 5},
        {"supertokens_max_cdi_version": "x"},
    ):
        status, sentence = core.put(APP, {"appId": "a1", "coreConfig": config}).refusal
        assert (status, sentence[:21]) == (400, "Invalid core config: ")
        assert "short" not in sentence
    assert lifetime(core, "/appid-a1") == 3600
    assert put_app(core, password_reset_token_lifetime=5, nope=None)["status"] == "OK"


def test_stored_pattern_that_could_hold_the_process(core: Core) -> None:
    """An app that has one from elsewhere is out of order, at once; the others are not, and it can be mended."""
    put_app(core)
    app = App(app_id=AppId("a1"), config={"ip_deny_regex": "((.*)*)*((.*)*)*z"}, created_at=core.clock.now())
    core.run(core.service.run(app_flows.put_app(app, now=core.clock.now())))
    other = core.again()
    status, sentence = other.get("/appid-a1/hello").refusal
    assert (status, sentence) == (500, "The settings of this app do not work; see the log")
    assert other.get("/hello").status == 200
    put_app(other, ip_deny_regex=None)
    assert other.get("/appid-a1/hello").status == 200


def test_keys_of_an_app(core: Core) -> None:
    """An app with keys of its own asks for those, and others are as they were."""
    put_app(core, api_keys=KEY)
    assert core.get("/appid-a1/apiversion").refusal == (401, "Invalid API key")
    assert core.get("/appid-a1/apiversion", headers={"api-key": KEY}).status == 200
    assert core.get("/apiversion").status == 200


def test_another_instance(core: Core) -> None:
    """What one instance makes, the others find at once; what it changes, within a second."""
    other = core.again()
    assert other.post("/appid-a1/recipe/session", new_session()).status == 400
    put_app(core)
    assert other.create(prefix="/appid-a1")["status"] == "OK"
    put_app(core, access_token_validity=600)
    core.pass_time(timedelta(seconds=1))
    assert lifetime(other, "/appid-a1") == 600
    core.post(REMOVE_APP, {"appId": "a1"})
    core.pass_time(timedelta(seconds=1))
    assert other.post("/appid-a1/recipe/session", new_session()).status == 400
    put_app(core)
    core.pass_time(timedelta(seconds=1))
    assert lifetime(other, "/appid-a1") == 3600


def test_stored_settings_that_do_not_work_here(core: Core) -> None:
    """An app whose settings another deployment allowed is out of order; the others are not."""
    loose = core.again(development=True)
    put_app(loose, access_token_dynamic_signing_key_update_interval=0.001)
    assert loose.create(prefix="/appid-a1")["status"] == "OK"
    core.pass_time(timedelta(seconds=2))
    assert core.get("/appid-a1/apiversion").status == 500
    assert core.create()["status"] == "OK"


@pytest.mark.parametrize("app_id", ["", "A_1", "a/b", "appid-x", "ü", "a b", "x" * 65])
def test_ids_that_cannot_be(core: Core, app_id: str) -> None:
    """Ids of apps and tenants are made of letters, digits and hyphens."""
    assert core.put(APP, {"appId": app_id}).refusal[0] == 400
    assert core.put(TENANT, {"tenantId": app_id}).refusal[0] == 400


@pytest.mark.parametrize("word", ["recipe", "config", "users", "hello"])
def test_words_that_no_tenant_can_be_called(core: Core, word: str) -> None:
    """A tenant cannot be called like a part of a path."""
    assert core.put(TENANT, {"tenantId": word}).refusal == (400, f"Cannot use '{word}' as a tenantId")


def test_who_may(core: Core) -> None:
    """Apps are managed from the public app, tenants from an app's public tenant; the public ones stay."""
    put_app(core)
    core.put(TENANT, {"tenantId": "t1"})
    for prefix in ("/appid-a1", "/t1"):
        assert core.put(f"{prefix}{APP}", {"appId": "a2"}).status == 403
        assert core.post(f"{prefix}{REMOVE_APP}", {"appId": "a2"}).status == 403
        assert core.get(f"{prefix}/recipe/multitenancy/app/list/v2").status == 403
    assert core.put(f"/t1{TENANT}", {"tenantId": "t2"}).status == 403
    assert core.post(f"/t1{REMOVE_TENANT}", {"tenantId": "t2"}).status == 403
    assert core.post(REMOVE_APP, {"appId": "public"}).status == 403
    assert core.post(REMOVE_TENANT, {"tenantId": "public"}).status == 403


def test_tenants(core: Core) -> None:
    """A tenant is made once, shown with what was given, listed, and gone with its sessions."""
    body: Body = {"tenantId": "T1", "firstFactors": ["emailpassword"], "coreConfig": {}}
    assert core.put(TENANT, body).json == {"status": "OK", "createdNew": True}
    assert core.put(TENANT, body).json == {"status": "OK", "createdNew": False}
    shown = core.get(f"/t1{TENANT}").json
    assert shown == {
        "status": "OK",
        "tenantId": "t1",
        "thirdParty": {"providers": []},
        "coreConfig": {},
        "firstFactors": ["emailpassword"],
    }
    listed = core.get("/recipe/multitenancy/tenant/list/v2").json["tenants"]
    assert [tenant["tenantId"] for tenant in listed] == ["public", "t1"]
    assert core.get(f"/t9{TENANT}").json == {"status": "TENANT_NOT_FOUND_ERROR"}
    created = core.create(prefix="/t1")
    assert core.post(REMOVE_TENANT, {"tenantId": "t1"}).json == {"status": "OK", "didExist": True}
    assert core.post(REMOVE_TENANT, {"tenantId": "t1"}).json == {"status": "OK", "didExist": False}
    assert core.post("/t1/recipe/session", new_session()).status == 400
    assert core.refresh(refresh_of(created))["status"] == "UNAUTHORISED"


def test_public_tenant(core: Core) -> None:
    """The public tenant is there without being made; old SDKs get their own form."""
    assert core.get(TENANT).json == {
        "status": "OK",
        "tenantId": "public",
        "thirdParty": {"providers": []},
        "coreConfig": {},
    }
    old = core.get("/recipe/multitenancy/tenant", cdi="3.1").json
    assert old["emailPassword"] == old["passwordless"] == {"enabled": True}
    assert old["thirdParty"] == {"enabled": True, "providers": []}


def test_list_of_apps(core: Core) -> None:
    """All apps with their tenants."""
    put_app(core, "shop")
    core.put(f"/appid-shop{TENANT}", {"tenantId": "t1"})
    apps = core.get("/recipe/multitenancy/app/list/v2").json["apps"]
    assert {app["appId"]: [tenant["tenantId"] for tenant in app["tenants"]] for app in apps} == {
        "public": ["public"],
        "shop": ["public", "t1"],
    }


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("PUT", "/appid-a1/ee/license", {"status": "OK"}),
        ("DELETE", "/ee/license", {"status": "OK"}),
        ("GET", "/ee/license", {"status": "NO_LICENSE_KEY_FOUND_ERROR"}),
        ("GET", "/ee/featureflag", {"status": "OK", "features": [], "usageStats": {}}),
        ("GET", "/telemetry", {"exists": False}),
    ],
)
def test_what_dashboards_ask(core: Core, method: str, path: str, answer: Body) -> None:
    """There is nothing to pay for, and nobody is told."""
    put_app(core)
    assert core.run(core.ask(method, path)).json == answer
    assert core.get("/requests/stats").json["status"] == "OK"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("firstFactors", 5),
        ("firstFactors", [1]),
        ("requiredSecondaryFactors", {}),
        ("thirdParty", []),
        ("thirdParty", {"providers": {}}),
    ],
)
def test_tenant_that_no_sdk_could_read(core: Core, name: str, value: object) -> None:
    """What a tenant is told must have the form in which SDKs read it back; nothing is kept of what has not."""
    reply = core.put("/recipe/multitenancy/tenant/v2", {"tenantId": "t1", name: value})
    assert reply.refusal == (400, f"Field name '{name}' is invalid in JSON input")
    assert core.get("/t1/recipe/multitenancy/tenant/v2").json == {"status": "TENANT_NOT_FOUND_ERROR"}
