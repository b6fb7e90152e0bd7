"""What the revocation feed and the clean-up promise."""

from __future__ import annotations

from segue.ids import PUBLIC_APP, UserId
from segue.sessions.model import ByUser
from segue.stores.contract.examples import DAY, MOMENT, NOW, OTHER_APP, handle, rotation, session, sign_out
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store


def revoke(store: Store, *numbers: int, days: int = 0) -> None:
    """Make these sessions and delete them one by one, some days later."""
    for number in numbers:
        store.create_session(session(number))
        store.delete_sessions(PUBLIC_APP, (handle(number),), at=NOW + days * DAY)


class RevocationContract(Contract):
    """`revocations_after`, `last_revocation`, `delete_expired`."""

    def test_feed_in_order(self, store: Store) -> None:
        """Entries have a sequence that grows with every one, and are read in that order."""
        revoke(store, 3, 1, 2)
        entries = store.revocations_after(0, limit=10)
        assert [each.handle for each in entries] == [handle(3), handle(1), handle(2)]
        assert 0 < entries[0].sequence < entries[1].sequence < entries[2].sequence

    def test_feed_from_a_sequence_on(self, store: Store) -> None:
        """A reader that names the last entry it saw gets all later ones and no other."""
        revoke(store, 1, 2, 3)
        first, second, third = store.revocations_after(0, limit=10)
        assert store.revocations_after(first.sequence, limit=10) == (second, third)
        assert store.revocations_after(third.sequence, limit=10) == ()

    def test_feed_in_pieces(self, store: Store) -> None:
        """At most *limit* entries come at once, the oldest first, so that a reader can go on from there."""
        revoke(store, 1, 2, 3)
        entries = store.revocations_after(0, limit=10)
        assert store.revocations_after(0, limit=2) == entries[:2]
        assert store.revocations_after(entries[1].sequence, limit=2) == entries[2:]

    def test_feed_of_all_apps(self, store: Store) -> None:
        """The feed is one for all apps, and each entry names its own."""
        for app_id in (PUBLIC_APP, OTHER_APP):
            store.create_session(session(1, app_id=app_id))
            store.delete_sessions(app_id, (handle(1),), at=NOW)
        assert [each.app_id for each in store.revocations_after(0, limit=10)] == [PUBLIC_APP, OTHER_APP]

    def test_session_over_is_deleted_quietly(self, store: Store) -> None:
        """A session that is already over goes too, with its entry, but is not reported."""
        store.create_session(session(1))
        store.create_session(session(2, created_at=NOW + MOMENT))
        assert sign_out(store, ByUser(user_id=UserId("ada")), at=NOW + DAY) == (handle(2),)
        assert store.load_session(PUBLIC_APP, handle(1)) is None
        assert {each.handle for each in store.revocations_after(0, limit=10)} == {handle(1), handle(2)}

    def test_deleted_twice(self, store: Store) -> None:
        """What is gone is not reported or told again."""
        revoke(store, 1)
        assert store.delete_sessions(PUBLIC_APP, (handle(1),), at=NOW) == ()
        assert len(store.revocations_after(0, limit=10)) == 1

    def test_last_revocation(self, store: Store) -> None:
        """The newest sequence is 0 before the first entry and then that of the newest one."""
        assert store.last_revocation() == 0
        revoke(store, 1, 2)
        assert store.last_revocation() == store.revocations_after(0, limit=10)[-1].sequence

    def test_sequence_never_falls(self, store: Store) -> None:
        """When the newest entries are cleaned up, the newest sequence stays and the next entry is beyond it."""
        revoke(store, 1, 2)
        newest = store.last_revocation()
        store.delete_expired(at=NOW, revocations_before=NOW + MOMENT, limit=10)
        assert store.revocations_after(0, limit=10) == ()
        assert store.last_revocation() == newest
        revoke(store, 3)
        assert store.last_revocation() > newest

    def test_clean_up_of_sessions(self, store: Store) -> None:
        """Sessions that are over go, of all apps and without an entry in the feed; those that live stay."""
        store.create_session(session(1))
        store.create_session(session(2, app_id=OTHER_APP))
        store.create_session(session(3, created_at=NOW + MOMENT))
        assert store.delete_expired(at=NOW + DAY, revocations_before=NOW, limit=10) == 2
        assert store.load_session(PUBLIC_APP, handle(1)) is None
        assert store.load_session(OTHER_APP, handle(2)) is None
        assert store.load_session(PUBLIC_APP, handle(3))
        assert store.last_revocation() == 0

    def test_clean_up_in_pieces(self, store: Store) -> None:
        """At most *limit* sessions go at once, the longest over first; the count tells when all are gone."""
        for number in (3, 1, 2):
            store.create_session(session(number, created_at=NOW + number * MOMENT))
        after = NOW + 2 * DAY
        assert store.delete_expired(at=after, revocations_before=NOW, limit=2) == 2
        assert store.load_session(PUBLIC_APP, handle(3))
        assert store.delete_expired(at=after, revocations_before=NOW, limit=2) == 1
        assert store.delete_expired(at=after, revocations_before=NOW, limit=2) == 0

    def test_clean_up_of_refreshed_sessions(self, store: Store) -> None:
        """Sessions that were refreshed stay until their new end, and hide none that is over, however many they are."""
        for number in range(1, 8):
            store.create_session(session(number, created_at=NOW + number * MOMENT))
        for number in range(1, 6):
            assert store.rotate_family(rotation(number, 1, at=NOW + DAY - number * MOMENT))
        first_end = NOW + DAY + 7 * MOMENT
        assert store.delete_expired(at=first_end, revocations_before=NOW, limit=2) == 2
        assert store.delete_expired(at=first_end, revocations_before=NOW, limit=2) == 0
        assert all(store.load_session(PUBLIC_APP, handle(number)) for number in range(1, 6))
        assert store.delete_expired(at=first_end + DAY, revocations_before=NOW, limit=10) == 5

    def test_clean_up_of_the_feed(self, store: Store) -> None:
        """Entries older than given go, at most *limit* at once; those of that very instant stay."""
        revoke(store, 1, 2)
        revoke(store, 3, days=1)
        assert store.delete_expired(at=NOW, revocations_before=NOW, limit=10) == 0
        assert store.delete_expired(at=NOW, revocations_before=NOW + DAY, limit=1) == 1
        assert store.delete_expired(at=NOW, revocations_before=NOW + DAY, limit=10) == 1
        assert [each.handle for each in store.revocations_after(0, limit=10)] == [handle(3)]
