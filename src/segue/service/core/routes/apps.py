"""
Routes that make, change and remove apps and tenants (core protocol §15, §16), and what the dashboard asks of them.

House rule: an app is ready when the answer says that it is there: its settings are checked and its keys made.
"""

from __future__ import annotations

from segue.core import app_flows
from segue.core.foreign_settings import require_understood
from segue.core.merging import merged
from segue.core.model import App, Tenant
from segue.core.ports import AppStore
from segue.core.settings import DEPLOYMENT
from segue.errors import ConfigurationError
from segue.flow import ask
from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, TenantId
from segue.json import JsonObject, JsonValue
from segue.service.core import answers
from segue.service.core.answers import Answer, Refused
from segue.service.core.call import Call, Route, Through
from segue.service.core.fields import invalid
from segue.service.core.paths import STOP_WORDS, is_id

_CONFIG = "coreConfig"
_FACTORS = ("firstFactors", "requiredSecondaryFactors")
_THIRD_PARTY = "thirdParty"
_SHOWN = (*_FACTORS, _THIRD_PARTY)
_FORM = "can only contain letters, numbers and hyphens"


async def put_app(call: Call) -> Answer:
    """PUT /recipe/multitenancy/app/v2."""
    call.demand_public_app("Only the public app can create or update apps")
    app_id = AppId(_id(call, "appId"))
    config: JsonObject = call.fields.object(_CONFIG) if _CONFIG in call.fields else {}
    await _demand_working(call, app_id, config)
    app = App(app_id=app_id, config=config, created_at=call.context.now)
    created = await app_flows.put_app(app, now=call.context.now)
    call.apps.forget()
    known = await call.apps.find(app_id, now=call.context.now)
    if known is not None:
        await known.keys.reload(call.context.now, call.context.random)
    return answers.ok({"createdNew": created})


async def remove_app(call: Call) -> Answer:
    """POST /recipe/multitenancy/app/remove."""
    call.demand_public_app("Only the public app can remove apps")
    app_id = AppId(_id(call, "appId"))
    if app_id == PUBLIC_APP:
        raise Refused(403, "Cannot delete public app")
    existed = await app_flows.delete_app(app_id, now=call.context.now)
    call.apps.forget()
    return answers.ok({"didExist": existed})


async def list_apps(call: Call) -> Answer:
    """GET /recipe/multitenancy/app/list/v2."""
    call.demand_public_app("Only the public app can list apps")
    stored = await ask(AppStore.load_apps)
    ids = sorted({PUBLIC_APP} | {app.app_id for app in stored})
    listed: list[JsonValue] = [
        {"appId": app_id, "tenants": list[JsonValue](await _tenants(app_id))} for app_id in ids
    ]
    return answers.ok({"apps": listed})


async def put_tenant(call: Call) -> Answer:
    """PUT /recipe/multitenancy/tenant/v2."""
    _demand_public(call, "Only the public tenant can create or update tenants")
    tenant_id = TenantId(_id(call, "tenantId"))
    if tenant_id in STOP_WORDS:
        raise Refused(400, f"Cannot use '{tenant_id}' as a tenantId")
    config = call.fields.rest(_CONFIG, *_SHOWN)
    if _CONFIG in call.fields:
        await _demand_working(call, call.app_id, call.fields.object(_CONFIG))
    _demand_shapes(call)
    tenant = Tenant(app_id=call.app_id, tenant_id=tenant_id, config=config, created_at=call.context.now)
    created = await app_flows.put_tenant(tenant, now=call.context.now)
    call.context.app.forget_tenants()
    return answers.ok({"createdNew": created and tenant_id != PUBLIC_TENANT})


async def remove_tenant(call: Call) -> Answer:
    """POST /recipe/multitenancy/tenant/remove."""
    _demand_public(call, "Only the public tenant can remove tenants")
    tenant_id = TenantId(_id(call, "tenantId"))
    if tenant_id == PUBLIC_TENANT:
        raise Refused(403, "Cannot delete public tenant")
    existed = await app_flows.delete_tenant(call.app_id, tenant_id, now=call.context.now)
    call.context.app.forget_tenants()
    return answers.ok({"didExist": existed})


async def get_tenant(call: Call) -> Answer:
    """GET /recipe/multitenancy/tenant/v2."""
    found = await _stored_tenant(call)
    return answers.outcome("TENANT_NOT_FOUND_ERROR") if found is None else answers.ok(_shown(found))


async def get_old_tenant(call: Call) -> Answer:
    """GET /recipe/multitenancy/tenant, as SDKs of version 3 ask."""
    found = await _stored_tenant(call)
    return (
        answers.outcome("TENANT_NOT_FOUND_ERROR") if found is None else answers.ok(_old_form(_shown(found)))
    )


async def list_old_tenants(call: Call) -> Answer:
    """GET /recipe/multitenancy/tenant/list, likewise."""
    _demand_public(call, "Only the public tenant can list tenants")
    return answers.ok({"tenants": list[JsonValue](map(_old_form, await _tenants(call.app_id)))})


