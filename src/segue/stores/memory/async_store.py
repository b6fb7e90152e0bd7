"""
`AsyncMemoryStore`: the memory store for event loops.

Its methods never wait for long, so they run on the loop. House rule: a method is one line.
"""

from __future__ import annotations

from datetime import datetime

from segue.ids import AppId, Digest, SessionHandle, UserId
from segue.json import JsonObject
from segue.migration.buckets import Spending
from segue.migration.model import Claim, Delivery, DeliveryId, DeliveryState, IdentityLink
from segue.migration.records import AttemptCount, AttemptRecord, DeliveryCount, MintedCount
from segue.migration.rollout import Rollout
from segue.sessions.model import ByProvenance, Position, Revocation, Rotation, Selection, Session
from segue.stores.memory.async_core import AsyncMemoryCore
from segue.tokens.signing_keys import StoredSigningKey


class AsyncMemoryStore(AsyncMemoryCore):
    """As `MemoryStore`, awaited."""

    async def close(self) -> None:
        """Nothing is open."""

    # --- SessionStore ---------------------------------------------------------------------------------------

    async def create_session(self, session: Session) -> None:
        """See `SessionStore.create_session`."""
        self._store.create_session(session)

    async def load_session(self, app_id: AppId, handle: SessionHandle) -> Session | None:
        """See `SessionStore.load_session`."""
        return self._store.load_session(app_id, handle)

    async def rotate_family(self, rotation: Rotation) -> Session | None:
        """See `SessionStore.rotate_family`."""
        return self._store.rotate_family(rotation)

    async def replace_family(self, session: Session, *, if_current: Digest) -> bool:
        """See `SessionStore.replace_family`."""
        return self._store.replace_family(session, if_current=if_current)

    async def update_session(
        self,
        app_id: AppId,
        handle: SessionHandle,
        *,
        payload: JsonObject | None,
        data: JsonObject | None,
        if_payload: JsonObject | None = None,
    ) -> Session | None:
        """See `SessionStore.update_session`."""
        return self._store.update_session(app_id, handle, payload=payload, data=data, if_payload=if_payload)

    # --- SessionIndex ---------------------------------------------------------------------------------------

    async def list_sessions(
        self,
        app_id: AppId,
        selection: Selection,
        *,
        at: datetime,
        limit: int,
        after: Position | None = None,
    ) -> tuple[Session, ...]:
        """See `SessionIndex.list_sessions`."""
        return self._store.list_sessions(app_id, selection, at=at, limit=limit, after=after)

    async def select_handles(
        self, app_id: AppId, selection: Selection, *, limit: int
    ) -> tuple[SessionHandle, ...]:
        """See `SessionIndex.select_handles`."""
        return self._store.select_handles(app_id, selection, limit=limit)

    async def delete_sessions(
        self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
    ) -> tuple[SessionHandle, ...]:
        """See `SessionIndex.delete_sessions`."""
        return self._store.delete_sessions(app_id, handles, at=at)

    async def revocations_after(self, sequence: int, *, limit: int) -> tuple[Revocation, ...]:
        """See `SessionIndex.revocations_after`."""
        return self._store.revocations_after(sequence, limit=limit)

    async def last_revocation(self) -> int:
        """See `SessionIndex.last_revocation`."""
        return self._store.last_revocation()

    async def delete_expired(self, *, at: datetime, revocations_before: datetime, limit: int) -> int:
        """See `SessionIndex.delete_expired`."""
        return self._store.delete_expired(at=at, revocations_before=revocations_before, limit=limit)

    # --- SigningKeyStore ------------------------------------------------------------------------------------

    async def load_signing_keys(self, app_id: AppId) -> tuple[StoredSigningKey, ...]:
        """See `SigningKeyStore.load_signing_keys`."""
        return self._store.load_signing_keys(app_id)

    async def add_signing_key(self, app_id: AppId, key: StoredSigningKey, *, if_newest: str | None) -> bool:
        """See `SigningKeyStore.add_signing_key`."""
        return self._store.add_signing_key(app_id, key, if_newest=if_newest)

    async def reseal_signing_key(
        self, app_id: AppId, key_id: str, *, sealed: bytes, if_sealed: bytes
    ) -> bool:
        """See `SigningKeyStore.reseal_signing_key`."""
        return self._store.reseal_signing_key(app_id, key_id, sealed=sealed, if_sealed=if_sealed)

    async def delete_signing_keys(self, app_id: AppId, key_ids: tuple[str, ...]) -> None:
        """See `SigningKeyStore.delete_signing_keys`."""
        self._store.delete_signing_keys(app_id, key_ids)

    # --- Ledger ---------------------------------------------------------------------------------------------

    async def find_claim(self, app_id: AppId, claim_id: Digest) -> Claim | None:
        """See `Ledger.find_claim`."""
        return self._store.find_claim(app_id, claim_id)

    async def find_claims(
        self, app_id: AppId, subject_digest: Digest, *, after: Digest, limit: int
    ) -> tuple[Claim, ...]:
        """See `Ledger.find_claims`."""
        return self._store.find_claims(app_id, subject_digest, after=after, limit=limit)

    async def claim_and_create(
        self,
        claim: Claim,
        session: Session | None,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
    ) -> Claim | None:
        """See `Ledger.claim_and_create`."""
        return self._store.claim_and_create(claim, session, deliveries, record)

    async def settle_claim(
        self,
        claim: Claim,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
        *,
        if_handle: SessionHandle,
    ) -> bool:
        """See `Ledger.settle_claim`."""
        return self._store.settle_claim(claim, deliveries, record, if_handle=if_handle)

    async def delete_claims(self, *, kept_until_before: datetime, limit: int) -> int:
        """See `Ledger.delete_claims`."""
        return self._store.delete_claims(kept_until_before=kept_until_before, limit=limit)

    # --- Outbox ---------------------------------------------------------------------------------------------

    async def take_deliveries(
        self, *, at: datetime, lease_until: datetime, limit: int
    ) -> tuple[Delivery, ...]:
        """See `Outbox.take_deliveries`."""
        return self._store.take_deliveries(at=at, lease_until=lease_until, limit=limit)

    async def settle_delivery(
        self,
        delivery_id: DeliveryId,
        *,
        state: DeliveryState,
        at: datetime,
        due_at: datetime,
        last_error: str | None,
    ) -> None:
        """See `Outbox.settle_delivery`."""
        self._store.settle_delivery(delivery_id, state=state, at=at, due_at=due_at, last_error=last_error)

    async def delete_deliveries(self, *, state: DeliveryState, settled_before: datetime, limit: int) -> int:
        """See `Outbox.delete_deliveries`."""
        return self._store.delete_deliveries(state=state, settled_before=settled_before, limit=limit)

    async def held_sessions(self, app_id: AppId, *, limit: int) -> tuple[SessionHandle, ...]:
        """See `Outbox.held_sessions`."""
        return self._store.held_sessions(app_id, limit=limit)

    async def release_deliveries(
        self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
    ) -> int:
        """See `Outbox.release_deliveries`."""
        return self._store.release_deliveries(app_id, handles, at=at)

    async def find_identity(self, app_id: AppId, subject_digest: Digest) -> IdentityLink | None:
        """See `Identities.find_identity`."""
        return self._store.find_identity(app_id, subject_digest)

    async def reserve_identity(self, link: IdentityLink) -> IdentityLink | None:
        """See `Identities.reserve_identity`."""
        return self._store.reserve_identity(link)

    async def link_identity(self, link: IdentityLink) -> UserId:
        """See `Identities.link_identity`."""
        return self._store.link_identity(link)

    async def list_identities(
        self, app_id: AppId, user_id: UserId, *, limit: int
    ) -> tuple[IdentityLink, ...]:
        """See `Identities.list_identities`."""
        return self._store.list_identities(app_id, user_id, limit=limit)

    async def list_deliveries(self, *, state: DeliveryState, limit: int) -> tuple[Delivery, ...]:
        """See `Outbox.list_deliveries`."""
        return self._store.list_deliveries(state=state, limit=limit)

    async def count_deliveries(self) -> dict[DeliveryState, int]:
        """See `Outbox.count_deliveries`."""
        return self._store.count_deliveries()

    # --- oversight -----------------------------------------------------------------------------------------

    async def add_attempts(self, records: tuple[AttemptRecord, ...]) -> None:
        """See `AttemptLog.add_attempts`."""
        self._store.add_attempts(records)

    async def count_attempts(self, app_id: AppId) -> tuple[AttemptCount, ...]:
        """See `AttemptLog.count_attempts`."""
        return self._store.count_attempts(app_id)

    async def fold_attempts(self, app_id: AppId, *, before: datetime, limit: int) -> int:
        """See `AttemptLog.fold_attempts`."""
        return self._store.fold_attempts(app_id, before=before, limit=limit)

    async def count_deliveries_by_provider(self, app_id: AppId) -> tuple[DeliveryCount, ...]:
        """See `AttemptLog.count_deliveries_by_provider`."""
        return self._store.count_deliveries_by_provider(app_id)

    async def count_minted(self, app_id: AppId, minted: ByProvenance, *, at: datetime) -> MintedCount:
        """See `AttemptLog.count_minted`."""
        return self._store.count_minted(app_id, minted, at=at)

    async def load_rollouts(self, app_id: AppId) -> dict[str, Rollout]:
        """See `Rollouts.load_rollouts`."""
        return self._store.load_rollouts(app_id)

    async def set_rollout(
        self, app_id: AppId, provider: str, rollout: Rollout | None, *, at: datetime
    ) -> None:
        """See `Rollouts.set_rollout`."""
        self._store.set_rollout(app_id, provider, rollout, at=at)

    async def spend(self, spending: Spending, *, at: datetime) -> datetime:
        """See `Limiter.spend`."""
        return self._store.spend(spending, at=at)

    async def delete_buckets(self, *, empty_before: datetime, limit: int) -> int:
        """See `Limiter.delete_buckets`."""
        return self._store.delete_buckets(empty_before=empty_before, limit=limit)
