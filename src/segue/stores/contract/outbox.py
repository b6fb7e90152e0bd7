"""What the outbox promises: a delivery is tried by one worker at a time until it is settled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from segue.ids import PUBLIC_APP
from segue.migration.model import Delivery, DeliveryId, DeliveryState
from segue.stores.contract.examples import DAY, MOMENT, NOW, OTHER_APP, claim, delivery, handle, session
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

LATER = NOW + timedelta(seconds=1)
LEASE = NOW + timedelta(minutes=1)
SETTLED = (DeliveryState.DONE, DeliveryState.DEAD)


def put(store: Store, *deliveries: Delivery) -> None:
    """Into the outbox, with one claim for all."""
    store.claim_and_create(claim(1), session(1), deliveries)


def taken(each: Delivery, *, attempts: int = 1) -> Delivery:
    """The delivery as a worker gets it."""
    return replace(each, due_at=LEASE, attempts=attempts)


def settle(store: Store, each: Delivery, *, state: DeliveryState, at: datetime) -> None:
    """Write what came of it."""
    store.settle_delivery(each.delivery_id, state=state, at=at, due_at=NOW, last_error=None)


def names_of(deliveries: Iterable[Delivery]) -> set[DeliveryId]:
    """Their ids."""
    return {each.delivery_id for each in deliveries}


def names(store: Store, state: DeliveryState) -> set[DeliveryId]:
    """What the store has in this state."""
    return names_of(store.list_deliveries(state=state, limit=100))


class OutboxContract(Contract):
    """Taken, settled, listed, counted, forgotten."""

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
            DeliveryId("delivery 1"),
            state=DeliveryState.PENDING,
            at=LATER,
            due_at=again,
            last_error="FETCH_FAILED",
        )
        expected = replace(delivery(1), attempts=1, due_at=again, last_error="FETCH_FAILED")
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=10) == (expected,)
        assert store.take_deliveries(at=again - MOMENT, lease_until=LEASE, limit=1) == ()
        assert len(store.take_deliveries(at=again, lease_until=LEASE, limit=1)) == 1

    @pytest.mark.parametrize("state", SETTLED, ids=str)
    def test_settle_delivery(self, store: Store, state: DeliveryState) -> None:
        """What is settled is never due again, and what had to be sent is emptied."""
        put(store, delivery(1))
        store.settle_delivery(DeliveryId("delivery 1"), state=state, at=LATER, due_at=NOW, last_error="code")
        assert store.take_deliveries(at=NOW + DAY, lease_until=LEASE, limit=10) == ()
        assert store.list_deliveries(state=state, limit=10) == (
            replace(delivery(1), state=state, sealed=b"", last_error="code", settled_at=LATER),
        )

    @pytest.mark.parametrize("late", list(DeliveryState), ids=str)
    @pytest.mark.parametrize("first", SETTLED, ids=str)
    def test_settled_twice(self, store: Store, first: DeliveryState, late: DeliveryState) -> None:
        """A worker whose lease was over cannot change what another one has settled."""
        put(store, delivery(1))
        store.settle_delivery(DeliveryId("delivery 1"), state=first, at=LATER, due_at=NOW, last_error=None)
        before = store.list_deliveries(state=first, limit=10)
        store.settle_delivery(
            DeliveryId("delivery 1"), state=late, at=LATER, due_at=NOW + DAY, last_error="late"
        )
        assert store.list_deliveries(state=first, limit=10) == before

    @pytest.mark.parametrize("state", SETTLED, ids=str)
    def test_delete_deliveries(self, store: Store, state: DeliveryState) -> None:
        """What was settled before an instant is forgotten, oldest first and at most *limit*; others stay."""
        made = [delivery(number) for number in range(1, 6)]
        put(store, *made, delivery(6), delivery(7))
        (other,) = set(SETTLED) - {state}
        settle(store, delivery(6), state=other, at=NOW)
        for number, each in enumerate(made):
            settle(store, each, state=state, at=NOW - number * MOMENT)
        assert store.delete_deliveries(state=state, settled_before=NOW, limit=2) == 2
        assert names(store, state) == names_of(made[:3])
        assert store.delete_deliveries(state=state, settled_before=NOW, limit=10) == 2
        assert names(store, state) == names_of(made[:1])
        assert store.delete_deliveries(state=state, settled_before=NOW, limit=10) == 0
        assert names(store, other) == names_of([delivery(6)])
        assert names(store, DeliveryState.PENDING) == names_of([delivery(7)])

    def test_pending_is_never_forgotten(self, store: Store) -> None:
        """What has not been settled stays, however old it is and however often it was tried."""
        put(store, delivery(1))
        settle(store, delivery(1), state=DeliveryState.PENDING, at=NOW)
        gone = store.delete_deliveries(state=DeliveryState.PENDING, settled_before=NOW + DAY, limit=10)
        assert gone == 0
        assert names(store, DeliveryState.PENDING) == names_of([delivery(1)])

    def test_settle_the_unknown(self, store: Store) -> None:
        """Settling a delivery that is not there does nothing."""
        put(store, delivery(1))
        store.settle_delivery(
            DeliveryId("unknown"), state=DeliveryState.DONE, at=LATER, due_at=NOW, last_error=None
        )
        assert store.count_deliveries() == {DeliveryState.PENDING: 1}

    def test_list_deliveries(self, store: Store) -> None:
        """Deliveries of one state come oldest first, at most *limit*."""
        made = [delivery(number, created_at=NOW - number * MOMENT) for number in range(1, 5)]
        put(store, *made)
        store.settle_delivery(
            made[1].delivery_id, state=DeliveryState.DEAD, at=LATER, due_at=NOW, last_error="code"
        )
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=10) == (made[3], made[2], made[0])
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=2) == (made[3], made[2])
        assert store.list_deliveries(state=DeliveryState.DONE, limit=10) == ()

    def test_count_deliveries(self, store: Store) -> None:
        """Deliveries are counted by state, and a state without any is left out."""
        assert store.count_deliveries() == {}
        put(store, *map(delivery, range(1, 6)))
        for number, state in ((1, DeliveryState.DONE), (2, DeliveryState.DONE), (3, DeliveryState.DEAD)):
            store.settle_delivery(
                delivery(number).delivery_id, state=state, at=LATER, due_at=NOW, last_error=None
            )
        assert store.count_deliveries() == {
            DeliveryState.PENDING: 2,
            DeliveryState.DONE: 2,
            DeliveryState.DEAD: 1,
        }

    def test_held_deliveries(self, store: Store) -> None:
        """What waits for a first use is kept as such, is found by its session, and is not due before its time."""
        put(
            store,
            delivery(1),
            delivery(2, due_at=NOW + DAY, held=True),
            delivery(3, due_at=NOW + DAY, held=True),
        )
        assert set(store.list_deliveries(state=DeliveryState.PENDING, limit=10)) == {
            delivery(1),
            delivery(2, due_at=NOW + DAY, held=True),
            delivery(3, due_at=NOW + DAY, held=True),
        }
        assert store.held_sessions(PUBLIC_APP, limit=10) == (handle(3), handle(2))
        assert store.held_sessions(PUBLIC_APP, limit=1) == (handle(3),)
        assert store.held_sessions(OTHER_APP, limit=10) == ()
        assert names_of(store.take_deliveries(at=NOW, lease_until=LEASE, limit=10)) == names_of([delivery(1)])

    def test_release_deliveries(self, store: Store) -> None:
        """What is released is due at once; what was not held for these sessions stays as it is."""
        far = NOW + DAY
        put(store, delivery(1, due_at=far), *(delivery(number, due_at=far, held=True) for number in (2, 3)))
        assert store.release_deliveries(OTHER_APP, (handle(2),), at=NOW) == 0
        assert store.release_deliveries(PUBLIC_APP, (handle(1), handle(2), handle(9)), at=NOW) == 1
        assert store.release_deliveries(PUBLIC_APP, (handle(2),), at=LATER) == 0
        assert store.release_deliveries(PUBLIC_APP, (), at=NOW) == 0
        assert store.held_sessions(PUBLIC_APP, limit=10) == (handle(3),)
        assert store.take_deliveries(at=NOW, lease_until=LEASE, limit=10) == (taken(delivery(2)),)

    def test_held_for_a_session_that_is_revoked(self, store: Store) -> None:
        """Who ends a session ends the old one with it: in the same transaction its delivery is due."""
        put(store, *(delivery(number, due_at=NOW + DAY, held=True) for number in (1, 2)))
        store.delete_sessions(PUBLIC_APP, (handle(1),), at=LATER)
        assert store.held_sessions(PUBLIC_APP, limit=10) == (handle(2),)
        (due,) = store.take_deliveries(at=LATER, lease_until=LEASE, limit=10)
        assert due == taken(delivery(1))

    def test_held_until_its_time(self, store: Store) -> None:
        """What was never released is taken when it is due, and is not held any more."""
        put(store, delivery(1, due_at=LATER, held=True))
        assert store.take_deliveries(at=LATER, lease_until=LEASE, limit=10) == (taken(delivery(1)),)
        assert store.held_sessions(PUBLIC_APP, limit=10) == ()
