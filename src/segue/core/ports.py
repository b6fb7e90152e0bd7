"""
What the core flows need from a store.

House rule: as for the session store, every method is atomic and durable when it returns, none reads a clock or judges;
any may raise `StoreUnavailable`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from segue.core.model import App, Imported, Put, Removal, Tenant, UserIdMapping
from segue.ids import AppId, TenantId, UserId


class AppStore(Protocol):
    """Which apps and tenants there are. The public app and public tenants are there also without a row."""

    def load_apps(self) -> tuple[App, ...]:
        """All that have a row and are not removed, by their ids."""
        ...

    def put_app(self, app: App) -> Put:
        """
        Write an app that is not there, or merge its config into that of the one that is (RFC 7396: null removes).

        What is there keeps its `created_at`. Nulls at any depth are never stored.
        """
        ...

    def remove_app(self, app_id: AppId, *, at: datetime) -> bool:
        """From now on it is not loaded; whether it was there. What belongs to it goes by `clear_removed`."""
        ...

    def list_tenants(self, app_id: AppId) -> tuple[Tenant, ...]:
        """All of the app that have a row and are not removed, by their ids."""
        ...

    def put_tenant(self, tenant: Tenant) -> Put:
        """As `put_app`. Whether there is such an app is not looked at."""
        ...

    def remove_tenant(self, app_id: AppId, tenant_id: TenantId, *, at: datetime) -> bool:
        """From now on it is not listed; whether it was there. Its sessions go by `clear_removed`."""
        ...


class Removals(Protocol):
    """Empties removed apps and tenants, bit by bit."""

    def list_removals(self) -> tuple[Removal, ...]:
        """All that are not yet forgotten, the oldest first."""
        ...

    def clear_removed(self, removal: Removal, *, at: datetime, limit: int, forget: bool) -> bool:
        """
        Delete at most *limit* rows of a removed app or tenant; whether to call again.

        Of an app everything goes: sessions, keys, claims, deliveries, what is known of its migrations, mappings,
        users, tenants; of a tenant its sessions. A session goes with its entry in the revocation feed, at the instant
        *at*. If nothing is left, False; with *forget* the removal itself goes in the same transaction, so that the id
        is free. False, too, if this removal is no longer there: somebody else has finished, and one made anew is not
        touched.
        """
        ...


class UserIdMappings(Protocol):
    """By which other ids users are known."""

    def create_mapping(self, mapping: UserIdMapping) -> tuple[UserIdMapping, ...]:
        """
        Write it, unless its user id or its external id is mapped.

        Empty: it is written. Else those in the way, that of the user id first; nothing was written.
        """
        ...

    def find_mappings(self, app_id: AppId, any_id: UserId) -> tuple[UserIdMapping, ...]:
        """Those that have this id on either side: at most two, the one that has it as user id first."""
        ...

    def delete_mapping(self, mapping: UserIdMapping) -> bool:
        """Forget this pair, whatever its info; whether it was there."""
        ...

    def set_mapping_info(self, mapping: UserIdMapping) -> bool:
        """Give this pair this info; whether it was there."""
        ...

    def add_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...], *, register: bool
    ) -> tuple[Imported, ...]:
        """
        Write many, each unless it conflicts, as if one after the other, in one transaction; what became of each.

        Args:
            app_id: theirs; what they say themselves is not looked at.
            mappings: some ten thousand at most; others who write to an SQLite file wait meanwhile.
            register: add their user ids to the registry, too, also those of mappings that conflict.

        Raises:
            ValueError: the database cannot keep one of the texts (PostgreSQL: a NUL); nothing was written.
        """
        ...

    def preview_mappings(self, app_id: AppId, mappings: tuple[UserIdMapping, ...]) -> tuple[Imported, ...]:
        """What would become of each if it were added now and alone; nothing is written."""
        ...


class Users(Protocol):
    """Who the users are: the registry, for those who use it, and what sessions tell."""

    def user_exists(self, app_id: AppId, user_id: UserId) -> bool:
        """Whether the registry has it."""
        ...

    def add_users(self, app_id: AppId, user_ids: tuple[UserId, ...]) -> int:
        """Add to the registry, some ten thousand at most; how many were not there."""
        ...

    def delete_user(self, app_id: AppId, user_id: UserId) -> bool:
        """Take from the registry, and nothing else; whether it was there."""
        ...

    def has_session(self, app_id: AppId, user_id: UserId, *, at: datetime) -> bool:
        """Whether a session that lives at the instant carries this user id, to the letter."""
        ...

    def count_active_users(self, app_id: AppId, *, since: datetime) -> int:
        """
        How many user ids have a session made or refreshed at that instant or later.

        Only of sessions that are still there: whoever has signed out of all of them does not count.
        """
        ...
