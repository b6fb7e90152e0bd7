"""
The core's part of `AsyncMemoryStore`: apps, mapped user ids, users.

House rule: a method is one line.
"""

from __future__ import annotations

from datetime import datetime

from segue.core.model import App, Imported, Put, Removal, Tenant, UserIdMapping
from segue.ids import AppId, TenantId, UserId
from segue.stores.memory.store import MemoryStore


class AsyncMemoryCore:
    """As `MemoryApps` and `MemoryUsers`, awaited."""

    def __init__(self) -> None:
        self._store = MemoryStore()

    # --- AppStore ------------------------------------------------------------------------------------

    async def load_apps(self) -> tuple[App, ...]:
        """See `AppStore.load_apps`."""
        return self._store.load_apps()

    async def put_app(self, app: App) -> Put:
        """See `AppStore.put_app`."""
        return self._store.put_app(app)

    async def remove_app(self, app_id: AppId, *, at: datetime) -> bool:
        """See `AppStore.remove_app`."""
        return self._store.remove_app(app_id, at=at)

    async def list_tenants(self, app_id: AppId) -> tuple[Tenant, ...]:
        """See `AppStore.list_tenants`."""
        return self._store.list_tenants(app_id)

    async def put_tenant(self, tenant: Tenant) -> Put:
        """See `AppStore.put_tenant`."""
        return self._store.put_tenant(tenant)

    async def remove_tenant(self, app_id: AppId, tenant_id: TenantId, *, at: datetime) -> bool:
        """See `AppStore.remove_tenant`."""
        return self._store.remove_tenant(app_id, tenant_id, at=at)

    # --- Removals ------------------------------------------------------------------------------------

    async def list_removals(self) -> tuple[Removal, ...]:
        """See `Removals.list_removals`."""
        return self._store.list_removals()

    async def clear_removed(self, removal: Removal, *, at: datetime, limit: int, forget: bool) -> bool:
        """See `Removals.clear_removed`."""
        return self._store.clear_removed(removal, at=at, limit=limit, forget=forget)

    # --- UserIdMappings ------------------------------------------------------------------------------

    async def create_mapping(self, mapping: UserIdMapping) -> tuple[UserIdMapping, ...]:
        """See `UserIdMappings.create_mapping`."""
        return self._store.create_mapping(mapping)

    async def find_mappings(self, app_id: AppId, any_id: UserId) -> tuple[UserIdMapping, ...]:
        """See `UserIdMappings.find_mappings`."""
        return self._store.find_mappings(app_id, any_id)

    async def delete_mapping(self, mapping: UserIdMapping) -> bool:
        """See `UserIdMappings.delete_mapping`."""
        return self._store.delete_mapping(mapping)

    async def set_mapping_info(self, mapping: UserIdMapping) -> bool:
        """See `UserIdMappings.set_mapping_info`."""
        return self._store.set_mapping_info(mapping)

    async def add_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...], *, register: bool
    ) -> tuple[Imported, ...]:
        """See `UserIdMappings.add_mappings`."""
        return self._store.add_mappings(app_id, mappings, register=register)

    async def preview_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...]
    ) -> tuple[Imported, ...]:
        """See `UserIdMappings.preview_mappings`."""
        return self._store.preview_mappings(app_id, mappings)

    # --- Users ---------------------------------------------------------------------------------------

    async def user_exists(self, app_id: AppId, user_id: UserId) -> bool:
        """See `Users.user_exists`."""
        return self._store.user_exists(app_id, user_id)

    async def add_users(self, app_id: AppId, user_ids: tuple[UserId, ...]) -> int:
        """See `Users.add_users`."""
        return self._store.add_users(app_id, user_ids)

    async def delete_user(self, app_id: AppId, user_id: UserId) -> bool:
        """See `Users.delete_user`."""
        return self._store.delete_user(app_id, user_id)

    async def has_session(self, app_id: AppId, user_id: UserId, *, at: datetime) -> bool:
        """See `Users.has_session`."""
        return self._store.has_session(app_id, user_id, at=at)

    async def count_active_users(self, app_id: AppId, *, since: datetime) -> int:
        """See `Users.count_active_users`."""
        return self._store.count_active_users(app_id, since=since)
