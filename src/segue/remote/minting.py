"""
Migration onto a remote core: a sign-in becomes a session there exactly once, although no transaction spans both sides.

The claim comes first and names a *reserved* handle, under which no session can be; then the session is made at the
core; then the claim is settled: in one transaction it gets the session's handle, if it still names what it named
before, and the delivery that ends the old session is written. Only then do tokens leave. So of any number of attempts
one is final, and whoever dies between leaves at most a session whose tokens nobody has. The next attempt of the same
client makes a session of its own, settles the claim anew, and removes those that lost.

House rule: as for every flow, only `ask` and other flows are awaited.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from segue.errors import AlreadyMigrated, Contended
from segue.flow import ask
from segue.ids import PUBLIC_TENANT, AppId, Digest, SessionHandle, TenantId
from segue.migration.minting import Draft, MigrationResult, Settled, kept, require_same_user
from segue.migration.model import Claim, Delivery
from segue.migration.once import refuse_signed_out
from segue.migration.ports import Ledger
from segue.remote.sessions import RemoteSessions
from segue.sessions.issuing import Issued
from segue.sessions.model import ByHandle, ByUser, SessionView
from segue.tokens.access import AccessToken
from segue.tokens.secrets import Secrets

RETRY_WINDOW: Final = timedelta(minutes=10)
"""
How long after the claim the same client may have a session in the place of its first. Not for longer: only the core
knows whether that one was refreshed since, and a captured token and key must not take away a session that is in use.
"""
ON_ITS_WAY: Final = timedelta(seconds=5)
"""So long after a claim was settled its first answer may still arrive: nobody takes the session away from under it."""


class RemoteMinting:
    """Implements `segue.migration.minting.Minting` for sessions in a remote core."""

    def __init__(self, sessions: RemoteSessions, *, app_id: AppId, secrets: Secrets, now: datetime) -> None:
        """
        Args:
            sessions: at the same instant.
            app_id: whose ledger.
            secrets: seal what waits in the outbox.
            now: aware UTC instant.
        """
        self._sessions = sessions
        self.app_id, self.secrets, self.now = app_id, secrets, now

    def reserve(self, claim_id: Digest, tenant_id: TenantId, *, randomness: bytes) -> SessionHandle:  # noqa: ARG002 - of `Minting`
        """See `Minting.reserve`; the same for every attempt, so that a claim shows whether it was ever settled."""
        return _reserved_handle(claim_id, tenant_id)

    async def load(self, handle: SessionHandle) -> SessionView | None:
        """See `Minting.load`."""
        return await self._sessions.load(handle)

    async def show(self, session: SessionView, access: AccessToken) -> AccessToken | None:  # noqa: ARG002 - of `Minting`
        """See `Minting.show`."""
        return await self._sessions.show(access)

    async def revoke(self, handle: SessionHandle) -> None:
        """See `Minting.revoke`."""
        await self._sessions.revoke(ByHandle(handles=(handle,)))

    async def settle(self, draft: Draft[SessionView]) -> Settled:
        """See `Minting.settle`."""
        if draft.present is not None:
            return await self._keep(draft, draft.present)
        claim = draft.claim
        earlier = await ask(Ledger.claim_and_create, claim, None, ())
        named = claim.handle
        if earlier is not None:
            await self._require_same_client(earlier, draft)
            named = earlier.handle
        issued = await self._sessions.create_marked(draft.new, after=named)
        final = replace(claim, handle=issued.session.handle)
        if earlier is not None and _was_settled(earlier):
            final = replace(final, claimed_at=earlier.claimed_at)  # the time for retries does not slide
        if not await self._settled(final, draft, named=named):
            await self._sessions.revoke(ByHandle(handles=(issued.session.handle,)))
            raise Contended("another attempt at the same migration was faster")
        if earlier is not None:
            await self._remove_losers(final)
        return _made(issued, repeated=_was_settled(earlier))

    async def _keep(self, draft: Draft[SessionView], present: SessionView) -> Settled:
        """The browser has a session already: the claim is its, unless it has been settled otherwise."""
        earlier = await ask(Ledger.claim_and_create, draft.claim, None, draft.deliveries, draft.record)
        if earlier is None:
            return kept(present, recorded=True)
        if earlier.handle == present.handle:
            if self.now < earlier.claimed_at + RETRY_WINDOW:
                # In case that an attempt to keep it died before it came to that.
                await self._remove_losers(earlier)
            return kept(present)
        await self._require_same_client(earlier, draft)
        settled = _was_settled(earlier)
        if not settled:
            # The attempt that made the claim never ended; its session, if there is one, was never handed out.
            if not await self._settled(draft.claim, draft, named=earlier.handle):
                raise Contended("another attempt at the same migration was faster")
            await self._remove_losers(draft.claim)
        return kept(present, recorded=not settled)

    async def _settled(self, final: Claim, draft: Draft[SessionView], *, named: SessionHandle) -> bool:
        """Make the claim final; deliveries and record go with it the first time."""
        first = named == _reserved_handle(final.claim_id, final.tenant_id)
        deliveries = tuple(_for(final, delivery) for delivery in draft.deliveries) if first else ()
        record = draft.record if first else None
        return await ask(Ledger.settle_claim, final, deliveries, record, if_handle=named)

    async def _require_same_client(self, earlier: Claim, draft: Draft[SessionView]) -> None:
        refuse_signed_out(earlier)
        require_same_user(earlier, draft.claim)
        key, known = draft.client_key, earlier.client_digest
        settled = _was_settled(earlier)
        if known is None:
            # Nobody was ever given a session for an unsettled claim, so without a key anybody may go on with it.
            if settled:
                raise AlreadyMigrated("no Idempotency-Key to know the client by")
            return
        if key is None or not hmac.compare_digest(key.digest(earlier.claim_id), known):
            raise AlreadyMigrated("by another client")
        if settled and draft.present is None:
            await self._require_lost_answer(earlier)

    async def _require_lost_answer(self, earlier: Claim) -> None:
        if self.now >= earlier.claimed_at + RETRY_WINDOW:
            raise AlreadyMigrated("too late")
        if abs(self.now - earlier.claimed_at) < ON_ITS_WAY:
            raise Contended("the answer to the first attempt may still be on its way")
        if await self._sessions.load(earlier.handle) is None:
            raise AlreadyMigrated("and its session has ended")

    async def _remove_losers(self, final: Claim) -> None:
        """
        Remove sessions that other attempts at this migration have left behind.

        One that names the claim's present handle as its predecessor belongs to an attempt under way that may yet win;
        any other was made for a handle that the claim has left for ever, so it has lost.
        """
        theirs = ByUser(user_id=final.user_id, tenant_id=final.tenant_id)
        made = await self._sessions.attempts(final.claim_id, theirs)
        # Looked at after the search: an attempt that was found and has won since must not be taken for a loser.
        present = await ask(Ledger.find_claim, final.app_id, final.claim_id)
        winner = final.handle if present is None else present.handle
        lost = tuple(handle for handle, after in made if winner not in {handle, after})
        if lost:
            await self._sessions.revoke(ByHandle(handles=lost))


def is_settled(claim: Claim) -> bool:
    """Whether a claim names a session that was handed out, or the handle that stands for none."""
    return claim.handle != _reserved_handle(claim.claim_id, claim.tenant_id)


def _was_settled(claim: Claim | None) -> bool:
    return claim is not None and is_settled(claim)


def _reserved_handle(claim_id: Digest, tenant_id: TenantId) -> SessionHandle:
    name = str(UUID(bytes=claim_id[:16], version=4))
    return SessionHandle(name if tenant_id == PUBLIC_TENANT else f"{name}_{tenant_id}")


def _for(claim: Claim, delivery: Delivery) -> Delivery:
    return replace(delivery, handle=claim.handle)


def _made(issued: Issued, *, repeated: bool) -> Settled:
    result = MigrationResult.REPEATED if repeated else MigrationResult.MIGRATED
    return Settled(result=result, session=issued.session, issued=issued, recorded=not repeated)