async def list_tenants(call: Call) -> Answer:
    """GET /recipe/multitenancy/tenant/list/v2."""
    _demand_public(call, "Only the public tenant can list tenants")
    return answers.ok({"tenants": list[JsonValue](await _tenants(call.app_id))})


async def _stored_tenant(call: Call) -> Tenant | None:
    stored = await ask(AppStore.list_tenants, call.app_id)
    public = Tenant(app_id=call.app_id, tenant_id=PUBLIC_TENANT, config={}, created_at=call.context.now)
    everyone = {PUBLIC_TENANT: public} | {tenant.tenant_id: tenant for tenant in stored}
    return everyone.get(call.tenant_id)


async def _tenants(app_id: AppId) -> list[dict[str, JsonValue]]:
    stored = await ask(AppStore.list_tenants, app_id)
    public: dict[str, JsonValue] = {"tenantId": PUBLIC_TENANT, "thirdParty": {"providers": []}, _CONFIG: {}}
    every = {str(PUBLIC_TENANT): public} | {str(tenant.tenant_id): _shown(tenant) for tenant in stored}
    return list(every.values())


def _old_form(shown: dict[str, JsonValue]) -> dict[str, JsonValue]:
    enabled: dict[str, JsonValue] = {"enabled": True}
    third_party = shown["thirdParty"]
    providers = third_party if isinstance(third_party, dict) else {}
    return {
        "tenantId": shown["tenantId"],
        "emailPassword": enabled,
        "thirdParty": {**providers, **enabled},
        "passwordless": enabled,
        _CONFIG: shown[_CONFIG],
    }


def _shown(tenant: Tenant) -> dict[str, JsonValue]:
    kept = {name: value for name, value in tenant.config.items() if value is not None}
    members: dict[str, JsonValue] = {
        "tenantId": tenant.tenant_id,
        _THIRD_PARTY: {"providers": []},
        _CONFIG: {},
    }
    third_party = kept.get(_THIRD_PARTY)
    if isinstance(third_party, dict):
        kept[_THIRD_PARTY] = {"providers": [], **third_party}
    return members | kept


async def _demand_working(call: Call, app_id: AppId, changes: JsonObject) -> None:
    """
    Refuse settings that would not work once they are merged into those that are there.

    Raises:
        Refused: 400.
    """
    for name in changes:
        if name in DEPLOYMENT:
            raise Refused(400, f"Invalid core config: {name} is of the whole deployment, not of an app")
    stored = {
        app.app_id: app.config for app in await ask(AppStore.load_apps)
    }  # also of one that does not work
    try:
        require_understood(changes)
        call.apps.settings_of(merged(stored.get(app_id, {}), changes))
    except ConfigurationError as error:
        raise Refused(400, f"Invalid core config: {error.args[0]}") from None


def _demand_shapes(call: Call) -> None:
    """
    Refuse what SDKs could not read when they are told of the tenant.

    Raises:
        Refused: 400.
    """
    for name in _FACTORS:
        if name in call.fields:
            call.fields.texts(name)
    if _THIRD_PARTY in call.fields and not isinstance(
        call.fields.object(_THIRD_PARTY).get("providers", []), list
    ):
        raise invalid(_THIRD_PARTY)


def _demand_public(call: Call, sentence: str) -> None:
    if call.tenant_id != PUBLIC_TENANT:
        raise Refused(403, sentence)


def _id(call: Call, name: str) -> str:
    text = call.fields.text(name).strip().lower()
    if not is_id(text):
        raise Refused(400, f"{name} {_FORM}")
    return text


ROUTES = (
    Route(method="PUT", path="/recipe/multitenancy/app/v2", handler=put_app, through=Through.ANY),
    Route(method="PUT", path="/recipe/multitenancy/app", handler=put_app, through=Through.ANY),
    Route(method="POST", path="/recipe/multitenancy/app/remove", handler=remove_app, through=Through.ANY),
    Route(method="GET", path="/recipe/multitenancy/app/list/v2", handler=list_apps, through=Through.ANY),
    Route(method="PUT", path="/recipe/multitenancy/tenant/v2", handler=put_tenant, through=Through.ANY),
    Route(method="PUT", path="/recipe/multitenancy/tenant", handler=put_tenant, through=Through.ANY),
    Route(method="GET", path="/recipe/multitenancy/tenant/v2", handler=get_tenant, through=Through.ANY),
    Route(method="GET", path="/recipe/multitenancy/tenant", handler=get_old_tenant, through=Through.ANY),
    Route(
        method="POST", path="/recipe/multitenancy/tenant/remove", handler=remove_tenant, through=Through.ANY
    ),
    Route(
        method="GET", path="/recipe/multitenancy/tenant/list/v2", handler=list_tenants, through=Through.ANY
    ),
    Route(
        method="GET", path="/recipe/multitenancy/tenant/list", handler=list_old_tenants, through=Through.ANY
    ),
)
