"""
`SessionStore` over dictionaries.

House rule: compare and swap happen under one hold of the lock.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from segue.ids import AppId, Digest, SessionHandle, whole_milliseconds
from segue.json import JsonObject
from segue.sessions.model import Family, Rotation, Session
from segue.stores.memory.state import MemoryState, copied, copied_json, refuse_double
from segue.stores.sql.values import json_to_text


class MemorySessions(MemoryState):
    """Sessions by their handle."""

    def create_session(self, session: Session) -> None:
        """See `SessionStore.create_session`."""
        with self._lock:
            refuse_double(self._sessions, (session.app_id, session.handle))
            self._sessions[session.app_id, session.handle] = copied(session)

    def load_session(self, app_id: AppId, handle: SessionHandle) -> Session | None:
        """See `SessionStore.load_session`."""
        with self._lock:
            session = self._sessions.get((app_id, handle))
            return None if session is None else copied(session)

    def rotate_family(self, rotation: Rotation) -> Session | None:
        """See `SessionStore.rotate_family`."""
        key, at = (rotation.app_id, rotation.handle), whole_milliseconds(rotation.at)
        with self._lock:
            session = self._sessions.get(key)
            if session is None or session.family.current != rotation.presented or session.expires_at <= at:
                return None
            self._sessions[key] = _rotated(session, rotation, at)
            return copied(self._sessions[key])

    def replace_family(self, session: Session, *, if_current: Digest) -> bool:
        """See `SessionStore.replace_family`."""
        new = copied(session)
        key = (new.app_id, new.handle)
        with self._lock:
            stored = self._sessions.get(key)
            if stored is None or stored.family.current != if_current:
                return False
            self._sessions[key] = replace(
                stored,
                family=new.family,
                refreshed_at=new.refreshed_at,
                expires_at=new.expires_at,
                static_key=new.static_key,
            )
            return True

    def update_session(
        self,
        app_id: AppId,
        handle: SessionHandle,
        *,
        payload: JsonObject | None,
        data: JsonObject | None,
        if_payload: JsonObject | None = None,
    ) -> Session | None:
        """See `SessionStore.update_session`."""
        with self._lock:
            stored = self._sessions.get((app_id, handle))
            if stored is None or not _still(stored.payload, if_payload):
                return None
            new = replace(
                stored,
                payload=stored.payload if payload is None else copied_json(payload),
                data=stored.data if data is None else copied_json(data),
            )
            self._sessions[app_id, handle] = new
            return copied(new)


def _still(stored: JsonObject, expected: JsonObject | None) -> bool:
    # By text, as a database compares: 1 is not 1.0, and the order of names counts.
    return expected is None or json_to_text(stored) == json_to_text(expected)


def _rotated(session: Session, rotation: Rotation, at: datetime) -> Session:
    family = Family(
        current=rotation.successor,
        previous=rotation.presented,
        secret_id=rotation.secret_id,
        generation=session.family.generation + 1,
        rotated_at=at,
    )
    expires_at = at + session.refresh_lifetime
    if session.absolute_expires_at is not None:
        expires_at = min(expires_at, session.absolute_expires_at)
    static_key = session.static_key if rotation.static_key is None else rotation.static_key
    return replace(session, family=family, refreshed_at=at, expires_at=expires_at, static_key=static_key)
