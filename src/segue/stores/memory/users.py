"""
`UserIdMappings` and `Users` over dictionaries.

House rule: both sides of a mapping are looked up and written under the same hold of the lock.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from segue.core.importing import compared
from segue.core.model import Imported, UserIdMapping
from segue.ids import AppId, UserId, whole_milliseconds
from segue.stores.memory.state import MemoryState


class MemoryUsers(MemoryState):
    """Mapped user ids and the registry."""

    def create_mapping(self, mapping: UserIdMapping) -> tuple[UserIdMapping, ...]:
        """See `UserIdMappings.create_mapping`."""
        with self._lock:
            in_the_way = self._sharing(mapping.app_id, mapping.user_id, mapping.external_id)
            if not in_the_way:
                self._keep_mapping(mapping)
            return in_the_way

    def find_mappings(self, app_id: AppId, any_id: UserId) -> tuple[UserIdMapping, ...]:
        """See `UserIdMappings.find_mappings`."""
        with self._lock:
            return self._sharing(app_id, any_id, any_id)

    def delete_mapping(self, mapping: UserIdMapping) -> bool:
        """See `UserIdMappings.delete_mapping`."""
        with self._lock:
            if self._stored(mapping) is None:
                return False
            self._forget_mapping(mapping)
            return True

    def set_mapping_info(self, mapping: UserIdMapping) -> bool:
        """See `UserIdMappings.set_mapping_info`."""
        with self._lock:
            if self._stored(mapping) is None:
                return False
            self._keep_mapping(mapping)
            return True

    def add_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...], *, register: bool
    ) -> tuple[Imported, ...]:
        """See `UserIdMappings.add_mappings`."""
        with self._lock:
            if register:
                self._users.update({(app_id, mapping.user_id): None for mapping in mappings})
            return tuple(self._add(replace(mapping, app_id=app_id)) for mapping in mappings)

    def preview_mappings(self, app_id: AppId, mappings: tuple[UserIdMapping, ...]) -> tuple[Imported, ...]:
        """See `UserIdMappings.preview_mappings`."""
        with self._lock:
            return tuple(self._compared(replace(mapping, app_id=app_id)) for mapping in mappings)

    def user_exists(self, app_id: AppId, user_id: UserId) -> bool:
        """See `Users.user_exists`."""
        with self._lock:
            return (app_id, user_id) in self._users

    def add_users(self, app_id: AppId, user_ids: tuple[UserId, ...]) -> int:
        """See `Users.add_users`."""
        with self._lock:
            before = len(self._users)
            self._users.update({(app_id, user_id): None for user_id in user_ids})
            return len(self._users) - before

    def delete_user(self, app_id: AppId, user_id: UserId) -> bool:
        """See `Users.delete_user`."""
        with self._lock:
            known = (app_id, user_id) in self._users
            self._users.pop((app_id, user_id), None)
            return known

    def has_session(self, app_id: AppId, user_id: UserId, *, at: datetime) -> bool:
        """See `Users.has_session`."""
        now = whole_milliseconds(at)
        with self._lock:
            return any(
                session.expires_at > now
                for session in self._sessions.values()
                if (session.app_id, session.user_id) == (app_id, user_id)
            )

    def count_active_users(self, app_id: AppId, *, since: datetime) -> int:
        """See `Users.count_active_users`."""
        start = whole_milliseconds(since)
        with self._lock:
            active = {
                session.user_id
                for session in self._sessions.values()
                if session.app_id == app_id and session.refreshed_at >= start
            }
        return len(active)

    def _add(self, mapping: UserIdMapping) -> Imported:
        became = self._compared(mapping)
        if became is Imported.ADDED:
            self._keep_mapping(mapping)
        return became

    def _compared(self, mapping: UserIdMapping) -> Imported:
        app_id = mapping.app_id
        holder = self._external_ids.get((app_id, mapping.external_id))
        of_external_id = None if holder is None else self._mappings[app_id, holder]
        return compared(mapping, self._mappings.get((app_id, mapping.user_id)), of_external_id)

    def _sharing(self, app_id: AppId, user_id: UserId, external_id: UserId) -> tuple[UserIdMapping, ...]:
        holder = self._external_ids.get((app_id, external_id))
        holders = dict.fromkeys([user_id] if holder is None else [user_id, holder])
        return tuple(self._mappings[app_id, each] for each in holders if (app_id, each) in self._mappings)

    def _stored(self, mapping: UserIdMapping) -> UserIdMapping | None:
        stored = self._mappings.get((mapping.app_id, mapping.user_id))
        return stored if stored is not None and stored.external_id == mapping.external_id else None

    def _keep_mapping(self, mapping: UserIdMapping) -> None:
        self._mappings[mapping.app_id, mapping.user_id] = mapping
        self._external_ids[mapping.app_id, mapping.external_id] = mapping.user_id
