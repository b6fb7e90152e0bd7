"""
Who a provider's identity is here, wherever that has to be asked.

A person that was written down stays that user: the table is asked first, and what hooks say is written into it before
it counts. House rule: a hook that makes a user is called by one caller at a time, after a reservation, and only for
somebody who is not in the table; a replay never gets that far.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from segue.errors import (
    Contended,
    IdentityAmbiguous,
    MappingConflict,
    UserIdCollision,
    UserRefused,
    UserUnknown,
)
from segue.flow import ask
from segue.ids import AppId, UserId
from segue.migration.mapping import (
    FromClaim,
    ImportedTable,
    Prefixed,
    SameId,
    proposed_user_id,
    verified_email,
)
from segue.migration.model import Identity, IdentityLink, LinkOrigin
from segue.migration.policy import ProviderPolicy
from segue.migration.ports import Identities, UserMapper

MAKING = timedelta(seconds=30)
"""So long a hook may take to make a user before another caller tries."""
_MAX_USER_ID = 128
_ENOUGH = 20


async def map_user(
    identity: Identity,
    provider: ProviderPolicy,
    *,
    app_id: AppId,
    now: datetime,
    shared: bool,
    rehearsing: bool = False,
) -> UserId:
    """
    Our user id of a verified identity.

    Args:
        identity: verified.
        provider: whose it is.
        app_id: whose table.
        now: aware UTC instant.
        shared: user ids that are computed here could be those of people in the table.
        rehearsing: nothing is written and nobody is made; who would be has the proposed id.

    Raises:
        UserRefused: nobody, somebody else, or more than one.
        Contended: the user is just being made; a retry finds him.
    """
    match provider.map_user:
        case SameId():
            computed: object = identity.subject
        case Prefixed() | FromClaim() as declared:
            computed = declared(identity)
        case ImportedTable() as table:
            return await _by_table(identity, table, app_id=app_id, now=now, rehearsing=rehearsing)
        case _:
            return require_user_id(await ask(UserMapper.map_user, identity))
    user_id = require_user_id(computed)
    if shared and not isinstance(provider.map_user, FromClaim):
        await _require_own(identity, user_id, app_id)
    return user_id


def require_user_id(mapped: object) -> UserId:
    """
    What a mapping answered, if it is a user id.

    Raises:
        UserRefused: it is not.
    """
    if not isinstance(mapped, str):  # a table's .get() has no such user: None
        raise UserUnknown("the mapping gave no user id")
    if not 0 < len(mapped) <= _MAX_USER_ID or not mapped.isprintable():
        raise UserRefused("the mapped user id is empty, longer than 128 characters or not printable")
    return UserId(mapped)


async def _require_own(identity: Identity, user_id: UserId, app_id: AppId) -> None:
    owners = await ask(Identities.list_identities, app_id, user_id, limit=_ENOUGH)
    if owners and all(owner.subject_digest != identity.subject_digest for owner in owners):
        raise UserIdCollision("the table has this user id for somebody else")


async def _by_table(
    identity: Identity, table: ImportedTable, *, app_id: AppId, now: datetime, rehearsing: bool
) -> UserId:
    known = await ask(Identities.find_identity, app_id, identity.subject_digest)
    if known is not None and known.user_id is not None:
        return known.user_id
    address = verified_email(identity)
    if table.find_by_email is not None and address is not None:
        found = await ask(UserMapper.find_by_email, identity, address)
        if found is not None:
            user_id = require_user_id(found)
            link = _link(identity, app_id, now, LinkOrigin.EMAIL, user_id)
            return user_id if rehearsing else await _written(link)
    if table.create is None:
        raise UserUnknown("not in the imported table")
    if rehearsing:
        return proposed_user_id(identity)
    return await _created(identity, app_id=app_id, now=now)


async def _created(identity: Identity, *, app_id: AppId, now: datetime) -> UserId:
    """Make the user; whoever else comes meanwhile is told to try again."""
    reserved = _link(identity, app_id, now, LinkOrigin.CREATED, None)
    there = await ask(Identities.reserve_identity, reserved)
    if there is not None and there.user_id is not None:
        return there.user_id
    if there is not None:
        raise Contended("the user of this identity is just being made")
    made = require_user_id(await ask(UserMapper.create_user, identity, proposed_user_id(identity)))
    owners = await ask(Identities.list_identities, app_id, made, limit=_ENOUGH)
    others = [owner for owner in owners if owner.subject_digest != identity.subject_digest]
    if any(owner.issuer == identity.issuer for owner in others):
        raise UserIdCollision("the hook gave the user of another person at the same issuer")
    return await _written(_link(identity, app_id, now, LinkOrigin.CREATED, made))


async def _written(link: IdentityLink) -> UserId:
    linked = await ask(Identities.link_identity, link)
    if linked != link.user_id:
        raise MappingConflict("the table has had another user for this identity meanwhile")
    return linked


def _link(
    identity: Identity, app_id: AppId, now: datetime, origin: LinkOrigin, user_id: UserId | None
) -> IdentityLink:
    return IdentityLink(
        app_id=app_id,
        subject_digest=identity.subject_digest,
        provider=identity.provider,
        issuer=identity.issuer,
        user_id=user_id,
        origin=origin,
        linked_at=now,
        busy_until=None if user_id else now + MAKING,
    )


def require_one(found: tuple[str, ...] | list[str]) -> str | None:
    """
    The only user of an address, None if there is none.

    Raises:
        IdentityAmbiguous: there are several.
    """
    distinct = sorted(set(found))
    if len(distinct) > 1:
        raise IdentityAmbiguous("several users have this address")
    return distinct[0] if distinct else None
