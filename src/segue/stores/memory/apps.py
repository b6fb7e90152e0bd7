"""
`AppStore` and `Removals` over dictionaries.

House rule: a batch that is deleted counts over all dictionaries, as it does in a database.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from msgspec.structs import replace

from segue.core.merging import merged
from segue.core.model import App, Put, Removal, Tenant
from segue.ids import AppId, SessionHandle, TenantId, whole_milliseconds
from segue.stores.memory.state import MemoryState, copied_json

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class MemoryApps(MemoryState):
    """Apps and tenants."""

    def load_apps(self) -> tuple[App, ...]:
        """See `AppStore.load_apps`."""
        with self._lock:
            living = [self._apps[app_id] for app_id in sorted(self._apps)]
        return tuple(replace(app, config=copied_json(app.config)) for app in living)

    def put_app(self, app: App) -> Put:
        """See `AppStore.put_app`."""
        with self._lock:
            if (app.app_id, None) in self._removals:
                return Put.REMOVED
            old = self._apps.get(app.app_id)
            created_at = whole_milliseconds(app.created_at) if old is None else old.created_at
            config = copied_json(merged({} if old is None else old.config, app.config))
            self._apps[app.app_id] = App(app_id=app.app_id, config=config, created_at=created_at)
            return Put.CREATED if old is None else Put.CHANGED

    def remove_app(self, app_id: AppId, *, at: datetime) -> bool:
        """See `AppStore.remove_app`."""
        removal = Removal(app_id=app_id, removed_at=whole_milliseconds(at))
        with self._lock:
            return self._remove(self._apps, app_id, removal)

    def list_tenants(self, app_id: AppId) -> tuple[Tenant, ...]:
        """See `AppStore.list_tenants`."""
        with self._lock:
            living = [self._tenants[key] for key in sorted(self._tenants) if key[0] == app_id]
        return tuple(replace(tenant, config=copied_json(tenant.config)) for tenant in living)

    def put_tenant(self, tenant: Tenant) -> Put:
        """See `AppStore.put_tenant`."""
        key = (tenant.app_id, tenant.tenant_id)
        with self._lock:
            if key in self._removals:
                return Put.REMOVED
            old = self._tenants.get(key)
            created_at = whole_milliseconds(tenant.created_at) if old is None else old.created_at
            config = copied_json(merged({} if old is None else old.config, tenant.config))
            self._tenants[key] = replace(tenant, config=config, created_at=created_at)
            return Put.CREATED if old is None else Put.CHANGED

    def remove_tenant(self, app_id: AppId, tenant_id: TenantId, *, at: datetime) -> bool:
        """See `AppStore.remove_tenant`."""
        removal = Removal(app_id=app_id, tenant_id=tenant_id, removed_at=whole_milliseconds(at))
        with self._lock:
            return self._remove(self._tenants, (app_id, tenant_id), removal)

    def list_removals(self) -> tuple[Removal, ...]:
        """See `Removals.list_removals`."""
        with self._lock:
            return tuple(sorted(self._removals.values(), key=lambda removal: removal.removed_at))

    def clear_removed(self, removal: Removal, *, at: datetime, limit: int, forget: bool) -> bool:
        """See `Removals.clear_removed`."""
        key = (removal.app_id, removal.tenant_id)
        with self._lock:
            if self._removals.get(key) != removal:
                return False
            discards = list(islice(self._discards(removal, at), limit))
            for discard in discards:
                discard()
            if not discards and forget:
                del self._removals[key]
            return bool(discards)

    def _remove(self, known: dict[K, V], key: K, removal: Removal) -> bool:
        if known.pop(key, None) is None:
            return False
        self._removals[removal.app_id, removal.tenant_id] = removal
        return True

    def _discards(self, removal: Removal, at: datetime) -> Iterator[Callable[[], object]]:
        """One call for each row that belongs to what was removed, which deletes it."""
        app_id, tenant_id, now = removal.app_id, removal.tenant_id, whole_milliseconds(at)
        for session in self._sessions.values():
            if session.app_id == app_id and tenant_id in {None, session.tenant_id}:
                yield partial(self._end, app_id, session.handle, now)
        if tenant_id is not None:
            return
        yield from _those_of(app_id, self._keys)
        yield from _those_of(app_id, self._claims)
        for delivery in self._deliveries.values():
            if delivery.app_id == app_id:
                yield partial(self._deliveries.pop, delivery.delivery_id)
        for mapping in self._mappings.values():
            if mapping.app_id == app_id:
                yield partial(self._forget_mapping, mapping)
        yield from _those_of(app_id, self._identities)
        yield from _those_of(app_id, self._attempts)
        yield from _those_of(app_id, self._attempt_counts)
        yield from _those_of(app_id, self._rollouts)
        yield from _those_of(app_id, self._users)
        yield from _those_of(app_id, self._tenants)
        for owner, tenant in self._removals:
            if owner == app_id and tenant is not None:
                yield partial(self._removals.pop, (owner, tenant))

    def _end(self, app_id: AppId, handle: SessionHandle, at: datetime) -> None:
        del self._sessions[app_id, handle]
        self._tell(app_id, handle, at)


def _those_of(app_id: AppId, rows: dict[tuple[AppId, K], V]) -> Iterator[Callable[[], object]]:
    return (partial(rows.pop, key) for key in rows if key[0] == app_id)
