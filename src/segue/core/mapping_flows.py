"""
Map user ids: create, find, change and delete a mapping (core protocol, user-id mapping).

The order of the checks is the protocol's; what two callers at once may do to one another is settled by the write
alone, of which one wins. House rule: every outcome is a named value, never an exception.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from msgspec.structs import replace

from segue.core.model import UserIdMapping
from segue.core.ports import UserIdMappings, Users
from segue.flow import ask
from segue.ids import AppId, UserId


class KnownUsers(Enum):
    """Which user ids count as existing."""

    EVERY_ID = auto()
    """The application keeps its users itself and registers none here."""
    REGISTERED = auto()
    """Those in the registry."""


class IdKind(Enum):
    """What a given id is."""

    USER_ID = auto()
    EXTERNAL_ID = auto()
    ANY = auto()
    """Either; where it is both, the user id counts."""


class Creation(Enum):
    """What became of a mapping to be created."""

    CREATED = auto()
    UNKNOWN_USER = auto()
    BOTH_MAPPED = auto()
    """This very pair is there."""
    USER_ID_MAPPED = auto()
    """To another external id."""
    EXTERNAL_ID_MAPPED = auto()
    """To another user id; also where the user id is mapped elsewhere, too."""
    EXTERNAL_ID_IS_A_USER_ID = auto()
    """It would be unclear from then on whom it means."""
    IN_USE = auto()
    """A session carries the user id, and would no longer be found by its user's sessions."""


class Deletion(Enum):
    """What became of a mapping to be deleted."""

    DELETED = auto()
    NOT_THERE = auto()
    IN_USE = auto()
    """A session carries the external id."""


async def create_mapping(
    mapping: UserIdMapping, *, known: KnownUsers, force: bool, now: datetime
) -> Creation:
    """
    Map a user id to an external id.

    Args:
        mapping: with ids that are not blank.
        known: whom to take for a user.
        force: also if the external id is a user id, or a session carries the user id.
        now: aware UTC instant.
    """
    found = await ask(UserIdMappings.find_mappings, mapping.app_id, mapping.external_id)
    if holders := [each for each in found if each.external_id == mapping.external_id]:
        return _refused(mapping, holders[0])
    refusal = await _objection(mapping, known=known, force=force, now=now)
    if refusal is not None:
        return refusal
    in_the_way = await ask(UserIdMappings.create_mapping, mapping)
    # Of two in the way the protocol reports that of the external id.
    return _refused(mapping, in_the_way[-1]) if in_the_way else Creation.CREATED


async def find_mapping(app_id: AppId, given: UserId, *, kind: IdKind) -> UserIdMapping | None:
    """The mapping of an id, if there is one."""
    found = await ask(UserIdMappings.find_mappings, app_id, given)
    return next((each for each in found if _is_of(each, given, kind)), None)


async def delete_mapping(
    app_id: AppId, given: UserId, *, kind: IdKind, force: bool, now: datetime
) -> Deletion:
    """Forget the mapping of an id; with *force* also if a session carries the external id."""
    mapping = await find_mapping(app_id, given, kind=kind)
    if mapping is None:
        return Deletion.NOT_THERE
    if not force and await ask(Users.has_session, app_id, mapping.external_id, at=now):
        return Deletion.IN_USE
    deleted = await ask(UserIdMappings.delete_mapping, mapping)
    return Deletion.DELETED if deleted else Deletion.NOT_THERE


async def set_mapping_info(app_id: AppId, given: UserId, *, kind: IdKind, info: str | None) -> bool:
    """Replace what is remembered of a mapping, None: nothing; whether there is such a mapping."""
    mapping = await find_mapping(app_id, given, kind=kind)
    if mapping is None:
        return False
    return await ask(UserIdMappings.set_mapping_info, replace(mapping, info=info))


async def session_user_id(app_id: AppId, given: UserId) -> UserId:
    """The id that a new session of this user carries: the external one if the user is mapped, else the given one."""
    found = await ask(UserIdMappings.find_mappings, app_id, given)
    if not found or any(each.external_id == given for each in found):
        return given
    return found[0].external_id


async def _objection(
    mapping: UserIdMapping, *, known: KnownUsers, force: bool, now: datetime
) -> Creation | None:
    app_id, registered = mapping.app_id, known is KnownUsers.REGISTERED
    if registered and not await ask(Users.user_exists, app_id, mapping.user_id):
        return Creation.UNKNOWN_USER
    if force:
        return None
    # Where every id counts, none could be told apart from a user's.
    if registered and await ask(Users.user_exists, app_id, mapping.external_id):
        return Creation.EXTERNAL_ID_IS_A_USER_ID
    if await ask(Users.has_session, app_id, mapping.user_id, at=now):
        return Creation.IN_USE
    return None


def _refused(mapping: UserIdMapping, in_the_way: UserIdMapping) -> Creation:
    if in_the_way.external_id != mapping.external_id:
        return Creation.USER_ID_MAPPED
    same = in_the_way.user_id == mapping.user_id
    return Creation.BOTH_MAPPED if same else Creation.EXTERNAL_ID_MAPPED


def _is_of(mapping: UserIdMapping, given: UserId, kind: IdKind) -> bool:
    sides = {
        IdKind.USER_ID: (mapping.user_id,),
        IdKind.EXTERNAL_ID: (mapping.external_id,),
        IdKind.ANY: (mapping.user_id, mapping.external_id),
    }
    return given in sides[kind]
