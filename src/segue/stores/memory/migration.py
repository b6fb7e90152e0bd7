"""
`Ledger` and `Outbox` over dictionaries.

House rule: claim, session and deliveries are checked first and then written under the same hold of the lock, so they
stand together or not at all.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from msgspec.structs import replace

from segue.ids import AppId, Digest, SessionHandle, whole_milliseconds
from segue.migration.model import Claim, Delivery, DeliveryId, DeliveryState
from segue.migration.records import AttemptRecord
from segue.sessions.model import Session
from segue.stores.memory.state import MemoryState, copied, kept_record, refuse_double


class MemoryMigrations(MemoryState):
    """The ledger and the outbox."""

    def find_claim(self, app_id: AppId, claim_id: Digest) -> Claim | None:
        """See `Ledger.find_claim`."""
        with self._lock:
            return self._claims.get((app_id, claim_id))

    def find_claims(
        self, app_id: AppId, subject_digest: Digest, *, after: Digest, limit: int
    ) -> tuple[Claim, ...]:
        """See `Ledger.find_claims`."""
        with self._lock:
            of_person = (
                claim
                for (owner, claim_id), claim in self._claims.items()
                if owner == app_id and claim.subject_digest == subject_digest and claim_id > after
            )
            return tuple(sorted(of_person, key=lambda claim: claim.claim_id)[:limit])

    def claim_and_create(
        self,
        claim: Claim,
        session: Session | None,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
    ) -> Claim | None:
        """See `Ledger.claim_and_create`."""
        kept = None if session is None else copied(session)
        with self._lock:
            first = self._claims.get((claim.app_id, claim.claim_id))
            if first is not None:
                return first
            self._refuse_doubles(deliveries)
            if kept is not None:
                refuse_double(self._sessions, (kept.app_id, kept.handle))
                self._sessions[kept.app_id, kept.handle] = kept
            self._write(claim, deliveries, record)
            return None

    def settle_claim(
        self,
        claim: Claim,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
        *,
        if_handle: SessionHandle,
    ) -> bool:
        """See `Ledger.settle_claim`."""
        with self._lock:
            stored = self._claims.get((claim.app_id, claim.claim_id))
            if stored is None or stored.handle != if_handle:
                return False
            self._refuse_doubles(deliveries)
            self._write(claim, deliveries, record)
            return True

    def _write(self, claim: Claim, deliveries: tuple[Delivery, ...], record: AttemptRecord | None) -> None:
        self._claims[claim.app_id, claim.claim_id] = _kept_claim(claim)
        for delivery in deliveries:
            self._deliveries[delivery.delivery_id] = _kept_delivery(delivery)
        if record is not None:
            self._attempts.setdefault((record.app_id, record.operation_id), kept_record(record))

    def _refuse_doubles(self, deliveries: tuple[Delivery, ...]) -> None:
        names = [delivery.delivery_id for delivery in deliveries]
        for position, name in enumerate(names):
            refuse_double({*self._deliveries, *names[:position]}, name)

    def delete_claims(self, *, kept_until_before: datetime, limit: int) -> int:
        """See `Ledger.delete_claims`."""
        now = whole_milliseconds(kept_until_before)
        with self._lock:
            over = [(claim.keep_until, key) for key, claim in self._claims.items() if claim.keep_until < now]
            gone = sorted(over)[:limit]
            for _, key in gone:
                del self._claims[key]
        return len(gone)

    def take_deliveries(self, *, at: datetime, lease_until: datetime, limit: int) -> tuple[Delivery, ...]:
        """See `Outbox.take_deliveries`."""
        now, leased = whole_milliseconds(at), whole_milliseconds(lease_until)
        with self._lock:
            due = [delivery for delivery in self._in_state(DeliveryState.PENDING) if delivery.due_at <= now]
            due.sort(key=lambda delivery: delivery.due_at)
            taken = [
                replace(delivery, due_at=leased, attempts=delivery.attempts + 1, held=False)
                for delivery in due[:limit]
            ]
            for delivery in taken:
                self._deliveries[delivery.delivery_id] = delivery
        return tuple(taken)

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
        with self._lock:
            delivery = self._deliveries.get(delivery_id)
            if delivery is None or delivery.state is not DeliveryState.PENDING:
                return
            self._deliveries[delivery_id] = replace(
                delivery,
                state=state,
                due_at=whole_milliseconds(due_at),
                last_error=last_error,
                sealed=delivery.sealed if state is DeliveryState.PENDING else b"",
                settled_at=None if state is DeliveryState.PENDING else whole_milliseconds(at),
            )

    def delete_deliveries(self, *, state: DeliveryState, settled_before: datetime, limit: int) -> int:
        """See `Outbox.delete_deliveries`."""
        before = whole_milliseconds(settled_before)
        with self._lock:
            old = [
                (delivery.settled_at, delivery.delivery_id)
                for delivery in self._in_state(state)
                if delivery.settled_at is not None and delivery.settled_at < before
            ]
            gone = sorted(old)[:limit]
            for _, delivery_id in gone:
                del self._deliveries[delivery_id]
        return len(gone)

    def held_sessions(self, app_id: AppId, *, limit: int) -> tuple[SessionHandle, ...]:
        """See `Outbox.held_sessions`."""
        with self._lock:
            held = {delivery.handle for delivery in self._held() if delivery.app_id == app_id}
        return tuple(sorted(held, reverse=True)[:limit])

    def release_deliveries(self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime) -> int:
        """See `Outbox.release_deliveries`."""
        with self._lock:
            return self._release(
                [each for each in self._held() if each.app_id == app_id and each.handle in handles], at
            )

    def _held(self) -> list[Delivery]:
        return [delivery for delivery in self._deliveries.values() if delivery.held]

    def _release(self, deliveries: list[Delivery], at: datetime) -> int:
        for each in deliveries:
            released = replace(each, held=False, due_at=whole_milliseconds(at))
            self._deliveries[each.delivery_id] = released
        return len(deliveries)

    def list_deliveries(self, *, state: DeliveryState, limit: int) -> tuple[Delivery, ...]:
        """See `Outbox.list_deliveries`."""
        with self._lock:
            found = self._in_state(state)
        return tuple(sorted(found, key=lambda delivery: delivery.created_at)[:limit])

    def count_deliveries(self) -> dict[DeliveryState, int]:
        """See `Outbox.count_deliveries`."""
        with self._lock:
            return dict(Counter(delivery.state for delivery in self._deliveries.values()))

    def _in_state(self, state: DeliveryState) -> list[Delivery]:
        return [delivery for delivery in self._deliveries.values() if delivery.state is state]


def _kept_claim(claim: Claim) -> Claim:
    return replace(
        claim,
        claimed_at=whole_milliseconds(claim.claimed_at),
        keep_until=whole_milliseconds(claim.keep_until),
    )


def _kept_delivery(delivery: Delivery) -> Delivery:
    return replace(
        delivery,
        created_at=whole_milliseconds(delivery.created_at),
        due_at=whole_milliseconds(delivery.due_at),
    )
