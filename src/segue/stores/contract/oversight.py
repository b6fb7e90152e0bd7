"""What those who watch over migrations are promised: attempts counted once, switches, and shared limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from msgspec import structs

from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, TenantId, UserId
from segue.migration.buckets import Budget, Spending
from segue.migration.model import DeliveryState
from segue.migration.records import AttemptCount, AttemptRecord, MintedCount, Outcome, Stage, operation_id
from segue.migration.rollout import OFF, ON, SHADOW, Rollout, parse_rollout
from segue.sessions.model import ByProvenance
from segue.stores.contract.examples import (
    DAY,
    ISSUER,
    MOMENT,
    NOW,
    OTHER_APP,
    claim,
    delivery,
    provenance,
    session,
)
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

MIGRATED = Outcome(
    provider="old", tenant_id=PUBLIC_TENANT, mode="on", stage=Stage.DONE, code="MIGRATED", verified=True
)
EXPIRED = Outcome(provider="old", mode="on", stage=Stage.TOKEN, code="TOKEN_EXPIRED")
OUTCOMES = (
    MIGRATED,
    EXPIRED,
    structs.replace(EXPIRED, tenant_id=TenantId("acme ☃")),
    structs.replace(EXPIRED, retryable=True),
    structs.replace(EXPIRED, verified=True),
    structs.replace(MIGRATED, mode="shadow"),
    structs.replace(MIGRATED, provider="older"),
    Outcome(stage=Stage.REQUEST, code="REQUEST_INVALID"),
)
"""Each differs from every other in one thing that counts."""
BUDGET = Budget(burst=10, every=timedelta(minutes=10))


def record(
    number: int, outcome: Outcome = MIGRATED, *, app_id: AppId = PUBLIC_APP, count: int = 1
) -> AttemptRecord:
    """Attempt *number*, made that many milliseconds after the beginning."""
    at = NOW + number * MOMENT
    return AttemptRecord(
        operation_id=operation_id(at, number.to_bytes(8)), app_id=app_id, at=at, outcome=outcome, count=count
    )


def counted(store: Store, app_id: AppId = PUBLIC_APP) -> dict[Outcome, int]:
    """How many attempts came to what."""
    return {each.outcome: each.count for each in store.count_attempts(app_id)}


class OversightContract(Contract):
    """`AttemptLog`, `Rollouts`, `Limiter`."""

    def test_count_attempts(self, store: Store) -> None:
        """Attempts are counted by everything that tells outcomes apart, several in one row as so many."""
        store.add_attempts(tuple(record(number, outcome) for number, outcome in enumerate(OUTCOMES)))
        store.add_attempts((record(100, EXPIRED, count=1000),))
        store.add_attempts((record(101, EXPIRED, app_id=OTHER_APP),))
        store.add_attempts(())
        assert counted(store) == dict.fromkeys(OUTCOMES, 1) | {EXPIRED: 1001}
        assert counted(store, OTHER_APP) == {EXPIRED: 1}

    def test_counts_are_whole(self, store: Store) -> None:
        """A count tells the first and the last attempt and the latest end of an old session."""
        ends = structs.replace(record(2), old_ends_at=NOW + DAY + timedelta(microseconds=999))
        store.add_attempts((record(3), ends, structs.replace(record(1), old_ends_at=NOW)))
        whole = AttemptCount(
            outcome=MIGRATED,
            count=3,
            first_at=NOW + MOMENT,
            last_at=NOW + 3 * MOMENT,
            old_ends_at=NOW + DAY,
        )
        assert store.count_attempts(PUBLIC_APP) == (whole,)

    def test_counts_in_order(self, store: Store) -> None:
        """Counts come in the order of provider, tenant, mode, stage, code and the two marks."""
        store.add_attempts(
            tuple(record(number, outcome) for number, outcome in enumerate(reversed(OUTCOMES)))
        )
        outcomes = [each.outcome for each in store.count_attempts(PUBLIC_APP)]
        assert outcomes == sorted(
            outcomes,
            key=lambda o: (o.provider, o.tenant_id, o.mode, o.stage.value, o.code, o.retryable, o.verified),
        )

    def test_record_twice(self, store: Store) -> None:
        """A record that is written again changes nothing, and those beside it are written."""
        store.add_attempts((record(1),))
        store.add_attempts((structs.replace(record(1), outcome=EXPIRED, count=5), record(2)))
        assert counted(store) == {MIGRATED: 2}

    def test_record_of_a_claim(self, store: Store) -> None:
        """The record is written with the claim, and not without it."""
        assert store.claim_and_create(claim(1), session(1), (delivery(1),), record(1)) is None
        assert store.claim_and_create(claim(1), session(2), (delivery(2),), record(2)) is not None
        assert store.claim_and_create(claim(3), None, (), record(3)) is None
        assert store.claim_and_create(claim(4), session(4), ()) is None
        assert counted(store) == {MIGRATED: 2}

    def test_record_of_a_settled_claim(self, store: Store) -> None:
        """The record is written when the claim is settled, and not where it is not."""
        store.claim_and_create(claim(1), None, ())
        assert store.settle_claim(claim(1, session_number=2), (), record(1), if_handle=claim(1).handle)
        assert not store.settle_claim(claim(1, session_number=3), (), record(2), if_handle=claim(1).handle)
        assert counted(store) == {MIGRATED: 1}

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_fold_attempts(self, store: Store, limit: int) -> None:
        """Whatever was folded, and however often, the counts stay what they were."""
        made = tuple(
            structs.replace(
                record(number, OUTCOMES[number % 3]), old_ends_at=NOW + number * DAY if number % 2 else None
            )
            for number in range(12)
        )
        store.add_attempts((*made, record(50, app_id=OTHER_APP)))
        before = store.count_attempts(PUBLIC_APP)
        assert store.fold_attempts(PUBLIC_APP, before=NOW, limit=limit) == 0
        gone = 0
        while folded := store.fold_attempts(PUBLIC_APP, before=NOW + 7 * MOMENT, limit=limit):
            assert folded <= limit
            gone += folded
            assert store.count_attempts(PUBLIC_APP) == before
        assert gone == 7
        store.add_attempts((record(100, EXPIRED),))
        assert counted(store) == {each.outcome: each.count for each in before} | {EXPIRED: 5}
        assert counted(store, OTHER_APP) == {MIGRATED: 1}

    def test_counted_while_folded(self, store: Store) -> None:
        """Whoever counts while others fold never misses a record and never sees one twice."""
        store.add_attempts(tuple(record(number) for number in range(60)))
        with ThreadPoolExecutor(3) as pool:
            folding = [
                pool.submit(store.fold_attempts, PUBLIC_APP, before=NOW + DAY, limit=7) for _ in range(12)
            ]
            counts = [pool.submit(counted, store) for _ in range(12)]
            assert {each.result()[MIGRATED] for each in counts} == {60}
            assert sum(each.result() for each in folding) == 60
        assert counted(store) == {MIGRATED: 60}

    def test_count_deliveries_by_provider(self, store: Store) -> None:
        """Deliveries are counted by provider, state and the code of their last failure."""
        others = tuple(structs.replace(delivery(number), provider="older") for number in (3, 4, 5))
        store.claim_and_create(claim(1), session(1), (delivery(1), delivery(2), *others))
        store.settle_delivery(
            delivery(2).delivery_id, at=NOW, state=DeliveryState.DONE, due_at=NOW, last_error="GONE"
        )
        for each, state, error in (
            (3, DeliveryState.DEAD, "NO_SESSION_ID"),
            (4, DeliveryState.DEAD, "NO_SESSION_ID"),
            (5, DeliveryState.PENDING, "HTTP_503"),
        ):
            store.settle_delivery(
                delivery(each).delivery_id, at=NOW, state=state, due_at=NOW, last_error=error
            )
        assert [
            (each.provider, each.state, each.error, each.count)
            for each in store.count_deliveries_by_provider(PUBLIC_APP)
        ] == [
            ("old", DeliveryState.DONE, "GONE", 1),
            ("old", DeliveryState.PENDING, None, 1),
            ("older", DeliveryState.DEAD, "NO_SESSION_ID", 2),
            ("older", DeliveryState.PENDING, "HTTP_503", 1),
        ]
        assert store.count_deliveries_by_provider(OTHER_APP) == ()

    @pytest.mark.parametrize(
        "rollout", [OFF, SHADOW, ON, parse_rollout("0.25%"), parse_rollout("99.99%")], ids=str
    )
    def test_rollouts(self, store: Store, rollout: Rollout) -> None:
        """A switch is read back as it was set, is replaced by the next one, and goes when it is taken away."""
        assert store.load_rollouts(PUBLIC_APP) == {}
        store.set_rollout(PUBLIC_APP, "old", parse_rollout("50%"), at=NOW)
        store.set_rollout(PUBLIC_APP, "old", rollout, at=NOW + DAY)
        store.set_rollout(PUBLIC_APP, "older", SHADOW, at=NOW)
        assert store.load_rollouts(PUBLIC_APP) == {"old": rollout, "older": SHADOW}
        assert store.load_rollouts(OTHER_APP) == {}
        store.set_rollout(PUBLIC_APP, "old", None, at=NOW)
        store.set_rollout(OTHER_APP, "older", None, at=NOW)
        assert store.load_rollouts(PUBLIC_APP) == {"older": SHADOW}

    def test_count_minted(self, store: Store) -> None:
        """Living sessions of a provenance are counted with their users and the first and last instant."""
        for number, user in enumerate(("ada", "ada", "grace")):
            made = NOW + number * MOMENT
            store.create_session(
                session(number, user_id=UserId(user), created_at=made, provenance=provenance(number))
            )
        store.create_session(session(8, provenance=provenance(8, verifier_version="1.1")))
        store.create_session(session(9))
        found = store.count_minted(PUBLIC_APP, ByProvenance(issuer=ISSUER, verifier_version="1.0"), at=NOW)
        assert found == MintedCount(count=3, users=2, first_at=NOW, last_at=NOW + 2 * MOMENT)
        window = ByProvenance(issuer=ISSUER, created_from=NOW + MOMENT, created_before=NOW + 2 * MOMENT)
        assert store.count_minted(PUBLIC_APP, window, at=NOW).count == 1
        nobody = MintedCount(count=0, users=0, first_at=None, last_at=None)
        assert store.count_minted(PUBLIC_APP, window, at=NOW + 2 * DAY) == nobody
        assert store.count_minted(OTHER_APP, window, at=NOW) == nobody

    def test_spend(self, store: Store) -> None:
        """A bucket fills by each failure, empties with time, and never holds more than its capacity."""
        spending = Spending(bucket="a", cost=BUDGET.every, capacity=BUDGET.capacity)
        empty_at = NOW
        for number in range(15):
            now = NOW + number * timedelta(seconds=1)
            empty_at = BUDGET.spent(empty_at, BUDGET.every, now=now)
            assert store.spend(spending, at=now) == empty_at
        assert empty_at == NOW + timedelta(seconds=14) + BUDGET.capacity
        late = empty_at + DAY
        assert store.spend(spending, at=late) == late + BUDGET.every
        assert store.spend(Spending(bucket="b", cost=2 * DAY, capacity=DAY), at=NOW) == NOW + DAY

    def test_spend_together(self, store: Store) -> None:
        """Failures that come together all count."""
        spending = Spending(bucket="a", cost=MOMENT, capacity=DAY)
        with ThreadPoolExecutor(4) as pool:
            spent = [pool.submit(store.spend, spending, at=NOW) for _ in range(40)]
            ends = [each.result() for each in spent]
        assert sorted(ends) == [NOW + number * MOMENT for number in range(1, 41)]

    def test_delete_buckets(self, store: Store) -> None:
        """Empty buckets are forgotten, longest empty first; the others stay."""
        for number in range(1, 5):
            store.spend(Spending(bucket=f"{number}", cost=number * MOMENT, capacity=DAY), at=NOW)
        assert store.delete_buckets(empty_before=NOW + 4 * MOMENT, limit=2) == 2
        assert store.delete_buckets(empty_before=NOW + 4 * MOMENT, limit=2) == 1
        assert store.delete_buckets(empty_before=NOW + 4 * MOMENT, limit=2) == 0
        kept = Spending(bucket="4", cost=MOMENT, capacity=DAY)
        assert store.spend(kept, at=NOW) == NOW + 5 * MOMENT
