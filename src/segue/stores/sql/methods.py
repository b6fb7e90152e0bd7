"""
The methods that every blocking SQL store has.

A database adds two things: how to run a flow that reads and one that writes. House rule: a method is one line; what it
does stands in the flow.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from segue.ids import AppId, Digest, SessionHandle, UserId
from segue.json import JsonObject
from segue.migration.model import Claim, Delivery, DeliveryId, DeliveryState, IdentityLink
from segue.migration.records import AttemptRecord
from segue.sessions.model import Position, Revocation, Rotation, Selection, Session
from segue.stores.sql import identity_flows, index_flows, key_flows, migration_flows, session_flows
from segue.stores.sql.core_methods import SqlCore
from segue.stores.sql.oversight_methods import SqlOversight
from segue.tokens.signing_keys import StoredSigningKey


class SqlStore(SqlOversight, SqlCore):
    """The methods of all ports over a blocking SQL database."""

    # --- SessionStore ---------------------------------------------------------------------------------------

    def create_session(self, session: Session) -> None:
        """See `SessionStore.create_session`."""
        self._write(partial(session_flows.create_session, session))

    def load_session(self, app_id: AppId, handle: SessionHandle) -> Session | None:
        """See `SessionStore.load_session`."""
        return self._read(partial(session_flows.load_session, app_id, handle))

    def rotate_family(self, rotation: Rotation) -> Session | None:
        """See `SessionStore.rotate_family`."""
        return self._write(partial(session_flows.rotate_family, rotation))

    def replace_family(self, session: Session, *, if_current: Digest) -> bool:
        """See `SessionStore.replace_family`."""
        return self._write(partial(session_flows.replace_family, session, if_current=if_current))

    def update_session(
        self,
        app_id: AppId,
        handle: SessionHandle,
        *,
        payload: JsonObject | None,
        data: JsonObject | None,
        if_payload: JsonObject | None = None,
    ) -> Session | None:
        """See `SessionStore.update_session`."""
        return self._write(
            partial(
                session_flows.update_session,
                app_id,
                handle,
                payload=payload,
                data=data,
                if_payload=if_payload,
            )
        )

    # --- SessionIndex ---------------------------------------------------------------------------------------

    def list_sessions(
        self,
        app_id: AppId,
        selection: Selection,
        *,
        at: datetime,
        limit: int,
        after: Position | None = None,
    ) -> tuple[Session, ...]:
        """See `SessionIndex.list_sessions`."""
        page = partial(index_flows.list_sessions, app_id, selection, at=at, limit=limit, after=after)
        return self._read(page)

    def select_handles(self, app_id: AppId, selection: Selection, *, limit: int) -> tuple[SessionHandle, ...]:
        """See `SessionIndex.select_handles`."""
        return self._read(partial(index_flows.select_handles, app_id, selection, limit=limit))

    def delete_sessions(
        self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
    ) -> tuple[SessionHandle, ...]:
        """See `SessionIndex.delete_sessions`."""
        return self._write(partial(index_flows.delete_sessions, app_id, handles, at=at))

    def revocations_after(self, sequence: int, *, limit: int) -> tuple[Revocation, ...]:
        """See `SessionIndex.revocations_after`."""
        return self._read(partial(index_flows.revocations_after, sequence, limit=limit))

    def last_revocation(self) -> int:
        """See `SessionIndex.last_revocation`."""
        return self._read(index_flows.last_revocation)

    def delete_expired(self, *, at: datetime, revocations_before: datetime, limit: int) -> int:
        """See `SessionIndex.delete_expired`."""
        old = partial(index_flows.delete_old_revocations, before=revocations_before, limit=limit)
        entries = self._write(old)
        gone, more = 0, True
        while more and gone < limit:  # each round a transaction, so that others get their turns
            sweep = partial(index_flows.sweep_sessions, at=at, limit=limit - gone)
            swept, more = self._write(sweep)
            gone += swept
        return gone + entries

    # --- SigningKeyStore ------------------------------------------------------------------------------------

    def load_signing_keys(self, app_id: AppId) -> tuple[StoredSigningKey, ...]:
        """See `SigningKeyStore.load_signing_keys`."""
        return self._read(partial(key_flows.load_signing_keys, app_id))

    def add_signing_key(self, app_id: AppId, key: StoredSigningKey, *, if_newest: str | None) -> bool:
        """See `SigningKeyStore.add_signing_key`."""
        return self._write(partial(key_flows.add_signing_key, app_id, key, if_newest=if_newest))

    def reseal_signing_key(self, app_id: AppId, key_id: str, *, sealed: bytes, if_sealed: bytes) -> bool:
        """See `SigningKeyStore.reseal_signing_key`."""
        return self._write(
            partial(key_flows.reseal_signing_key, app_id, key_id, sealed=sealed, if_sealed=if_sealed)
        )

    def delete_signing_keys(self, app_id: AppId, key_ids: tuple[str, ...]) -> None:
        """See `SigningKeyStore.delete_signing_keys`."""
        self._write(partial(key_flows.delete_signing_keys, app_id, key_ids))

    # --- Ledger ---------------------------------------------------------------------------------------------

    def find_claim(self, app_id: AppId, claim_id: Digest) -> Claim | None:
        """See `Ledger.find_claim`."""
        return self._read(partial(migration_flows.find_claim, app_id, claim_id))

    def find_claims(
        self, app_id: AppId, subject_digest: Digest, *, after: Digest, limit: int
    ) -> tuple[Claim, ...]:
        """See `Ledger.find_claims`."""
        return self._read(
            partial(migration_flows.find_claims, app_id, subject_digest, after=after, limit=limit)
        )

    def claim_and_create(
        self,
        claim: Claim,
        session: Session | None,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
    ) -> Claim | None:
        """See `Ledger.claim_and_create`."""
        return self._write(partial(migration_flows.claim_and_create, claim, session, deliveries, record))

    def settle_claim(
        self,
        claim: Claim,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
        *,
        if_handle: SessionHandle,
    ) -> bool:
        """See `Ledger.settle_claim`."""
        return self._write(
            partial(migration_flows.settle_claim, claim, deliveries, record, if_handle=if_handle)
        )

    def delete_claims(self, *, kept_until_before: datetime, limit: int) -> int:
        """See `Ledger.delete_claims`."""
        return self._write(
            partial(migration_flows.delete_claims, kept_until_before=kept_until_before, limit=limit)
        )

    # --- Outbox ---------------------------------------------------------------------------------------------

    def take_deliveries(self, *, at: datetime, lease_until: datetime, limit: int) -> tuple[Delivery, ...]:
        """See `Outbox.take_deliveries`."""
        return self._write(
            partial(migration_flows.take_deliveries, at=at, lease_until=lease_until, limit=limit)
        )

    def settle_delivery(
        self,
        delivery_id: DeliveryId,
        *,
        state: DeliveryState,
        at: datetime,
        due_at: datetime,
        last_error: str | None,
    ) -> None:
        """See `Outbox.settle_delivery`."""
        self._write(
            partial(
                migration_flows.settle_delivery,
                delivery_id,
                state=state,
                at=at,
                due_at=due_at,
                last_error=last_error,
            )
        )

    def delete_deliveries(self, *, state: DeliveryState, settled_before: datetime, limit: int) -> int:
        """See `Outbox.delete_deliveries`."""
        old = partial(
            migration_flows.delete_deliveries, state=state, settled_before=settled_before, limit=limit
        )
        return self._write(old)

    def held_sessions(self, app_id: AppId, *, limit: int) -> tuple[SessionHandle, ...]:
        """See `Outbox.held_sessions`."""
        return self._read(partial(migration_flows.held_sessions, app_id, limit=limit))

    def release_deliveries(self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime) -> int:
        """See `Outbox.release_deliveries`."""
        return self._write(partial(migration_flows.release_deliveries, app_id, handles, at=at))

    def find_identity(self, app_id: AppId, subject_digest: Digest) -> IdentityLink | None:
        """See `Identities.find_identity`."""
        return self._read(partial(identity_flows.find_identity, app_id, subject_digest))

    def reserve_identity(self, link: IdentityLink) -> IdentityLink | None:
        """See `Identities.reserve_identity`."""
        return self._write(partial(identity_flows.reserve_identity, link))

    def link_identity(self, link: IdentityLink) -> UserId:
        """See `Identities.link_identity`."""
        return self._write(partial(identity_flows.link_identity, link))

    def list_identities(self, app_id: AppId, user_id: UserId, *, limit: int) -> tuple[IdentityLink, ...]:
        """See `Identities.list_identities`."""
        return self._read(partial(identity_flows.list_identities, app_id, user_id, limit=limit))

    def list_deliveries(self, *, state: DeliveryState, limit: int) -> tuple[Delivery, ...]:
        """See `Outbox.list_deliveries`."""
        return self._read(partial(migration_flows.list_deliveries, state=state, limit=limit))

    def count_deliveries(self) -> dict[DeliveryState, int]:
        """See `Outbox.count_deliveries`."""
        return self._read(migration_flows.count_deliveries)
