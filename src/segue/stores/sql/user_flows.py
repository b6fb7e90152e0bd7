"""
The operations of `UserIdMappings` and `Users` as flows of statements.

House rule: one flow is one transaction; what is written at once is decided by the keys of the tables, never by a look
beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias, cast

from segue.core.importing import Pair, outcomes
from segue.core.model import Imported, UserIdMapping
from segue.errors import StoreUnavailable
from segue.flow import ask
from segue.ids import AppId, UserId, to_milliseconds
from segue.stores.sql.statements import Row, Statement, Statements
from segue.stores.sql.values import list_to_text, table_to_text

MappingRow: TypeAlias = tuple[AppId, UserId, UserId, str | None]

ATTEMPTS = 3
"""How often what was in the way may be gone when it is looked at."""


async def create_mapping(mapping: UserIdMapping) -> tuple[UserIdMapping, ...]:
    """See `UserIdMappings.create_mapping`."""
    row = (mapping.app_id, mapping.user_id, mapping.external_id, mapping.info)
    for _ in range(ATTEMPTS):
        if await ask(Statements.execute, Statement.CREATE_MAPPING, row):
            return ()
        # The ones in the way may be too new for the statement that met them, so they are read by another.
        in_the_way = await _sharing(*row[:3])
        if in_the_way:
            return in_the_way
    raise StoreUnavailable("the mapping in the way comes and goes")


async def find_mappings(app_id: AppId, any_id: UserId) -> tuple[UserIdMapping, ...]:
    """See `UserIdMappings.find_mappings`."""
    return await _sharing(app_id, any_id, any_id)


async def delete_mapping(mapping: UserIdMapping) -> bool:
    """See `UserIdMappings.delete_mapping`."""
    pair = (mapping.app_id, mapping.user_id, mapping.external_id)
    return bool(await ask(Statements.execute, Statement.DELETE_MAPPING, pair))


async def set_mapping_info(mapping: UserIdMapping) -> bool:
    """See `UserIdMappings.set_mapping_info`."""
    row = (mapping.app_id, mapping.user_id, mapping.external_id, mapping.info)
    return bool(await ask(Statements.execute, Statement.SET_MAPPING_INFO, row))


async def add_mappings(
    app_id: AppId, mappings: tuple[UserIdMapping, ...], *, register: bool
) -> tuple[Imported, ...]:
    """See `UserIdMappings.add_mappings`."""
    if register:
        await add_users(app_id, tuple(mapping.user_id for mapping in mappings))
    added: set[Pair] = set()
    left = _in_key_order(mappings)
    for _ in range(ATTEMPTS):
        rows = await ask(Statements.execute, Statement.ADD_MAPPINGS, (app_id, _to_text(left)))
        added.update(cast("Iterable[Pair]", map(tuple, rows)))
        if len(added) == len(mappings):
            return (Imported.ADDED,) * len(mappings)
        left = [mapping for mapping in mappings if (mapping.user_id, mapping.external_id) not in added]
        became = outcomes(mappings, added=added, stored=await _among(app_id, left))
        if became.count(Imported.ADDED) == len(added):
            return became
    raise StoreUnavailable("mappings in the way come and go")


async def preview_mappings(app_id: AppId, mappings: tuple[UserIdMapping, ...]) -> tuple[Imported, ...]:
    """See `UserIdMappings.preview_mappings`."""
    return outcomes(mappings, added=frozenset(), stored=await _among(app_id, mappings))


async def user_exists(app_id: AppId, user_id: UserId) -> bool:
    """See `Users.user_exists`."""
    return bool(await ask(Statements.execute, Statement.USER_EXISTS, (app_id, user_id)))


async def add_users(app_id: AppId, user_ids: tuple[UserId, ...]) -> int:
    """See `Users.add_users`."""
    return len(await ask(Statements.execute, Statement.ADD_USERS, (app_id, list_to_text(user_ids))))


async def delete_user(app_id: AppId, user_id: UserId) -> bool:
    """See `Users.delete_user`."""
    return bool(await ask(Statements.execute, Statement.DELETE_USER, (app_id, user_id)))


async def has_session(app_id: AppId, user_id: UserId, *, at: datetime) -> bool:
    """See `Users.has_session`."""
    parameters = (app_id, user_id, to_milliseconds(at))
    return bool(await ask(Statements.execute, Statement.HAS_SESSION, parameters))


async def count_active_users(app_id: AppId, *, since: datetime) -> int:
    """See `Users.count_active_users`."""
    parameters = (app_id, to_milliseconds(since))
    rows = cast("list[tuple[int]]", await ask(Statements.execute, Statement.COUNT_ACTIVE_USERS, parameters))
    return rows[0][0]


def _in_key_order(mappings: tuple[UserIdMapping, ...]) -> Sequence[UserIdMapping]:
    """As the table is ordered, so that neighbours are written on one page; unless they conflict with one another."""
    user_ids, external_ids = {each.user_id for each in mappings}, {each.external_id for each in mappings}
    if len(user_ids) == len(external_ids) == len(mappings):
        return sorted(mappings, key=lambda mapping: mapping.user_id)
    return mappings


async def _sharing(app_id: AppId, user_id: UserId, external_id: UserId) -> tuple[UserIdMapping, ...]:
    """At most two, that of the user id first."""
    parameters = (app_id, user_id, external_id)
    rows = await ask(Statements.execute, Statement.FIND_MAPPINGS, parameters)
    found = (_mapping_from_row(row) for row in rows)
    return tuple(sorted(found, key=lambda mapping: mapping.user_id != user_id))


async def _among(app_id: AppId, mappings: Iterable[UserIdMapping]) -> list[UserIdMapping]:
    rows = await ask(Statements.execute, Statement.MAPPINGS_AMONG, (app_id, _to_text(mappings)))
    return [_mapping_from_row(row) for row in rows]


def _to_text(mappings: Iterable[UserIdMapping]) -> str:
    return table_to_text((each.user_id, each.external_id, each.info) for each in mappings)


def _mapping_from_row(row: Row) -> UserIdMapping:
    app_id, user_id, external_id, info = cast("MappingRow", row)
    return UserIdMapping(app_id=app_id, user_id=user_id, external_id=external_id, info=info)
