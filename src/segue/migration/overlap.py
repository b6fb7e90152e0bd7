"""
The overlap of old and new: whether a previous provider's credential still speaks for its user beside sessions of ours.

The rules are those of a migration but for two. The roll-out decides who is *moved*, not who is let in: whoever is not
moved yet has nothing but his old sign-in. And a sign-in that has become a session speaks here no longer (threats T8,
T9): only `GRACE` long, and only while that session lives, for the requests that a page had under way when one of them
moved it. House rule: nothing is written here, but for a user whom the mapping makes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar, Final

from segue.discreet import Discreet
from segue.errors import AlreadyMigrated
from segue.flow import ask
from segue.ids import AppId, UserId
from segue.migration.credential import Credential
from segue.migration.mapping_flows import map_user
from segue.migration.model import Claim, Identity
from segue.migration.once import ClientKey, absolute_end, refuse_signed_out
from segue.migration.ports import Ledger
from segue.migration.rehearsal import made_by
from segue.migration.sign_out_flows import require_not_cut_off
from segue.migration.state_flows import require_sign_in, require_user
from segue.migration.trail import Trail
from segue.migration.verifying import Migration, verify
from segue.sessions.seam import Sessions

GRACE: Final = timedelta(seconds=30)
"""
So long after a sign-in became a session its old credential is still taken, without a session: counted from the claim,
never sliding. Whoever stole the credential gains nothing by it that he had not a moment before.
"""


class Accepted(Discreet, frozen=True, kw_only=True):
    """An old credential that speaks for its user."""

    unshown: ClassVar = frozenset({"identity"})

    identity: Identity
    user_id: UserId
    moved: bool
    """Its sign-in is a session already: this request was under way, or its client never got the answer."""
    own: bool
    """And it is this client that moved it, by the key that it has: it may have its session again."""
    included: bool
    """The roll-out has come to this person."""


async def accept(
    credential: Credential,
    migration: Migration,
    *,
    app_id: AppId,
    sessions: Sessions,
    is_settled: Callable[[Claim], bool],
    now: datetime,
    trail: Trail,
    client_key: ClientKey | None = None,
) -> Accepted:
    """
    Let an old credential speak for its user, or say why not.

    Args:
        credential: as presented.
        migration: providers and their key caches.
        app_id: whose ledger.
        sessions: where migrated ones live, at the same instant.
        is_settled: whether the session of a claim was ever handed out.
        now: aware UTC instant.
        trail: with the roll-outs, `migrating` being False.
        client_key: of a client that is given its session again, if it is the one that has it.

    Raises:
        TokenRefused: it does not hold.
        MigrationRefused: it holds, and speaks for nobody (any more).
        Unavailable: that could not be learned.
    """
    verified = await verify(credential, migration, now=now, trail=trail)
    provider, identity = verified.provider, verified.identity
    absolute_end(identity, provider, now=now)
    claim = await ask(Ledger.find_claim, app_id, verified.claim_id)
    refuse_signed_out(claim)
    await require_not_cut_off(identity, provider, app_id=app_id)
    moved = claim is not None and is_settled(claim)
    own = claim is not None and client_key is not None and made_by(claim, client_key)
    if claim is not None and moved and not own:
        await _require_under_way(claim, sessions, now)
    await require_sign_in(identity, provider, token=verified.bearer, now=now)
    user_id = await map_user(identity, provider, app_id=app_id, now=now, shared=migration.has_table)
    if claim is not None and claim.user_id != user_id:
        raise AlreadyMigrated("as another user: the mapping must give one identity the same user each time")
    await require_user(identity, provider, user_id)
    included = trail.rollout.includes(identity.provider, identity.subject_digest)
    return Accepted(identity=identity, user_id=user_id, moved=moved, own=own, included=included)


async def _require_under_way(claim: Claim, sessions: Sessions, now: datetime) -> None:
    if now >= claim.claimed_at + GRACE:
        raise AlreadyMigrated("and its session speaks for it now")
    if await sessions.load(claim.handle) is None:
        raise AlreadyMigrated("and its session has ended")
