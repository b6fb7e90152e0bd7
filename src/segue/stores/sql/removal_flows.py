"""
The operations of `Removals` as flows of statements.

House rule: one flow is one transaction, which first locks the mark of the removal; without it nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias, cast

from segue.core.model import Removal
from segue.flow import Flow, ask
from segue.ids import AppId, SessionHandle, TenantId, from_milliseconds, to_milliseconds
from segue.stores.sql.statements import SqlValue, Statement, Statements
from segue.stores.sql.values import list_to_text

DeleteSessions: TypeAlias = Callable[[Statement, tuple[SqlValue, ...], datetime], Flow[int]]
"""Runs a statement that deletes sessions of an app, the first of its parameters; tells the feed; how many went."""

_OF_APP = (
    Statement.DELETE_SIGNING_KEYS_OF_APP,
    Statement.DELETE_CLAIMS_OF_APP,
    Statement.DELETE_DELIVERIES_OF_APP,
    Statement.DELETE_ATTEMPTS_OF_APP,
    Statement.DELETE_ATTEMPT_COUNTS_OF_APP,
    Statement.DELETE_IDENTITIES_OF_APP,
    Statement.DELETE_ROLLOUTS_OF_APP,
    Statement.DELETE_MAPPINGS_OF_APP,
    Statement.DELETE_USERS_OF_APP,
    Statement.DELETE_TENANTS_OF_APP,
)


async def list_removals() -> tuple[Removal, ...]:
    """See `Removals.list_removals`."""
    apps = cast("list[tuple[AppId, int]]", await ask(Statements.execute, Statement.LIST_REMOVED_APPS, ()))
    tenants = cast(
        "list[tuple[AppId, TenantId, int]]",
        await ask(Statements.execute, Statement.LIST_REMOVED_TENANTS, ()),
    )
    removals = [
        *(Removal(app_id=app_id, removed_at=from_milliseconds(at)) for app_id, at in apps),
        *(
            Removal(app_id=app_id, tenant_id=tenant_id, removed_at=from_milliseconds(at))
            for app_id, tenant_id, at in tenants
        ),
    ]
    return tuple(sorted(removals, key=lambda removal: removal.removed_at))


async def delete_and_append(statement: Statement, parameters: tuple[SqlValue, ...], at: datetime) -> int:
    """Delete sessions by one statement, tell the feed by another."""
    rows = cast("list[tuple[SessionHandle]]", await ask(Statements.execute, statement, parameters))
    if rows:
        handles = list_to_text(handle for (handle,) in rows)
        entries = (parameters[0], handles, to_milliseconds(at))
        await ask(Statements.execute, Statement.APPEND_REVOCATIONS, entries)
    return len(rows)


async def clear_removed(
    removal: Removal,
    *,
    at: datetime,
    limit: int,
    forget: bool,
    delete_sessions: DeleteSessions = delete_and_append,
) -> bool:
    """See `Removals.clear_removed`."""
    key = _key(removal)
    lock, forgetting = _marks(removal)
    if not await ask(Statements.execute, lock, (*key, to_milliseconds(removal.removed_at))):
        return False
    # A row that another transaction has just deleted makes a batch smaller, so only an empty one is the last.
    gone = await _clear(removal, at, limit, delete_sessions)
    if gone == 0 and forget:
        await ask(Statements.execute, forgetting, key)
    return gone > 0


async def _clear(removal: Removal, at: datetime, limit: int, delete_sessions: DeleteSessions) -> int:
    parameters = (*_key(removal), limit)
    if removal.tenant_id is not None:
        return await delete_sessions(Statement.DELETE_SESSIONS_OF_TENANT, parameters, at)
    gone = await delete_sessions(Statement.DELETE_SESSIONS_OF_APP, parameters, at)
    for statement in _OF_APP:
        if gone < limit:
            gone += len(await ask(Statements.execute, statement, (removal.app_id, limit - gone)))
    return gone


def _marks(removal: Removal) -> tuple[Statement, Statement]:
    if removal.tenant_id is None:
        return Statement.LOCK_REMOVED_APP, Statement.FORGET_APP
    return Statement.LOCK_REMOVED_TENANT, Statement.FORGET_TENANT


def _key(removal: Removal) -> tuple[SqlValue, ...]:
    if removal.tenant_id is None:
        return (removal.app_id,)
    return (removal.app_id, removal.tenant_id)
