"""What the ledger promises: a sign-in becomes a session at most once, and never by halves."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP, Digest
from segue.migration.model import DeliveryState
from segue.stores.contract.examples import (
    DAY,
    MOMENT,
    NOW,
    OTHER_APP,
    claim,
    delivery,
    digest,
    handle,
    session,
)
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store


class LedgerContract(Contract):
    """`find_claim`, `claim_and_create`, `delete_claims`."""

    def test_first_claim(self, store: Store) -> None:
        """The first claim of a sign-in writes claim, session and deliveries, and returns None."""
        assert store.claim_and_create(claim(1), session(1), (delivery(1), delivery(2))) is None
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) == claim(1)
        assert store.load_session(PUBLIC_APP, handle(1)) == session(1)
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=10) == (delivery(1), delivery(2))

    def test_claim_without_a_client_and_deliveries(self, store: Store) -> None:
        """A claim needs neither a client's digest nor a delivery."""
        anonymous = replace(claim(1), client_digest=None)
        assert store.claim_and_create(anonymous, session(1), ()) is None
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) == anonymous
        assert store.count_deliveries() == {}

    def test_claim_of_a_session_that_is_there(self, store: Store) -> None:
        """A claim without a session is written with its deliveries, and the session it names stays as it is."""
        store.create_session(session(1))
        assert store.claim_and_create(claim(2, session_number=1), None, (delivery(2),)) is None
        assert store.find_claim(PUBLIC_APP, digest("claim 2")) == claim(2, session_number=1)
        assert store.load_session(PUBLIC_APP, handle(1)) == session(1)
        assert store.claim_and_create(claim(2), session(2), ()) == claim(2, session_number=1)
        assert store.load_session(PUBLIC_APP, handle(2)) is None

    def test_claims_of_a_person(self, store: Store) -> None:
        """All claims of a person are found in pages, by their ids; those of others and of other apps are not."""
        mine = [replace(claim(number), subject_digest=digest("person")) for number in (1, 2, 3)]
        for one in mine:
            store.claim_and_create(one, None, ())
        store.claim_and_create(claim(4), None, ())
        store.claim_and_create(replace(mine[0], app_id=OTHER_APP), None, ())
        ordered = sorted(mine, key=lambda one: one.claim_id)
        first = store.find_claims(PUBLIC_APP, digest("person"), after=Digest(b""), limit=2)
        assert first == tuple(ordered[:2])
        rest = store.find_claims(PUBLIC_APP, digest("person"), after=first[-1].claim_id, limit=2)
        assert rest == (ordered[2],)
        assert store.find_claims(PUBLIC_APP, digest("nobody"), after=Digest(b""), limit=2) == ()

    def test_second_claim(self, store: Store) -> None:
        """A second claim of the same sign-in gets the first one, and nothing of it is written."""
        store.claim_and_create(claim(1), session(1), (delivery(1),))
        second = replace(claim(1, session_number=2), client_digest=digest("other client"))
        assert store.claim_and_create(second, session(2), (delivery(2),)) == claim(1)
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) == claim(1)
        assert store.load_session(PUBLIC_APP, handle(2)) is None
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=10) == (delivery(1),)

    def test_claims_of_another_app(self, store: Store) -> None:
        """The same sign-in may become a session of each app."""
        store.claim_and_create(claim(1), session(1), ())
        other = replace(claim(1), app_id=OTHER_APP)
        assert store.find_claim(OTHER_APP, digest("claim 1")) is None
        assert store.claim_and_create(other, session(1, app_id=OTHER_APP), ()) is None
        assert store.find_claim(OTHER_APP, digest("claim 1")) == other

    def test_session_refused(self, store: Store) -> None:
        """If the session cannot be written, neither claim nor deliveries are."""
        store.create_session(session(1))
        with pytest.raises(StoreUnavailable):
            store.claim_and_create(claim(1), session(1), (delivery(1),))
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) is None
        assert store.count_deliveries() == {}

    def test_session_that_is_not_json(self, store: Store) -> None:
        """If the session cannot even be put into words, nothing is written."""
        with pytest.raises(ValueError, match="JSON"):
            store.claim_and_create(claim(1), session(1, payload={"nan": float("nan")}), ())
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) is None

    @pytest.mark.parametrize("numbers", [(9,), (2, 2)], ids=["known", "doubled"])
    def test_delivery_refused(self, store: Store, numbers: tuple[int, ...]) -> None:
        """If a delivery cannot be written, neither claim nor session are."""
        store.claim_and_create(claim(9), session(9), (delivery(9),))
        with pytest.raises(StoreUnavailable):
            store.claim_and_create(claim(1), session(1), (delivery(1), *map(delivery, numbers)))
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) is None
        assert store.load_session(PUBLIC_APP, handle(1)) is None
        assert store.count_deliveries() == {DeliveryState.PENDING: 1}

    def test_settled_claim(self, store: Store) -> None:
        """A claim that still names the handle is written anew, with deliveries; it is found so from then on."""
        store.claim_and_create(claim(1), None, ())
        final = replace(claim(1, session_number=2), client_digest=digest("other"), claimed_at=NOW + MOMENT)
        assert store.settle_claim(final, (delivery(1), delivery(2)), if_handle=handle(1))
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) == final
        assert store.list_deliveries(state=DeliveryState.PENDING, limit=10) == (delivery(1), delivery(2))
        assert store.claim_and_create(claim(1), None, ()) == final

    @pytest.mark.parametrize("number", [1, 9], ids=["other handle", "no claim"])
    def test_claim_that_is_not_settled(self, store: Store, number: int) -> None:
        """A claim that names another handle by now, or is not there, stays as it is, and nothing is delivered."""
        store.claim_and_create(claim(1, session_number=2), None, ())
        assert not store.settle_claim(claim(number), (delivery(1),), if_handle=handle(1))
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) == claim(1, session_number=2)
        assert store.count_deliveries() == {}

    def test_claim_of_another_app_is_not_settled(self, store: Store) -> None:
        """Each app settles its own."""
        store.claim_and_create(claim(1), None, ())
        assert not store.settle_claim(replace(claim(1), app_id=OTHER_APP), (), if_handle=handle(1))

    def test_settled_with_a_delivery_refused(self, store: Store) -> None:
        """If a delivery cannot be written, the claim is not settled either."""
        store.claim_and_create(claim(1), None, (delivery(1),))
        with pytest.raises(StoreUnavailable):
            store.settle_claim(claim(1, session_number=2), (delivery(2), delivery(1)), if_handle=handle(1))
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) == claim(1)
        assert store.count_deliveries() == {DeliveryState.PENDING: 1}

    def test_claim_outlives_its_session(self, store: Store) -> None:
        """A claim whose time has passed is found until it is cleaned up, also when its session is gone."""
        store.claim_and_create(claim(1, keep_until=NOW - DAY), session(1), ())
        store.delete_expired(at=NOW + 2 * DAY, revocations_before=NOW, limit=10)
        assert store.load_session(PUBLIC_APP, handle(1)) is None
        assert store.find_claim(PUBLIC_APP, digest("claim 1")) == claim(1, keep_until=NOW - DAY)

    def test_delete_claims(self, store: Store) -> None:
        """Claims go when their time lies before the given instant, at most *limit*, longest over first."""
        for number in (3, 1, 2):
            kept = claim(number, keep_until=NOW + number * MOMENT)
            store.claim_and_create(kept, session(number), ())
        assert store.delete_claims(kept_until_before=NOW + MOMENT, limit=10) == 0
        assert store.delete_claims(kept_until_before=NOW + DAY, limit=2) == 2
        assert store.find_claim(PUBLIC_APP, digest("claim 2")) is None
        assert store.find_claim(PUBLIC_APP, digest("claim 3"))
        assert store.delete_claims(kept_until_before=NOW + DAY, limit=2) == 1
        assert store.delete_claims(kept_until_before=NOW + DAY, limit=2) == 0
