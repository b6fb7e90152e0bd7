"""
The operations of `SessionIndex` as flows of statements: lists, revocation and its feed, clean-up.

House rule: one flow is one transaction; a session never goes without its entry in the feed, unless its time was over
and it is only cleaned up.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, assert_never, cast

from segue.flow import ask
from segue.ids import AppId, SessionHandle, from_milliseconds, to_milliseconds
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
from segue.stores.sql.session_rows import session_from_row
from segue.stores.sql.statements import Row, SqlValue, Statement, Statements
from segue.stores.sql.values import EARLIEST, LATEST, list_to_text

_FIRST = (LATEST - 1, "")
"""Before every session of a list; one less, because a statement adds one."""

RevocationRow: TypeAlias = tuple[int, AppId, SessionHandle, int]


async def list_sessions(
    app_id: AppId, selection: Selection, *, at: datetime, limit: int, after: Position | None
) -> tuple[Session, ...]:
    """See `SessionIndex.list_sessions`."""
    statement, _, parameters = selected(selection)
    before, handle = _FIRST if after is None else (to_milliseconds(after.created_at), after.handle)
    page = (to_milliseconds(at), limit, before, handle)
    rows = await ask(Statements.execute, statement, (app_id, *parameters, *page))
    return tuple(session_from_row(row) for row in rows)


async def select_handles(app_id: AppId, selection: Selection, *, limit: int) -> tuple[SessionHandle, ...]:
    """See `SessionIndex.select_handles`."""
    _, statement, parameters = selected(selection)
    rows = await ask(Statements.execute, statement, (app_id, *parameters, limit))
    return tuple(handle for (handle,) in cast("list[tuple[SessionHandle]]", rows))


async def delete_sessions(
    app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
) -> tuple[SessionHandle, ...]:
    """See `SessionIndex.delete_sessions`."""
    deletion = await ask(Statements.execute, Statement.DELETE_SESSIONS, (app_id, list_to_text(handles)))
    rows = cast("list[tuple[SessionHandle, int]]", deletion)
    if not rows:
        return ()
    now = to_milliseconds(at)
    gone = list_to_text(handle for handle, _ in rows)
    await ask(Statements.execute, Statement.APPEND_REVOCATIONS, (app_id, gone, now))
    await ask(Statements.execute, Statement.RELEASE_DELIVERIES, (app_id, gone, now))
    return tuple(handle for handle, expires_at in rows if expires_at > now)


async def revocations_after(sequence: int, *, limit: int) -> tuple[Revocation, ...]:
    """See `SessionIndex.revocations_after`."""
    rows = await ask(Statements.execute, Statement.REVOCATIONS_AFTER, (sequence, limit))
    return tuple(_revocation_from_row(row) for row in rows)


async def last_revocation() -> int:
    """See `SessionIndex.last_revocation`."""
    rows = cast("list[tuple[int]]", await ask(Statements.execute, Statement.LAST_REVOCATION, ()))
    return rows[0][0] if rows else 0


async def sweep_sessions(*, at: datetime, limit: int) -> tuple[int, bool]:
    """
    Look at the *limit* sessions whose turn it is: what is over goes, what has been refreshed since gets its next turn.

    How many went, and whether others may have moved up into their places.
    """
    now = to_milliseconds(at)
    moved = await ask(Statements.execute, Statement.POSTPONE_SWEEPS, (now, limit))
    gone = await ask(Statements.execute, Statement.DELETE_EXPIRED_SESSIONS, (now, limit))
    return len(gone), bool(moved)


async def delete_old_revocations(*, before: datetime, limit: int) -> int:
    """Delete entries of the feed that are older; how many went."""
    gone = await ask(Statements.execute, Statement.DELETE_OLD_REVOCATIONS, (to_milliseconds(before), limit))
    return len(gone)


def selected(selection: Selection) -> tuple[Statement, Statement, tuple[SqlValue, ...]]:
    """The statement that lists, the one that finds handles, and the parameters of both after the app."""
    match selection:
        case ByHandle():
            parameters: tuple[SqlValue, ...] = (list_to_text(selection.handles),)
            return Statement.LIST_SESSIONS_BY_HANDLE, Statement.SELECT_HANDLES_BY_HANDLE, parameters
        case ByUser():
            parameters = (selection.user_id, selection.tenant_id, selection.except_handle)
            return Statement.LIST_SESSIONS_BY_USER, Statement.SELECT_HANDLES_BY_USER, parameters
        case ByTenant():
            parameters = (selection.tenant_id,)
            return Statement.LIST_SESSIONS_BY_TENANT, Statement.SELECT_HANDLES_BY_TENANT, parameters
        case ByProvenance():
            parameters = _provenance_parameters(selection)
            return Statement.LIST_SESSIONS_BY_PROVENANCE, Statement.SELECT_HANDLES_BY_PROVENANCE, parameters
        case _:
            assert_never(selection)


def _provenance_parameters(selection: ByProvenance) -> tuple[SqlValue, ...]:
    created_from, created_before = selection.created_from, selection.created_before
    return (
        selection.issuer,
        selection.verifier_version,
        EARLIEST if created_from is None else to_milliseconds(created_from),
        LATEST if created_before is None else to_milliseconds(created_before),
    )


def _revocation_from_row(row: Row) -> Revocation:
    sequence, app_id, handle, revoked_at = cast("RevocationRow", row)
    return Revocation(
        sequence=sequence, app_id=app_id, handle=handle, revoked_at=from_milliseconds(revoked_at)
    )
