"""
The operations of `Identities` as flows of statements, and its rows.

House rule: a link with a user never changes; what is returned is what is stored.
"""

from __future__ import annotations

from typing import TypeAlias, cast

from segue.errors import StoreUnavailable
from segue.flow import ask
from segue.ids import AppId, Digest, UserId, from_milliseconds, to_milliseconds
from segue.migration.model import IdentityLink, LinkOrigin
from segue.stores.sql.statements import Row, SqlValue, Statement, Statements

LinkRow: TypeAlias = tuple[AppId, Digest, str, str, UserId | None, str, int, int | None]


async def find_identity(app_id: AppId, subject_digest: Digest) -> IdentityLink | None:
    """See `Identities.find_identity`."""
    rows = await ask(Statements.execute, Statement.FIND_IDENTITY, (app_id, subject_digest))
    return _link_from_row(rows[0]) if rows else None


async def reserve_identity(link: IdentityLink) -> IdentityLink | None:
    """See `Identities.reserve_identity`."""
    row = _link_to_row(link)
    if await ask(Statements.execute, Statement.RESERVE_IDENTITY, (*row[:4], *row[5:])):
        return None
    return await _there(link)


async def link_identity(link: IdentityLink) -> UserId:
    """See `Identities.link_identity`."""
    if link.user_id is None:
        raise ValueError("a link without a user is a reservation")
    if await ask(Statements.execute, Statement.LINK_IDENTITY, _link_to_row(link)[:7]):
        return link.user_id
    there = await _there(link)
    if there.user_id is None:
        raise StoreUnavailable("the link that was in the way has changed meanwhile")
    return there.user_id


async def list_identities(app_id: AppId, user_id: UserId, *, limit: int) -> tuple[IdentityLink, ...]:
    """See `Identities.list_identities`."""
    rows = await ask(Statements.execute, Statement.LIST_IDENTITIES, (app_id, user_id, limit))
    return tuple(_link_from_row(row) for row in rows)


async def _there(link: IdentityLink) -> IdentityLink:
    found = await find_identity(link.app_id, link.subject_digest)
    if found is None:
        raise StoreUnavailable("the link that was in the way is gone")
    return found


def _link_to_row(link: IdentityLink) -> tuple[SqlValue, ...]:
    return (
        link.app_id,
        link.subject_digest,
        link.provider,
        link.issuer,
        link.user_id,
        link.origin.value,
        to_milliseconds(link.linked_at),
        None if link.busy_until is None else to_milliseconds(link.busy_until),
    )


def _link_from_row(row: Row) -> IdentityLink:
    app_id, subject_digest, provider, issuer, user_id, origin, linked_at, busy_until = cast("LinkRow", row)
    return IdentityLink(
        app_id=app_id,
        subject_digest=subject_digest,
        provider=provider,
        issuer=issuer,
        user_id=user_id,
        origin=LinkOrigin(origin),
        linked_at=from_milliseconds(linked_at),
        busy_until=None if busy_until is None else from_milliseconds(busy_until),
    )
