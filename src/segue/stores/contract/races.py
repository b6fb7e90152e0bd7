"""What holds when many call at once, with real threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from msgspec.structs import replace

from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP, UserId
from segue.migration.model import DeliveryState
from segue.sessions.model import ByUser
from segue.stores.contract.examples import (
    DAY,
    NOW,
    claim,
    delivery,
    digest,
    handle,
    rotation,
    session,
    sign_out,
    signing_key,
)
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

T = TypeVar("T")
CALLERS = 16
ROUNDS = 8


def at_once(call: Callable[[int], T], *, callers: int = CALLERS) -> list[T]:
    """Call from that many threads, which all start at the same moment; the answers in the order of the callers."""
    start = Barrier(callers)

    def run(number: int) -> T:
        start.wait()
        return call(number)

    with ThreadPoolExecutor(callers) as threads:
        return list(threads.map(run, range(callers)))


class RacesContract(Contract):
    """Every method is atomic."""

    def test_rotations_with_one_token(self, store: Store) -> None:
        """However many present the same token at once, one rotates, and its successor is the one stored."""
        for number in range(ROUNDS):
            store.create_session(session(number))

            def rotate(caller: int, number: int = number) -> bool:
                mine = replace(rotation(number, 1), successor=digest(f"{number} of {caller}"))
                return store.rotate_family(mine) is not None

            winners = [caller for caller, won in enumerate(at_once(rotate)) if won]
            assert len(winners) == 1
            stored = store.load_session(PUBLIC_APP, handle(number))
            assert stored is not None
            assert stored.family.current == digest(f"{number} of {winners[0]}")
            assert stored.family.generation == 1

    def test_rotations_with_kinds_of_key_of_their_own(self, store: Store) -> None:
        """Sessions that rotate at the same time keep or change their kinds of key, each as its own rotation says."""
        wishes = (None, False, True)
        for number in range(CALLERS):
            store.create_session(replace(session(number), static_key=number % 2 == 0))

        def rotate(caller: int) -> bool:
            rotated = store.rotate_family(replace(rotation(caller, 1), static_key=wishes[caller % 3]))
            assert rotated is not None
            return rotated.static_key

        wanted = [
            number % 2 == 0 if wishes[number % 3] is None else number % 3 == 2 for number in range(CALLERS)
        ]
        assert at_once(rotate) == wanted
        found = store.list_sessions(PUBLIC_APP, ByUser(user_id=UserId("ada")), at=NOW, limit=1000)
        assert {each.handle: each.static_key for each in found} == {
            handle(number): static_key for number, static_key in enumerate(wanted)
        }

    def test_merges_into_one_payload(self, store: Store) -> None:
        """Of many who each add a member to what they have read, none is lost."""
        store.create_session(session(1, payload={}))

        def merge(caller: int) -> None:
            while True:
                read = store.load_session(PUBLIC_APP, handle(1))
                assert read is not None
                merged = {**read.payload, str(caller): caller}
                if store.update_session(
                    PUBLIC_APP, handle(1), payload=merged, data=None, if_payload=read.payload
                ):
                    return

        at_once(merge)
        stored = store.load_session(PUBLIC_APP, handle(1))
        assert stored is not None
        assert stored.payload == {str(caller): caller for caller in range(CALLERS)}

    def test_claims_of_one_sign_in(self, store: Store) -> None:
        """However many claim one sign-in at once, one session is made, and all others get the winner's claim."""
        for sign_in in range(ROUNDS):

            def migrate(caller: int, sign_in: int = sign_in) -> object:
                number = 1000 * sign_in + caller
                mine = claim(sign_in, session_number=number)
                return store.claim_and_create(mine, session(number), (delivery(number),))

            answers = at_once(migrate)
            assert answers.count(None) == 1
            winner = 1000 * sign_in + answers.index(None)
            assert set(answers) == {None, claim(sign_in, session_number=winner)}
            made = [
                number for number in range(1000 * sign_in, 1000 * sign_in + CALLERS) if _lives(store, number)
            ]
            assert made == [winner]
        assert store.count_deliveries() == {DeliveryState.PENDING: ROUNDS}

    def test_sign_in_against_sign_out_everywhere(self, store: Store) -> None:
        """A session made while its user is signed out everywhere is either deleted and told, or lives."""
        ada = ByUser(user_id=UserId("ada"))

        def act(caller: int) -> tuple[str, ...]:
            if caller % 4 == 0:
                return sign_out(store, ada)
            for number in range(ROUNDS):
                store.create_session(session(1000 * caller + number))
            return ()

        deleted = [str(name) for names in at_once(act) for name in names]
        living = [str(each.handle) for each in store.list_sessions(PUBLIC_APP, ada, at=NOW, limit=1000)]
        told = [each.handle for each in store.revocations_after(0, limit=1000)]
        made = [
            handle(1000 * caller + number)
            for caller in range(CALLERS)
            for number in range(ROUNDS)
            if caller % 4
        ]
        assert sorted(deleted + living) == made
        assert sorted(told) == sorted(deleted)

    def test_refresh_against_sign_out(self, store: Store) -> None:
        """A session is signed out once, whatever refreshes at the same time, and does not come back."""
        for number in range(ROUNDS):
            store.create_session(session(number))

            def act(caller: int, number: int = number) -> object:
                if caller % 2:
                    return store.rotate_family(rotation(number, 1))
                return store.delete_sessions(PUBLIC_APP, (handle(number),), at=NOW)

            assert Counter(map(bool, at_once(act)[::2]))[True] == 1
            assert store.load_session(PUBLIC_APP, handle(number)) is None

    def test_instances_that_make_a_key(self, store: Store) -> None:
        """When several instances find that a key is due, one adds it, also for the very first."""
        newest = None
        for generation in range(ROUNDS):

            def add(caller: int, generation: int = generation, newest: str | None = newest) -> bool:
                key = signing_key(f"d-{generation}-{caller}", created_at=NOW + generation * DAY)
                return store.add_signing_key(PUBLIC_APP, key, if_newest=newest)

            assert at_once(add).count(True) == 1
            newest = store.load_signing_keys(PUBLIC_APP)[-1].key_id
        assert len(store.load_signing_keys(PUBLIC_APP)) == ROUNDS

    def test_workers_that_take_deliveries(self, store: Store) -> None:
        """No delivery is taken by two workers."""
        store.claim_and_create(claim(1), session(1), tuple(delivery(number) for number in range(40)))
        taken = at_once(lambda _: store.take_deliveries(at=NOW, lease_until=NOW + DAY, limit=4))
        names = [each.delivery_id for some in taken for each in some]
        assert len(names) == len(set(names)) == 40

    def test_failure_beside_others(self, store: Store) -> None:
        """An operation that is refused harms none that is written at the same time."""
        store.create_session(session(0))

        def act(caller: int) -> bool:
            try:
                store.claim_and_create(
                    claim(caller), session(caller if caller % 3 else 0), (delivery(caller),)
                )
            except StoreUnavailable:
                return False
            return True

        assert at_once(act) == [bool(caller % 3) for caller in range(CALLERS)]
        for caller in range(1, CALLERS):
            assert _lives(store, caller) == bool(caller % 3)
            claimed = store.find_claim(PUBLIC_APP, digest(f"claim {caller}")) is not None
            assert claimed == bool(caller % 3)


def _lives(store: Store, number: int) -> bool:
    return store.load_session(PUBLIC_APP, handle(number)) is not None
