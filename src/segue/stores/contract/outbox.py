"""What the outbox promises: a delivery is tried by one worker at a time until it is settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from segue.migration.model import Delivery, DeliveryId, DeliveryState
from segue.stores.contract.examples import DAY, MOMENT, NOW, claim, delivery, session
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

LEASE = NOW + timedelta(minutes=1)
SETTLED = (DeliveryState.DONE, DeliveryState.DEAD)


def put(store: Store, *deliveries: Delivery) -> None:
    """Into the outbox, with one claim for all."""
    store.claim_and_create(claim(1), session(1), deliveries)


def taken(each: Delivery, *, attempts: int = 1) -> Delivery:
    """The delivery as a worker gets it."""
    return replace(each, due_at=LEASE, attempts=attempts)


class OutboxContract(Contract):
    """`take_deliveries`, `settle_delivery`, `list_deliveries`, `count_deliveries`."""

    def test_take_deliveries(self, store: Store) -> None:
        """What is due is taken, oldest due first, with its attempts grown by one and its lease as due time."""
        late, early = delivery(1, due_at=NOW), delivery(2, due_at=NOW - DAY)
        put(store, late, early)
        assert store.take_deliveries(at=NOW, lease_until=LEASE, limit=10) == (taken(early), taken(late))
        assert set(store.list_deliveries(state=DeliveryState.PENDING, limit=10)) == {
            taken(early),
            taken(late),
        }

    def test_not_yet_due(self, store: Store) -> None:
        """Nothing is taken before it is due, to the millisecond."""
        put(store, delivery(1))
        assert store.take_deliveries(at=NOW - MOMENT, lease_until=LEASE, limit=10) == ()
        assert len(store.take_deliveries(at=NOW, lease_until=LEASE, limit=10)) == 1

    def test_leased(self, store: Store) -> None:
        """What a worker has taken is not taken again before the lease is over, and then it is."""
        put(store, delivery(1))
        store.take_deliveries(at=NOW, lease_until=LEASE, limit=10)
        assert store.take_deliveries(at=LEASE - MOMENT, lease_until=LEASE, limit=10) == ()
        assert store.take_deliveries(at=LEASE, lease_until=LEASE, limit=10) == (
            taken(delivery(1), attempts=2),
        )

    def test_take_some(self, store: Store) -> None:
        """At most *limit* are taken, and the others stay for the next worker."""
        put(store, *(delivery(number, due_at=NOW - number * MOMENT) for number in range(1, 6)))
        first = store.take_deliveries(at=NOW, lease_until=LEASE, limit=2)
        second = store.take_deliveries(at=NOW, lease_until=LEASE, limit=10)
        assert [each.delivery_id[-1] for each in (*first, *second)] == list("54321")

    def test_lease_drops_microseconds(self, store: Store) -> None:
        """The lease counts in whole milliseconds, in the answer as in the store."""
        put(store, delivery(1))
        finer = LEASE + timedelta(microseconds=999)
        assert store.take_deliveries(at=NOW, lease_until=finer, limit=1) == (taken(delivery(1)),)
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=1) == (taken(delivery(1)),)

    def test_try_again(self, store: Store) -> None:
        """A failed attempt is written with its code, and the delivery waits for its new due time, sealed as before."""
        put(store, delivery(1))
        store.take_deliveries(at=NOW, lease_until=LEASE, limit=1)
        again = NOW + timedelta(seconds=5)
        store.settle_delivery(
            DeliveryId("delivery 1"), state=DeliveryState.PENDING, due_at=again, last_error="FETCH_FAILED"
        )
        expected = replace(delivery(1), attempts=1, due_at=again, last_error="FETCH_FAILED")
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=10) == (expected,)
        assert store.take_deliveries(at=again - MOMENT, lease_until=LEASE, limit=1) == ()
        assert len(store.take_deliveries(at=again, lease_until=LEASE, limit=1)) == 1

    @pytest.mark.parametrize("state", SETTLED, ids=str)
    def test_settle_delivery(self, store: Store, state: DeliveryState) -> None:
        """What is settled is never due again, and what had to be sent is emptied."""
        put(store, delivery(1))
        store.settle_delivery(DeliveryId("delivery 1"), state=state, due_at=NOW, last_error="code")
        assert store.take_deliveries(at=NOW + DAY, lease_until=LEASE, limit=10) == ()
        assert store.list_deliveries(state=state, limit=10) == (
            replace(delivery(1), state=state, sealed=b"", last_error="code"),
        )

    @pytest.mark.parametrize("late", list(DeliveryState), ids=str)
    @pytest.mark.parametrize("first", SETTLED, ids=str)
    def test_settled_twice(self, store: Store, first: DeliveryState, late: DeliveryState) -> None:
        """A worker whose lease was over cannot change what another one has settled."""
        put(store, delivery(1))
        store.settle_delivery(DeliveryId("delivery 1"), state=first, due_at=NOW, last_error=None)
        before = store.list_deliveries(state=first, limit=10)
        store.settle_delivery(DeliveryId("delivery 1"), state=late, due_at=NOW + DAY, last_error="late")
        assert store.list_deliveries(state=first, limit=10) == before

    def test_settle_the_unknown(self, store: Store) -> None:
        """Settling a delivery that is not there does nothing."""
        put(store, delivery(1))
        store.settle_delivery(DeliveryId("unknown"), state=DeliveryState.DONE, due_at=NOW, last_error=None)
        assert store.count_deliveries() == {DeliveryState.PENDING: 1}

    def test_list_deliveries(self, store: Store) -> None:
        """Deliveries of one state come oldest first, at most *limit*."""
        made = [delivery(number, created_at=NOW - number * MOMENT) for number in range(1, 5)]
        put(store, *made)
        store.settle_delivery(made[1].delivery_id, state=DeliveryState.DEAD, due_at=NOW, last_error="code")
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=10) == (made[3], made[2], made[0])
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=2) == (made[3], made[2])
        assert store.list_deliveries(state=DeliveryState.DONE, limit=10) == ()

    def test_count_deliveries(self, store: Store) -> None:
        """Deliveries are counted by state, and a state without any is left out."""
        assert store.count_deliveries() == {}
        put(store, *map(delivery, range(1, 6)))
        for number, state in ((1, DeliveryState.DONE), (2, DeliveryState.DONE), (3, DeliveryState.DEAD)):
            store.settle_delivery(delivery(number).delivery_id, state=state, due_at=NOW, last_error=None)
        assert store.count_deliveries() == {
            DeliveryState.PENDING: 2,
            DeliveryState.DONE: 2,
            DeliveryState.DEAD: 1,
        }
