"""
How a verified sign-in becomes a session exactly once: the seam of the migration flow, and its side towards our store.

In our own store claim, session and delivery are one transaction; onto a remote core the claim comes first and is
settled when the session is there (`segue.remote.minting`). House rule: tokens leave only after the claim names their
session.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Generic, Protocol, TypeVar

import msgspec

from segue.errors import AlreadyMigrated
from segue.flow import ask
from segue.ids import AppId, Digest, SessionHandle, TenantId
from segue.migration.model import Claim, Delivery
from segue.migration.once import ClientKey, refuse_signed_out, replay, seed_of
from segue.migration.ports import Ledger
from segue.migration.records import AttemptRecord
from segue.sessions.flows import revoke_batch
from segue.sessions.issuing import Issuance, Issued, NewSession, issue, prepare, renew
from segue.sessions.model import ByHandle, Session, SessionHead, SessionView
from segue.sessions.ports import SessionStore
from segue.tokens.access import AccessToken
from segue.tokens.refresh import SEED, new_handle
from segue.tokens.secrets import Secrets

S = TypeVar("S", bound=SessionView)

RANDOMNESS = 16 + SEED
"""Bytes that a draft carries: for a handle, and for the first refresh token."""


class MigrationResult(Enum):
    """How a migration ended well."""

    MIGRATED = "MIGRATED"
    """A new session was created."""
    REPEATED = "REPEATED"
    """The same client asked again and has the same session again."""
    ALREADY = "ALREADY"
    """This browser holds the user's session; nothing new was made."""


class Draft(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """A sign-in that may become a session."""

    claim: Claim
    """Its handle is that of the present session, else the one reserved."""
    new: NewSession
    deliveries: tuple[Delivery, ...]
    """To be written in the same transaction that makes the claim final."""
    present: S | None
    """The user's own live session that this browser holds already."""
    client_key: ClientKey | None
    randomness: bytes
    record: AttemptRecord | None = None
    """To be written in the transaction that makes the claim final."""

    def __repr__(self) -> str:
        return "<Draft>"


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a draft."""

    result: MigrationResult
    session: SessionHead
    issued: Issued | None
    """The tokens to attach; None if the browser keeps those it has."""
    recorded: bool = False
    """The draft's record was written."""


class Minting(Protocol[S]):
    """Makes sessions of verified sign-ins, at one instant. Its methods but the first are flows."""

    @property
    def app_id(self) -> AppId:
        """Whose ledger it is."""
        ...

    @property
    def now(self) -> datetime:
        """Aware UTC instant."""
        ...

    @property
    def secrets(self) -> Secrets:
        """Seal what waits in the outbox."""
        ...

    def reserve(self, claim_id: Digest, tenant_id: TenantId, *, randomness: bytes) -> SessionHandle:
        """The handle under which a sign-in is claimed."""
        ...

    async def load(self, handle: SessionHandle) -> S | None:
        """A session, while it lives."""
        ...

    async def show(self, session: S, access: AccessToken) -> AccessToken | None:
        """The verified access token of a session again, with its present payload."""
        ...

    async def revoke(self, handle: SessionHandle) -> None:
        """End a session that must not have been made."""
        ...

    async def settle(self, draft: Draft[S]) -> Settled:
        """
        Claim the sign-in and make its session, or find out who was first.

        Raises:
            AlreadyMigrated: somebody else was, or the same client and too late.
            Unavailable: the same call may be made again.
        """
        ...


class LocalMinting:
    """Sessions in our own store: implements `Minting`."""

    def __init__(self, issuance: Issuance) -> None:
        """*issuance*: what tokens are made with, and when."""
        self._issuance = issuance
        self.app_id, self.now, self.secrets = issuance.app_id, issuance.now, issuance.secrets

    def reserve(self, claim_id: Digest, tenant_id: TenantId, *, randomness: bytes) -> SessionHandle:  # noqa: ARG002 - of `Minting`
        """See `Minting.reserve`; refuses what would fail once the claim is written."""
        self._issuance.signing_key(static=False)
        return new_handle(randomness[:16], tenant_id, at=self.now)

    async def load(self, handle: SessionHandle) -> Session | None:
        """See `Minting.load`."""
        session = await ask(SessionStore.load_session, self.app_id, handle)
        return session if session is not None and self.now < session.expires_at else None

    async def show(self, session: Session, access: AccessToken) -> AccessToken:
        """See `Minting.show`."""
        return renew(session, access.claims, self._issuance)

    async def revoke(self, handle: SessionHandle) -> None:
        """See `Minting.revoke`."""
        await revoke_batch(self.app_id, ByHandle(handles=(handle,)), at=self.now)

    async def settle(self, draft: Draft[Session]) -> Settled:
        """See `Minting.settle`."""
        claim, present, issuance = draft.claim, draft.present, self._issuance
        seed = seed_of(
            issuance.secrets.primary,
            issuance.app_id,
            claim.claim_id,
            claim.handle,
            draft.client_key,
            fresh=draft.randomness[16:],
        )
        session, first = prepare(draft.new, issuance, handle=claim.handle, seed=seed)
        written = None if present else session
        earlier = await ask(Ledger.claim_and_create, claim, written, draft.deliveries, draft.record)

        if present is not None and (earlier is None or earlier.handle == present.handle):
            return kept(present, recorded=earlier is None)
        if earlier is None:
            issued = issue(session, first, issuance)
            return Settled(result=MigrationResult.MIGRATED, session=session, issued=issued, recorded=True)
        refuse_signed_out(earlier)
        require_same_user(earlier, claim)
        made = await ask(SessionStore.load_session, issuance.app_id, earlier.handle)
        same, refresh = replay(
            earlier,
            made,
            draft.client_key,
            issuance.secrets,
            grace=issuance.lifetimes.grace,
            now=issuance.now,
        )
        if present is not None:
            # It may be worth more than the migrated one (threat T17), and its user sees it in use.
            return kept(present)
        issued = issue(same, refresh, issuance)
        return Settled(result=MigrationResult.REPEATED, session=same, issued=issued)


def kept(present: SessionView, *, recorded: bool = False) -> Settled:
    """The browser goes on with the session that it has."""
    return Settled(result=MigrationResult.ALREADY, session=present, issued=None, recorded=recorded)


def require_same_user(earlier: Claim, claim: Claim) -> None:
    """
    Refuse an identity whose user has changed.

    Raises:
        AlreadyMigrated: it has.
    """
    if earlier.user_id != claim.user_id:
        raise AlreadyMigrated("as another user: the mapping must give one identity the same user each time")
