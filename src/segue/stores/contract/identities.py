"""What the imported table promises: a person becomes one user, whoever writes it down first."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from segue.ids import PUBLIC_APP, UserId
from segue.migration.model import IdentityLink, LinkOrigin
from segue.stores.contract.examples import MOMENT, NOW, OTHER_APP, link
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

MINUTE = timedelta(minutes=1)
ADA, BOB = UserId("ada"), UserId("bob ☃ 'quoted'")


def found(store: Store, number: int) -> IdentityLink | None:
    """The link of person *number*."""
    return store.find_identity(PUBLIC_APP, link(number).subject_digest)


class IdentitiesContract(Contract):
    """Reserved, linked, found."""

    def test_link_identity(self, store: Store) -> None:
        """A link is kept whole, and belongs to its app and its person."""
        assert found(store, 1) is None
        assert store.link_identity(link(1, user_id=BOB)) == BOB
        assert found(store, 1) == link(1, user_id=BOB)
        assert found(store, 2) is None
        assert store.find_identity(OTHER_APP, link(1).subject_digest) is None

    def test_linked_already(self, store: Store) -> None:
        """Who is linked stays linked to the same user; the answer tells whom."""
        store.link_identity(link(1))
        assert store.link_identity(link(1, user_id=BOB, linked_at=NOW + MINUTE)) == ADA
        assert store.reserve_identity(link(1, user_id=None, linked_at=NOW + MINUTE)) == link(1)
        assert found(store, 1) == link(1)

    def test_reserve_identity(self, store: Store) -> None:
        """A person is reserved once; the next one is told until when, to the millisecond."""
        first = link(1, user_id=None)
        assert store.reserve_identity(first) is None
        assert found(store, 1) == first
        just_before = link(1, user_id=None, linked_at=NOW + MINUTE - MOMENT)
        assert store.reserve_identity(just_before) == first
        assert found(store, 1) == first

    def test_reservation_over(self, store: Store) -> None:
        """A reservation whose time is over goes to the next one."""
        store.reserve_identity(link(1, user_id=None))
        second = link(1, user_id=None, linked_at=NOW + MINUTE)
        assert store.reserve_identity(second) is None
        assert found(store, 1) == second

    def test_link_a_reservation(self, store: Store) -> None:
        """A reserved person gets his user, and nothing of the reservation stays."""
        store.reserve_identity(link(1, user_id=None))
        made = replace(link(1, linked_at=NOW + MOMENT), origin=LinkOrigin.CREATED)
        assert store.link_identity(made) == ADA
        assert found(store, 1) == made

    def test_list_identities(self, store: Store) -> None:
        """A user may be several people; others, reservations and other apps are not among them."""
        for number in (1, 2, 3):
            store.link_identity(link(number))
        store.link_identity(link(4, user_id=BOB))
        store.link_identity(replace(link(5), app_id=OTHER_APP))
        store.reserve_identity(link(6, user_id=None))
        assert set(store.list_identities(PUBLIC_APP, ADA, limit=10)) == {link(1), link(2), link(3)}
        assert len(store.list_identities(PUBLIC_APP, ADA, limit=2)) == 2
        assert store.list_identities(PUBLIC_APP, UserId("nobody"), limit=10) == ()
