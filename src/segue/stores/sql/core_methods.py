"""
The methods of the core's ports that every blocking SQL store has: apps, mapped user ids, users.

A database adds how to run a flow. House rule: a method is one line; what it does stands in the flow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from functools import partial

from segue.core.model import App, Imported, Put, Removal, Tenant, UserIdMapping
from segue.flow import Flow, T
from segue.ids import AppId, TenantId, UserId
from segue.stores.sql import app_flows, removal_flows, user_flows


class SqlCore(ABC):
    """
    The four ports of the core over a blocking SQL database.

    What `_read`, `_write` and `_transact` get makes the flow, so that a transaction can be run again from its start.
    """

    @abstractmethod
    def _read(self, make: Callable[[], Flow[T]]) -> T:
        """Run a flow that writes nothing."""
        ...

    @abstractmethod
    def _write(self, make: Callable[[], Flow[T]]) -> T:
        """Run a flow of one statement, or of several that may stand alone; return when it is durable."""
        ...

    @abstractmethod
    def _transact(self, make: Callable[[], Flow[T]]) -> T:
        """Run a flow of several statements in one transaction; return when it is durable."""
        ...

    # --- AppStore ------------------------------------------------------------------------------------

    def load_apps(self) -> tuple[App, ...]:
        """See `AppStore.load_apps`."""
        return self._read(app_flows.load_apps)

    def put_app(self, app: App) -> Put:
        """See `AppStore.put_app`."""
        return self._transact(partial(app_flows.put_app, app))

    def remove_app(self, app_id: AppId, *, at: datetime) -> bool:
        """See `AppStore.remove_app`."""
        return self._write(partial(app_flows.remove_app, app_id, at=at))

    def list_tenants(self, app_id: AppId) -> tuple[Tenant, ...]:
        """See `AppStore.list_tenants`."""
        return self._read(partial(app_flows.list_tenants, app_id))

    def put_tenant(self, tenant: Tenant) -> Put:
        """See `AppStore.put_tenant`."""
        return self._transact(partial(app_flows.put_tenant, tenant))

    def remove_tenant(self, app_id: AppId, tenant_id: TenantId, *, at: datetime) -> bool:
        """See `AppStore.remove_tenant`."""
        return self._write(partial(app_flows.remove_tenant, app_id, tenant_id, at=at))

    # --- Removals ------------------------------------------------------------------------------------

    def list_removals(self) -> tuple[Removal, ...]:
        """See `Removals.list_removals`."""
        return self._read(removal_flows.list_removals)

    def clear_removed(self, removal: Removal, *, at: datetime, limit: int, forget: bool) -> bool:
        """See `Removals.clear_removed`."""
        return self._transact(
            partial(removal_flows.clear_removed, removal, at=at, limit=limit, forget=forget)
        )

    # --- UserIdMappings ------------------------------------------------------------------------------

    def create_mapping(self, mapping: UserIdMapping) -> tuple[UserIdMapping, ...]:
        """See `UserIdMappings.create_mapping`."""
        return self._write(partial(user_flows.create_mapping, mapping))

    def find_mappings(self, app_id: AppId, any_id: UserId) -> tuple[UserIdMapping, ...]:
        """See `UserIdMappings.find_mappings`."""
        return self._read(partial(user_flows.find_mappings, app_id, any_id))

    def delete_mapping(self, mapping: UserIdMapping) -> bool:
        """See `UserIdMappings.delete_mapping`."""
        return self._write(partial(user_flows.delete_mapping, mapping))

    def set_mapping_info(self, mapping: UserIdMapping) -> bool:
        """See `UserIdMappings.set_mapping_info`."""
        return self._write(partial(user_flows.set_mapping_info, mapping))

    def add_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...], *, register: bool
    ) -> tuple[Imported, ...]:
        """See `UserIdMappings.add_mappings`."""
        return self._transact(partial(user_flows.add_mappings, app_id, mappings, register=register))

    def preview_mappings(self, app_id: AppId, mappings: tuple[UserIdMapping, ...]) -> tuple[Imported, ...]:
        """See `UserIdMappings.preview_mappings`."""
        return self._read(partial(user_flows.preview_mappings, app_id, mappings))

    # --- Users ---------------------------------------------------------------------------------------

    def user_exists(self, app_id: AppId, user_id: UserId) -> bool:
        """See `Users.user_exists`."""
        return self._read(partial(user_flows.user_exists, app_id, user_id))

    def add_users(self, app_id: AppId, user_ids: tuple[UserId, ...]) -> int:
        """See `Users.add_users`."""
        return self._write(partial(user_flows.add_users, app_id, user_ids))

    def delete_user(self, app_id: AppId, user_id: UserId) -> bool:
        """See `Users.delete_user`."""
        return self._write(partial(user_flows.delete_user, app_id, user_id))

    def has_session(self, app_id: AppId, user_id: UserId, *, at: datetime) -> bool:
        """See `Users.has_session`."""
        return self._read(partial(user_flows.has_session, app_id, user_id, at=at))

    def count_active_users(self, app_id: AppId, *, since: datetime) -> int:
        """See `Users.count_active_users`."""
        return self._read(partial(user_flows.count_active_users, app_id, since=since))
