"""
What an engine or a core service needs of a store: all store ports in one object.

The synchronous one is their sum; the asynchronous one repeats their signatures as coroutines, and a test keeps the
two alike. What each method promises stands at its port.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, runtime_checkable

from segue.core.model import App, Imported, Put, Removal, Tenant, UserIdMapping
from segue.core.ports import AppStore, Removals, UserIdMappings, Users
from segue.ids import AppId, Digest, SessionHandle, TenantId, UserId
from segue.json import JsonObject
from segue.migration.buckets import Spending
from segue.migration.model import Claim, Delivery, DeliveryId, DeliveryState, IdentityLink
from segue.migration.ports import AttemptLog, Identities, Ledger, Limiter, Outbox, Rollouts
from segue.migration.records import AttemptCount, AttemptRecord, DeliveryCount, MintedCount
from segue.migration.rollout import Rollout
from segue.sessions.model import ByProvenance, Position, Revocation, Rotation, Selection, Session
from segue.sessions.ports import SessionIndex, SessionStore, SigningKeyStore
from segue.tokens.signing_keys import StoredSigningKey


class Store(
    SessionStore,
    SessionIndex,
    SigningKeyStore,
    Ledger,
    Outbox,
    Identities,
    AttemptLog,
    Rollouts,
    Limiter,
    AppStore,
    Removals,
    UserIdMappings,
    Users,
    Protocol,
):
    """A store for blocking callers."""

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class AsyncStore(Protocol):
    """A store for an event loop."""

    async def create_session(self, session: Session) -> None:
        """See the port."""
        ...

    async def load_session(self, app_id: AppId, handle: SessionHandle) -> Session | None:
        """See the port."""
        ...

    async def rotate_family(self, rotation: Rotation) -> Session | None:
        """See the port."""
        ...

    async def replace_family(self, session: Session, *, if_current: Digest) -> bool:
        """See the port."""
        ...

    async def update_session(
        self,
        app_id: AppId,
        handle: SessionHandle,
        *,
        payload: JsonObject | None,
        data: JsonObject | None,
        if_payload: JsonObject | None = None,
    ) -> Session | None:
        """See the port."""
        ...

    async def list_sessions(
        self,
        app_id: AppId,
        selection: Selection,
        *,
        at: datetime,
        limit: int,
        after: Position | None = None,
    ) -> tuple[Session, ...]:
        """See the port."""
        ...

    async def select_handles(
        self, app_id: AppId, selection: Selection, *, limit: int
    ) -> tuple[SessionHandle, ...]:
        """See the port."""
        ...

    async def delete_sessions(
        self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
    ) -> tuple[SessionHandle, ...]:
        """See the port."""
        ...

    async def revocations_after(self, sequence: int, *, limit: int) -> tuple[Revocation, ...]:
        """See the port."""
        ...

    async def last_revocation(self) -> int:
        """See the port."""
        ...

    async def delete_expired(self, *, at: datetime, revocations_before: datetime, limit: int) -> int:
        """See the port."""
        ...

    async def load_signing_keys(self, app_id: AppId) -> tuple[StoredSigningKey, ...]:
        """See the port."""
        ...

    async def add_signing_key(self, app_id: AppId, key: StoredSigningKey, *, if_newest: str | None) -> bool:
        """See the port."""
        ...

    async def reseal_signing_key(
        self, app_id: AppId, key_id: str, *, sealed: bytes, if_sealed: bytes
    ) -> bool:
        """See the port."""
        ...

    async def delete_signing_keys(self, app_id: AppId, key_ids: tuple[str, ...]) -> None:
        """See the port."""
        ...

    async def find_claim(self, app_id: AppId, claim_id: Digest) -> Claim | None:
        """See the port."""
        ...

    async def find_claims(
        self, app_id: AppId, subject_digest: Digest, *, after: Digest, limit: int
    ) -> tuple[Claim, ...]:
        """See the port."""
        ...

    async def claim_and_create(
        self,
        claim: Claim,
        session: Session | None,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
    ) -> Claim | None:
        """See the port."""
        ...

    async def settle_claim(
        self,
        claim: Claim,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
        *,
        if_handle: SessionHandle,
    ) -> bool:
        """See the port."""
        ...

    async def delete_claims(self, *, kept_until_before: datetime, limit: int) -> int:
        """See the port."""
        ...

    async def take_deliveries(
        self, *, at: datetime, lease_until: datetime, limit: int
    ) -> tuple[Delivery, ...]:
        """See the port."""
        ...

    async def settle_delivery(
        self,
        delivery_id: DeliveryId,
        *,
        state: DeliveryState,
        at: datetime,
        due_at: datetime,
        last_error: str | None,
    ) -> None:
        """See the port."""
        ...

    async def delete_deliveries(self, *, state: DeliveryState, settled_before: datetime, limit: int) -> int:
        """See the port."""
        ...

    async def held_sessions(self, app_id: AppId, *, limit: int) -> tuple[SessionHandle, ...]:
        """See the port."""
        ...

    async def release_deliveries(
        self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
    ) -> int:
        """See the port."""
        ...

    async def find_identity(self, app_id: AppId, subject_digest: Digest) -> IdentityLink | None:
        """See the port."""
        ...

    async def reserve_identity(self, link: IdentityLink) -> IdentityLink | None:
        """See the port."""
        ...

    async def link_identity(self, link: IdentityLink) -> UserId:
        """See the port."""
        ...

    async def list_identities(
        self, app_id: AppId, user_id: UserId, *, limit: int
    ) -> tuple[IdentityLink, ...]:
        """See the port."""
        ...

    async def list_deliveries(self, *, state: DeliveryState, limit: int) -> tuple[Delivery, ...]:
        """See the port."""
        ...

    async def count_deliveries(self) -> dict[DeliveryState, int]:
        """See the port."""
        ...

    async def add_attempts(self, records: tuple[AttemptRecord, ...]) -> None:
        """See the port."""
        ...

    async def count_attempts(self, app_id: AppId) -> tuple[AttemptCount, ...]:
        """See the port."""
        ...

    async def fold_attempts(self, app_id: AppId, *, before: datetime, limit: int) -> int:
        """See the port."""
        ...

    async def count_deliveries_by_provider(self, app_id: AppId) -> tuple[DeliveryCount, ...]:
        """See the port."""
        ...

    async def count_minted(self, app_id: AppId, minted: ByProvenance, *, at: datetime) -> MintedCount:
        """See the port."""
        ...

    async def load_rollouts(self, app_id: AppId) -> dict[str, Rollout]:
        """See the port."""
        ...

    async def set_rollout(
        self, app_id: AppId, provider: str, rollout: Rollout | None, *, at: datetime
    ) -> None:
        """See the port."""
        ...

    async def spend(self, spending: Spending, *, at: datetime) -> datetime:
        """See the port."""
        ...

    async def delete_buckets(self, *, empty_before: datetime, limit: int) -> int:
        """See the port."""
        ...

    async def load_apps(self) -> tuple[App, ...]:
        """See the port."""
        ...

    async def put_app(self, app: App) -> Put:
        """See the port."""
        ...

    async def remove_app(self, app_id: AppId, *, at: datetime) -> bool:
        """See the port."""
        ...

    async def list_tenants(self, app_id: AppId) -> tuple[Tenant, ...]:
        """See the port."""
        ...

    async def put_tenant(self, tenant: Tenant) -> Put:
        """See the port."""
        ...

    async def remove_tenant(self, app_id: AppId, tenant_id: TenantId, *, at: datetime) -> bool:
        """See the port."""
        ...

    async def list_removals(self) -> tuple[Removal, ...]:
        """See the port."""
        ...

    async def clear_removed(self, removal: Removal, *, at: datetime, limit: int, forget: bool) -> bool:
        """See the port."""
        ...

    async def create_mapping(self, mapping: UserIdMapping) -> tuple[UserIdMapping, ...]:
        """See the port."""
        ...

    async def find_mappings(self, app_id: AppId, any_id: UserId) -> tuple[UserIdMapping, ...]:
        """See the port."""
        ...

    async def delete_mapping(self, mapping: UserIdMapping) -> bool:
        """See the port."""
        ...

    async def set_mapping_info(self, mapping: UserIdMapping) -> bool:
        """See the port."""
        ...

    async def add_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...], *, register: bool
    ) -> tuple[Imported, ...]:
        """See the port."""
        ...

    async def preview_mappings(
        self, app_id: AppId, mappings: tuple[UserIdMapping, ...]
    ) -> tuple[Imported, ...]:
        """See the port."""
        ...

    async def user_exists(self, app_id: AppId, user_id: UserId) -> bool:
        """See the port."""
        ...

    async def add_users(self, app_id: AppId, user_ids: tuple[UserId, ...]) -> int:
        """See the port."""
        ...

    async def delete_user(self, app_id: AppId, user_id: UserId) -> bool:
        """See the port."""
        ...

    async def has_session(self, app_id: AppId, user_id: UserId, *, at: datetime) -> bool:
        """See the port."""
        ...

    async def count_active_users(self, app_id: AppId, *, since: datetime) -> int:
        """See the port."""
        ...

    async def close(self) -> None:
        """Let go of files and connections."""
        ...


@runtime_checkable
class TellsOfRevocations(Protocol):
    """What an asynchronous store may offer beside: a word whenever the feed has something new."""

    async def listen(self, revoked: Callable[[], None]) -> None:
        """
        Call *revoked* on the loop after each revocation of any process, until the store is closed.

        Also whenever something may have been missed. Returns early where there is no way to be told; never raises
        because the store is broken.
        """
        ...
