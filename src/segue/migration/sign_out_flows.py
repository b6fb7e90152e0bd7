"""
End what a provider has signed out: migrated sessions, and sign-ins that have not come yet.

The ledger is the tombstone. A sign-in that is over gets a claim that names no session; of one that was migrated the
session is revoked first and the claim's handle then replaced by compare-and-swap, so that a migration that is under way
meanwhile either is seen here or sees it itself (threats T9, T27). House rule: everything may be done twice;
only what began before the provider's own instant is touched, so a logout token that comes again ends nothing new.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from segue.errors import Contended, SignInRevoked
from segue.flow import ask
from segue.ids import AppId, Digest, UserId
from segue.migration.back_channel import LogoutReach, SignOut
from segue.migration.kinds import AnyProvider
from segue.migration.model import Claim, Identity, digest_of, subject_digest
from segue.migration.once import SIGNED_OUT, claim_id_of_session
from segue.migration.ports import Ledger
from segue.migration.provider import Provider
from segue.sessions.model import ByHandle
from segue.sessions.seam import Sessions

_PAGE = 200
_ATTEMPTS = 10
_MARGIN = timedelta(hours=1)
_BEFORE_ALL = Digest(b"")


async def end_sign_ins(
    said: SignOut, provider: Provider, *, app_id: AppId, sessions: Sessions, now: datetime
) -> int:
    """
    Do what a verified logout token says; how many sessions were ended.

    Raises:
        Contended: others kept changing the same sign-in; the provider may send its token again.
        StoreUnavailable: likewise.
    """
    if await ask(Ledger.find_claim, app_id, said.token_digest) is not None:
        return 0
    tombstone = _tombstone(said, provider, app_id=app_id, now=now)
    reach = (
        LogoutReach.SIGN_IN if provider.back_channel_logout is None else provider.back_channel_logout.reach
    )
    if said.session_id is not None and reach is LogoutReach.SIGN_IN:
        claim_id = claim_id_of_session(said.issuer, said.subject, said.session_id)
        ended = await _end_one(replace(tombstone, claim_id=claim_id), sessions)
    else:
        ended = await _end_all(said, tombstone, sessions)
    # Last: if this process dies before, the provider's next try does the whole of it.
    await ask(Ledger.claim_and_create, replace(tombstone, claim_id=said.token_digest), None, ())
    return ended


async def require_not_cut_off(identity: Identity, provider: AnyProvider, *, app_id: AppId) -> None:
    """
    Refuse a sign-in that began before the provider ended all of the person's.

    Raises:
        SignInRevoked: it did.
    """
    if not isinstance(provider, Provider) or provider.back_channel_logout is None:
        return
    cut_off = await ask(Ledger.find_claim, app_id, cut_off_id(identity.issuer, identity.subject))
    if cut_off is not None and identity.authenticated_at <= cut_off.claimed_at:
        raise SignInRevoked("the provider has signed this person out since")


def cut_off_id(issuer: str, subject: str) -> Digest:
    """The row that says since when a person's older sign-ins are over."""
    return digest_of("cut-off", issuer, subject)


async def _end_one(tombstone: Claim, sessions: Sessions) -> int:
    """Whatever the claim of this sign-in names, it names no session any more."""
    ended = 0
    for _ in range(_ATTEMPTS):
        found = await ask(Ledger.claim_and_create, tombstone, None, ())
        if found is None or found.handle == SIGNED_OUT:
            return ended
        session = await sessions.load(found.handle)
        # A claim may name a session that began here, which is none of the provider's.
        if session is not None and session.provenance is not None:
            ended += len((await sessions.revoke(ByHandle(handles=(found.handle,)))).handles)
        keep_until = max(found.keep_until, tombstone.keep_until)
        closed = replace(found, handle=SIGNED_OUT, client_digest=None, keep_until=keep_until)
        if await ask(Ledger.settle_claim, closed, (), if_handle=found.handle):
            return ended
    raise Contended("a sign-in that the provider has ended keeps changing")


async def _end_all(said: SignOut, tombstone: Claim, sessions: Sessions) -> int:
    """First the cut-off, so that whoever comes from now on sees it; then those that are there."""
    await _cut_off(replace(tombstone, claim_id=cut_off_id(said.issuer, said.subject)))
    ended, after = 0, _BEFORE_ALL
    while True:
        page = await ask(
            Ledger.find_claims, tombstone.app_id, tombstone.subject_digest, after=after, limit=_PAGE
        )
        for claim in page:
            if await _began_before(said.at, claim, sessions):
                ended += await _end_one(replace(tombstone, claim_id=claim.claim_id), sessions)
        if len(page) < _PAGE:
            return ended
        after = page[-1].claim_id


async def _began_before(instant: datetime, claim: Claim, sessions: Sessions) -> bool:
    session = None if claim.handle == SIGNED_OUT else await sessions.load(claim.handle)
    origin = None if session is None else session.provenance
    return origin is not None and origin.authenticated_at <= instant


async def _cut_off(row: Claim) -> None:
    """The latest instant counts, whatever order the tokens come in."""
    for _ in range(_ATTEMPTS):
        found = await ask(Ledger.claim_and_create, row, None, ())
        if found is None or found.claimed_at >= row.claimed_at:
            return
        if await ask(Ledger.settle_claim, row, (), if_handle=SIGNED_OUT):
            return
    raise Contended("a person's cut-off keeps changing")


def _tombstone(said: SignOut, provider: Provider, *, app_id: AppId, now: datetime) -> Claim:
    return Claim(
        app_id=app_id,
        claim_id=said.token_digest,
        provider=provider.name,
        issuer=said.issuer,
        subject_digest=subject_digest(said.issuer, said.subject),
        user_id=UserId(""),
        tenant_id=provider.tenant_id,
        handle=SIGNED_OUT,
        client_digest=None,
        claimed_at=said.at,
        keep_until=now + provider.session_lifetime + provider.maximum_age + 2 * provider.leeway + _MARGIN,
    )
