"""
`SessionIndex` over dictionaries: lists, revocation and its feed, clean-up.

House rule: sessions and their entries in the feed change under one hold of the lock.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from segue.ids import AppId, SessionHandle, whole_milliseconds
from segue.migration.records import MintedCount
from segue.sessions.model import (
    ByHandle,
    ByProvenance,
    ByTenant,
    ByUser,
    Position,
    Revocation,
    Selection,
    Session,
)
from segue.stores.memory.state import MemoryState, copied


class MemoryIndex(MemoryState):
    """Sessions by anything else than their handle."""

    def list_sessions(
        self,
        app_id: AppId,
        selection: Selection,
        *,
        at: datetime,
        limit: int,
        after: Position | None = None,
    ) -> tuple[Session, ...]:
        """See `SessionIndex.list_sessions`."""
        now = whole_milliseconds(at)
        with self._lock:
            living = [session for session in self._selected(app_id, selection) if session.expires_at > now]
        living.sort(key=lambda session: session.handle)
        living.sort(key=lambda session: session.created_at, reverse=True)
        found = [session for session in living if after is None or _comes_after(after, session)]
        return tuple(copied(session) for session in found[:limit])

    def count_minted(self, app_id: AppId, minted: ByProvenance, *, at: datetime) -> MintedCount:
        """See `AttemptLog.count_minted`."""
        now = whole_milliseconds(at)
        with self._lock:
            living = [session for session in self._selected(app_id, minted) if session.expires_at > now]
        made = [session.created_at for session in living]
        return MintedCount(
            count=len(living),
            users=len({session.user_id for session in living}),
            first_at=min(made, default=None),
            last_at=max(made, default=None),
        )

    def select_handles(self, app_id: AppId, selection: Selection, *, limit: int) -> tuple[SessionHandle, ...]:
        """See `SessionIndex.select_handles`."""
        with self._lock:
            return tuple(session.handle for session in self._selected(app_id, selection)[:limit])

    def delete_sessions(
        self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
    ) -> tuple[SessionHandle, ...]:
        """See `SessionIndex.delete_sessions`."""
        now = whole_milliseconds(at)
        with self._lock:
            gone = [
                self._sessions.pop((app_id, handle))
                for handle in dict.fromkeys(handles)
                if (app_id, handle) in self._sessions
            ]
            for session in gone:
                self._tell(app_id, session.handle, now)
                for name, delivery in self._deliveries.items():
                    if delivery.held and (delivery.app_id, delivery.handle) == (app_id, session.handle):
                        self._deliveries[name] = replace(delivery, held=False, due_at=now)
        return tuple(session.handle for session in gone if session.expires_at > now)

    def revocations_after(self, sequence: int, *, limit: int) -> tuple[Revocation, ...]:
        """See `SessionIndex.revocations_after`."""
        with self._lock:
            return tuple(entry for entry in self._revocations if entry.sequence > sequence)[:limit]

    def last_revocation(self) -> int:
        """See `SessionIndex.last_revocation`."""
        with self._lock:
            return self._last_revocation

    def delete_expired(self, *, at: datetime, revocations_before: datetime, limit: int) -> int:
        """See `SessionIndex.delete_expired`."""
        now, oldest = whole_milliseconds(at), whole_milliseconds(revocations_before)
        with self._lock:
            over = [session for session in self._sessions.values() if session.expires_at <= now]
            over.sort(key=lambda session: session.expires_at)
            for session in over[:limit]:
                del self._sessions[session.app_id, session.handle]
            old = [entry for entry in self._revocations if entry.revoked_at < oldest]
            old.sort(key=lambda entry: entry.revoked_at)
            for entry in old[:limit]:
                self._revocations.remove(entry)
        return len(over[:limit]) + len(old[:limit])

    def _selected(self, app_id: AppId, selection: Selection) -> list[Session]:
        return [
            session
            for session in self._sessions.values()
            if session.app_id == app_id and _selects(selection, session)
        ]


def _comes_after(place: Position, session: Session) -> bool:
    created_at = whole_milliseconds(place.created_at)
    return session.created_at < created_at or (
        session.created_at == created_at and session.handle > place.handle
    )


def _selects(selection: Selection, session: Session) -> bool:
    match selection:
        case ByHandle():
            return session.handle in selection.handles
        case ByUser():
            return (
                session.user_id == selection.user_id
                and selection.tenant_id in {None, session.tenant_id}
                and session.handle != selection.except_handle
            )
        case ByTenant():
            return session.tenant_id == selection.tenant_id
        case ByProvenance():
            return _minted(selection, session)
        case _:
            assert_never(selection)


def _minted(selection: ByProvenance, session: Session) -> bool:
    provenance = session.provenance
    return (
        provenance is not None
        and provenance.issuer == selection.issuer
        and selection.verifier_version in {None, provenance.verifier_version}
        and (
            selection.created_from is None or whole_milliseconds(selection.created_from) <= session.created_at
        )
        and (
            selection.created_before is None
            or session.created_at < whole_milliseconds(selection.created_before)
        )
    )
