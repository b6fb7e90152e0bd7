"""
Make, change and remove apps and tenants.

What is removed is first marked, so that nobody uses it any more, and then emptied in bounded batches, each a
transaction that begins by looking whether the mark still stands. So a crash costs nothing: whoever comes next goes on.
Two who empty at once share the work, and an id is free for a new app only when nothing of the old one is left. House
rule: every step may be repeated without harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from segue.core.model import App, Put, Removal, Tenant
from segue.core.ports import AppStore, Removals
from segue.errors import Contended
from segue.flow import ask
from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, TenantId, whole_milliseconds

CLEARED_AT_ONCE = 1000
"""Rows of one transaction: some milliseconds, so that others get their turns."""
LINGER = timedelta(hours=1)
"""How long a removal is remembered: instances that have not heard of it may write for a moment more."""
ATTEMPTS = 5


async def put_app(app: App, *, now: datetime) -> bool:
    """
    Make an app, or merge its config into that of the one that is there; whether it was made.

    If one of this id has been removed, what is left of that one goes first.

    Raises:
        Contended: others kept removing it.
    """
    for _ in range(ATTEMPTS):
        put = await ask(AppStore.put_app, app)
        if put is not Put.REMOVED:
            return put is Put.CREATED
        await _clear_again(app.app_id, None, now=now)
    raise Contended(app.app_id)


async def put_tenant(tenant: Tenant, *, now: datetime) -> bool:
    """As `put_app`, for a tenant."""
    for _ in range(ATTEMPTS):
        put = await ask(AppStore.put_tenant, tenant)
        if put is not Put.REMOVED:
            return put is Put.CREATED
        await _clear_again(tenant.app_id, tenant.tenant_id, now=now)
    raise Contended(tenant.tenant_id)


async def delete_app(app_id: AppId, *, now: datetime) -> bool:
    """
    Remove an app with everything that belongs to it; whether it was there.

    Raises:
        ValueError: it is the public one, which is always there.
    """
    if app_id == PUBLIC_APP:
        raise ValueError("the public app cannot be removed")
    existed = await ask(AppStore.remove_app, app_id, at=now)
    if existed:
        await _clear(Removal(app_id=app_id, removed_at=whole_milliseconds(now)), now=now, forget=False)
    return existed


async def delete_tenant(app_id: AppId, tenant_id: TenantId, *, now: datetime) -> bool:
    """
    Remove a tenant with its sessions; whether it was there.

    Raises:
        ValueError: it is the public one, which is always there.
    """
    if tenant_id == PUBLIC_TENANT:
        raise ValueError("the public tenant cannot be removed")
    existed = await ask(AppStore.remove_tenant, app_id, tenant_id, at=now)
    if existed:
        removal = Removal(app_id=app_id, tenant_id=tenant_id, removed_at=whole_milliseconds(now))
        await _clear(removal, now=now, forget=False)
    return existed


async def clear_removals(*, now: datetime, limit: int) -> int:
    """
    Go on with what others have left half done, and forget removals after `LINGER`; to be called now and then.

    What was written by an instance that had not heard of the removal goes here, too.

    Returns:
        Of how many removals at most *limit* rows were deleted each; 0: nothing is left to do.
    """
    busy = 0
    for removal in await ask(Removals.list_removals):
        forget = now >= removal.removed_at + LINGER
        busy += await ask(Removals.clear_removed, removal, at=now, limit=limit, forget=forget)
    return busy


async def _clear_again(app_id: AppId, tenant_id: TenantId | None, *, now: datetime) -> None:
    for removal in await ask(Removals.list_removals):
        if (removal.app_id, removal.tenant_id) == (app_id, tenant_id):
            await _clear(removal, now=now, forget=True)


async def _clear(removal: Removal, *, now: datetime, forget: bool) -> None:
    while await ask(Removals.clear_removed, removal, at=now, limit=CLEARED_AT_ONCE, forget=forget):
        pass
