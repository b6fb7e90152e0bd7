"""What keeping apps and tenants promises."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from segue.core.model import App, Put, Tenant
from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, TenantId
from segue.json import JsonObject
from segue.stores.contract.examples import DAY, NOW, OTHER_APP
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

ACME = TenantId("acme")

CHANGES: dict[str, tuple[JsonObject, JsonObject, JsonObject]] = {
    "nothing": ({"a": 1}, {}, {"a": 1}),
    "added": ({"a": 1}, {"b": "2"}, {"a": 1, "b": "2"}),
    "replaced": ({"a": 1, "b": 2}, {"a": [None, 1.0]}, {"a": [None, 1.0], "b": 2}),
    "removed": ({"a": 1, "b": 2}, {"a": None, "c": None}, {"b": 2}),
    "inside": ({"o": {"x": 1, "y": 2}}, {"o": {"x": None, "z": 3}}, {"o": {"y": 2, "z": 3}}),
    "object for a value": ({"o": 1}, {"o": {"x": {"y": None}}}, {"o": {"x": {}}}),
}
"""Stored, put, then stored."""

each_change = pytest.mark.parametrize(("stored", "changes", "after"), CHANGES.values(), ids=list(CHANGES))


def app(app_id: AppId = OTHER_APP, config: JsonObject | None = None) -> App:
    """An app with these settings, or none."""
    return App(app_id=app_id, config={} if config is None else config, created_at=NOW)


def tenant(
    tenant_id: TenantId = ACME, config: JsonObject | None = None, *, app_id: AppId = OTHER_APP
) -> Tenant:
    """A tenant of that app."""
    return Tenant(app_id=app_id, tenant_id=tenant_id, config={} if config is None else config, created_at=NOW)


class AppsContract(Contract):
    """`AppStore`."""

    def test_nothing_has_a_row_at_first(self, store: Store) -> None:
        """An empty store knows of no app, not even of the public one."""
        assert store.load_apps() == ()
        assert store.list_tenants(PUBLIC_APP) == ()

    def test_app_comes_back_as_put(self, store: Store) -> None:
        """Apps are read back as they were put, in whole milliseconds, by their ids."""
        finer = replace(app(AppId("b")), created_at=NOW + timedelta(microseconds=999))
        first = app(AppId("a"), {"n": 1.0, "list": [None], "text": "☃ 'quoted'"})
        assert store.put_app(finer) is Put.CREATED
        assert store.put_app(first) is Put.CREATED
        assert store.put_app(app(PUBLIC_APP)) is Put.CREATED
        assert store.load_apps() == (first, app(AppId("b")), app(PUBLIC_APP))

    @each_change
    def test_app_is_changed(
        self, store: Store, stored: JsonObject, changes: JsonObject, after: JsonObject
    ) -> None:
        """Settings of an app that is there are merged, null removes, and its age stays."""
        store.put_app(app(config=stored))
        assert store.put_app(replace(app(config=changes), created_at=NOW + DAY)) is Put.CHANGED
        assert store.load_apps() == (app(config=after),)

    @each_change
    def test_tenant_is_changed(
        self, store: Store, stored: JsonObject, changes: JsonObject, after: JsonObject
    ) -> None:
        """Settings of a tenant likewise."""
        store.put_tenant(tenant(config=stored))
        assert store.put_tenant(replace(tenant(config=changes), created_at=NOW + DAY)) is Put.CHANGED
        assert store.list_tenants(OTHER_APP) == (tenant(config=after),)

    def test_null_is_not_kept(self, store: Store) -> None:
        """Also a new app or tenant gets no nulls, at any depth."""
        config: JsonObject = {"a": None, "o": {"x": None, "y": 1}}
        store.put_app(app(config=config))
        store.put_tenant(tenant(config=config))
        assert store.load_apps()[0].config == store.list_tenants(OTHER_APP)[0].config == {"o": {"y": 1}}

    def test_tenants_of_an_app(self, store: Store) -> None:
        """Tenants are listed by their ids, and another app's are not among them."""
        store.put_tenant(tenant(TenantId("b")))
        store.put_tenant(tenant(TenantId("a"), {"x": 1}))
        store.put_tenant(tenant(PUBLIC_TENANT, app_id=PUBLIC_APP))
        assert store.list_tenants(OTHER_APP) == (tenant(TenantId("a"), {"x": 1}), tenant(TenantId("b")))
        assert store.list_tenants(PUBLIC_APP) == (tenant(PUBLIC_TENANT, app_id=PUBLIC_APP),)

    def test_store_keeps_a_copy_of_settings(self, store: Store) -> None:
        """Changing settings that were put or read does not change what is stored."""
        config: dict[str, bool | int | float | str | None] = {"a": 1}
        store.put_app(App(app_id=OTHER_APP, config=dict(config), created_at=NOW))
        read = store.load_apps()[0].config
        assert isinstance(read, dict)
        read["a"] = 2
        assert store.load_apps()[0].config == {"a": 1}

    def test_number_that_settings_lack(self, store: Store) -> None:
        """Settings that JSON cannot write are refused, and nothing is written."""
        with pytest.raises(ValueError, match="JSON"):
            store.put_app(app(config={"n": float("nan")}))
        store.put_app(app())
        with pytest.raises(ValueError, match="JSON"):
            store.put_app(app(config={"n": float("inf")}))
        assert store.load_apps() == (app(),)

    def test_remove_app(self, store: Store) -> None:
        """A removed app is not loaded any more, is removed once, and its id stays taken until it is forgotten."""
        store.put_app(app())
        assert store.remove_app(OTHER_APP, at=NOW)
        assert not store.remove_app(OTHER_APP, at=NOW + DAY)
        assert not store.remove_app(AppId("unknown"), at=NOW)
        assert store.load_apps() == ()
        assert store.put_app(app(config={"new": 1})) is Put.REMOVED
        assert store.load_apps() == ()

    def test_remove_tenant(self, store: Store) -> None:
        """A removed tenant likewise; those beside it stay."""
        store.put_tenant(tenant())
        store.put_tenant(tenant(app_id=PUBLIC_APP))
        assert store.remove_tenant(OTHER_APP, ACME, at=NOW)
        assert not store.remove_tenant(OTHER_APP, ACME, at=NOW)
        assert store.list_tenants(OTHER_APP) == ()
        assert store.put_tenant(tenant()) is Put.REMOVED
        assert store.list_tenants(PUBLIC_APP) == (tenant(app_id=PUBLIC_APP),)
