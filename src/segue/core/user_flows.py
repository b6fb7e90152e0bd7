"""Take a user out of an app: sessions, mapping, registry."""

from __future__ import annotations

from segue.core.context import Context
from segue.core.ports import UserIdMappings, Users
from segue.core.session_flows import end_all
from segue.flow import ask
from segue.ids import UserId
from segue.sessions.model import ByUser


async def delete_user(user_id: UserId, context: Context) -> None:
    """Forget a user by either id; nobody need be there. Sessions go first: they are what lets somebody in."""
    mappings = await ask(UserIdMappings.find_mappings, context.app_id, user_id)
    mapping = mappings[0] if mappings else None
    ids = {user_id} if mapping is None else {user_id, mapping.user_id, mapping.external_id}
    for each in sorted(ids):
        await end_all(ByUser(user_id=each), context)
    if mapping is not None:
        await ask(UserIdMappings.delete_mapping, mapping)
    await ask(Users.delete_user, context.app_id, user_id if mapping is None else mapping.user_id)
