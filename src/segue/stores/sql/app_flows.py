"""
The operations of `AppStore` as flows of statements.

House rule: one flow is one transaction; settings are merged here, under the lock of their row, and not by SQL.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, cast

import msgspec

from segue.core.merging import merged
from segue.core.model import App, Put, Tenant
from segue.errors import StoreUnavailable
from segue.flow import ask
from segue.ids import AppId, TenantId, from_milliseconds, to_milliseconds
from segue.json import JsonObject
from segue.stores.sql.statements import Row, SqlValue, Statement, Statements
from segue.stores.sql.values import json_from_text, json_to_text

AppRow: TypeAlias = tuple[AppId, str, int]
TenantRow: TypeAlias = tuple[AppId, TenantId, str, int]
SettingsRow: TypeAlias = tuple[str, int | None]

ATTEMPTS = 3
"""How often a row may be there when it is written and gone when it is looked at."""


class _Kind(msgspec.Struct, frozen=True, kw_only=True):
    """The statements for rows that have settings."""

    add: Statement
    lock: Statement
    change: Statement


_APP = _Kind(add=Statement.ADD_APP, lock=Statement.LOCK_APP, change=Statement.CHANGE_APP)
_TENANT = _Kind(add=Statement.ADD_TENANT, lock=Statement.LOCK_TENANT, change=Statement.CHANGE_TENANT)


async def load_apps() -> tuple[App, ...]:
    """See `AppStore.load_apps`."""
    rows = await ask(Statements.execute, Statement.LOAD_APPS, ())
    return tuple(_app_from_row(row) for row in rows)


async def put_app(app: App) -> Put:
    """See `AppStore.put_app`."""
    return await _put(_APP, (app.app_id,), app.config, to_milliseconds(app.created_at))


async def remove_app(app_id: AppId, *, at: datetime) -> bool:
    """See `AppStore.remove_app`."""
    return bool(await ask(Statements.execute, Statement.REMOVE_APP, (app_id, to_milliseconds(at))))


async def list_tenants(app_id: AppId) -> tuple[Tenant, ...]:
    """See `AppStore.list_tenants`."""
    rows = await ask(Statements.execute, Statement.LIST_TENANTS, (app_id,))
    return tuple(_tenant_from_row(row) for row in rows)


async def put_tenant(tenant: Tenant) -> Put:
    """See `AppStore.put_tenant`."""
    key = (tenant.app_id, tenant.tenant_id)
    return await _put(_TENANT, key, tenant.config, to_milliseconds(tenant.created_at))


async def remove_tenant(app_id: AppId, tenant_id: TenantId, *, at: datetime) -> bool:
    """See `AppStore.remove_tenant`."""
    return bool(
        await ask(Statements.execute, Statement.REMOVE_TENANT, (app_id, tenant_id, to_milliseconds(at)))
    )


async def _put(kind: _Kind, key: tuple[SqlValue, ...], config: JsonObject, created_at: int) -> Put:
    fresh = json_to_text(merged({}, config))
    for _ in range(ATTEMPTS):
        if await ask(Statements.execute, kind.add, (*key, fresh, created_at)):
            return Put.CREATED
        rows = cast("list[SettingsRow]", await ask(Statements.execute, kind.lock, key))
        if not rows:
            continue  # it was in the way, and has been forgotten since
        ((stored, removed_at),) = rows
        if removed_at is not None:
            return Put.REMOVED
        changed = json_to_text(merged(json_from_text(stored), config))
        await ask(Statements.execute, kind.change, (*key, changed))
        return Put.CHANGED
    raise StoreUnavailable("others keep making and removing what is to be written")


def _app_from_row(row: Row) -> App:
    app_id, config, created_at = cast("AppRow", row)
    return App(app_id=app_id, config=json_from_text(config), created_at=from_milliseconds(created_at))


def _tenant_from_row(row: Row) -> Tenant:
    app_id, tenant_id, config, created_at = cast("TenantRow", row)
    return Tenant(
        app_id=app_id,
        tenant_id=tenant_id,
        config=json_from_text(config),
        created_at=from_milliseconds(created_at),
    )
