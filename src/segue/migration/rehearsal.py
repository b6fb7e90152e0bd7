"""
Whose turn it is, and what would have become of an attempt in shadow.

House rule: reads and writes nothing; whoever is refused here keeps the old session, so nothing may have happened to it.
"""

from __future__ import annotations

import hmac

from segue.errors import NotYet
from segue.flow import ask
from segue.ids import AppId, Digest
from segue.migration.model import Claim, Identity
from segue.migration.once import ClientKey
from segue.migration.ports import Ledger
from segue.migration.records import Stage
from segue.migration.rollout import Mode
from segue.migration.trail import Trail


async def require_turn(
    identity: Identity, trail: Trail, *, claim_id: Digest, client_key: ClientKey | None, app_id: AppId
) -> None:
    """
    Refuse whoever is not among the share of users that is migrated.

    A client that has made its claim already gets its session also when the share was made smaller since: its old
    session may be ended by now.

    Raises:
        NotYet: another day.
    """
    trail.reached(Stage.ROLLOUT)
    rollout = trail.rollout
    if rollout.mode is not Mode.ON or rollout.includes(identity.provider, identity.subject_digest):
        return
    if client_key is not None:
        claim = await ask(Ledger.find_claim, app_id, claim_id)
        if claim is not None and made_by(claim, client_key):
            return
    raise NotYet("not among the share of users that is migrated")


async def rehearsed(claim: Claim, trail: Trail, *, client_key: ClientKey | None, has_session: bool) -> NotYet:
    """Find out what a claim would have come to; the refusal that stands for it."""
    earlier = await ask(Ledger.find_claim, claim.app_id, claim.claim_id)
    if has_session:
        trail.would = "ALREADY"
    elif earlier is None:
        trail.would = "MIGRATED"
    else:
        same = client_key is not None and made_by(earlier, client_key)
        trail.would = "REPEATED" if same else "ALREADY_MIGRATED"
    return NotYet("rehearsed in shadow")


def made_by(claim: Claim, client_key: ClientKey) -> bool:
    """Whether it is this client that has made a claim."""
    made = claim.client_digest
    return made is not None and hmac.compare_digest(client_key.digest(claim.claim_id), made)
