"""What keeping mapped user ids and the registry promises."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from segue.core.model import Imported, UserIdMapping
from segue.ids import PUBLIC_APP, AppId, UserId
from segue.stores.contract.examples import DAY, MOMENT, NOW, OTHER_APP, rotation, session
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

ADDED, THERE, OTHER_INFO = Imported.ADDED, Imported.THERE, Imported.OTHER_INFO
USER_TAKEN, EXTERNAL_TAKEN = Imported.USER_ID_TAKEN, Imported.EXTERNAL_ID_TAKEN


def mapping(
    user_id: str, external_id: str, info: str | None = None, *, app_id: AppId = PUBLIC_APP
) -> UserIdMapping:
    """A mapping."""
    return UserIdMapping(app_id=app_id, user_id=UserId(user_id), external_id=UserId(external_id), info=info)


BATCHES: dict[str, tuple[tuple[UserIdMapping, ...], tuple[Imported, ...]]] = {
    "none": ((), ()),
    "new": ((mapping("b", "y"), mapping("c", "z", "info")), (ADDED, ADDED)),
    "there": ((mapping("a", "x", "old"), mapping("b", "y")), (THERE, ADDED)),
    "there, whatever its info": ((mapping("a", "x"),), (THERE,)),
    "other info": ((mapping("a", "x", "new"),), (OTHER_INFO,)),
    "user id taken": ((mapping("a", "y"), mapping("b", "z")), (USER_TAKEN, ADDED)),
    "external id taken": ((mapping("b", "x"), mapping("c", "z")), (EXTERNAL_TAKEN, ADDED)),
    "both taken": ((mapping("b", "y"), mapping("a", "y")), (ADDED, EXTERNAL_TAKEN)),
    "twice": ((mapping("b", "y"), mapping("b", "y"), mapping("b", "y", "i")), (ADDED, THERE, OTHER_INFO)),
    "against one another": (
        (mapping("b", "y"), mapping("b", "z"), mapping("c", "y"), mapping("d", "z")),
        (ADDED, USER_TAKEN, EXTERNAL_TAKEN, ADDED),
    ),
    "after a refused one": ((mapping("a", "y"), mapping("b", "y")), (USER_TAKEN, ADDED)),
    "crosswise": ((mapping("x", "a"), mapping("c", "c")), (ADDED, ADDED)),
}
"""Each after ("a", "x", "old") is stored, and what becomes of its mappings."""


class UsersContract(Contract):
    """`UserIdMappings` and `Users`."""

    @pytest.mark.parametrize("info", [None, "", "☃ 'quoted' \\u0000"], ids=["none", "empty", "text"])
    def test_mapping_comes_back_as_written(self, store: Store, info: str | None) -> None:
        """A mapping is found by either id, whole; by neither in another app."""
        written = mapping("ada ☃", "external 'quoted'", info)
        assert store.create_mapping(written) == ()
        assert store.find_mappings(PUBLIC_APP, written.user_id) == (written,)
        assert store.find_mappings(PUBLIC_APP, written.external_id) == (written,)
        assert store.find_mappings(OTHER_APP, written.user_id) == ()
        assert store.find_mappings(PUBLIC_APP, UserId("ada")) == ()

    def test_mapping_in_the_way(self, store: Store) -> None:
        """A mapping whose user id or external id is mapped is not written, and what is in the way is told."""
        first, second = mapping("a", "x", "info"), mapping("b", "y")
        assert store.create_mapping(first) == store.create_mapping(second) == ()
        assert store.create_mapping(replace(first, info=None)) == (first,)
        assert store.create_mapping(mapping("a", "z")) == (first,)
        assert store.create_mapping(mapping("c", "y")) == (second,)
        assert store.create_mapping(mapping("a", "y")) == (first, second)
        assert store.create_mapping(mapping("b", "x")) == (second, first)
        assert (
            store.find_mappings(PUBLIC_APP, UserId("z")) == store.find_mappings(PUBLIC_APP, UserId("c")) == ()
        )
        assert store.create_mapping(mapping("a", "x", app_id=OTHER_APP)) == ()

    def test_id_on_both_sides(self, store: Store) -> None:
        """An id that is one user's own and another's external one finds both, its own first; a pair of equals once."""
        own, other = mapping("a", "x"), mapping("b", "a")
        store.create_mapping(other)
        store.create_mapping(own)
        assert store.find_mappings(PUBLIC_APP, UserId("a")) == (own, other)
        store.create_mapping(mapping("c", "c"))
        assert store.find_mappings(PUBLIC_APP, UserId("c")) == (mapping("c", "c"),)

    def test_delete_mapping(self, store: Store) -> None:
        """Exactly the pair goes, whatever its info, once; then both ids are free."""
        store.create_mapping(mapping("a", "x", "info"))
        for other in (mapping("a", "y"), mapping("b", "x"), mapping("a", "x", app_id=OTHER_APP)):
            assert not store.delete_mapping(other)
        assert store.delete_mapping(mapping("a", "x"))
        assert not store.delete_mapping(mapping("a", "x"))
        assert store.find_mappings(PUBLIC_APP, UserId("a")) == ()
        assert store.create_mapping(mapping("a", "y")) == store.create_mapping(mapping("b", "x")) == ()

    def test_mapping_info(self, store: Store) -> None:
        """The info of exactly this pair is replaced or removed."""
        store.create_mapping(mapping("a", "x"))
        for other in (
            mapping("a", "y", "i"),
            mapping("b", "x", "i"),
            mapping("a", "x", "i", app_id=OTHER_APP),
        ):
            assert not store.set_mapping_info(other)
        assert store.find_mappings(PUBLIC_APP, UserId("a")) == (mapping("a", "x"),)
        for info in ("first", "second", None):
            assert store.set_mapping_info(mapping("a", "x", info))
            assert store.find_mappings(PUBLIC_APP, UserId("x")) == (mapping("a", "x", info),)

    @pytest.mark.parametrize(("batch", "became"), BATCHES.values(), ids=list(BATCHES))
    def test_add_mappings(
        self, store: Store, batch: tuple[UserIdMapping, ...], became: tuple[Imported, ...]
    ) -> None:
        """Of many mappings each is added, there already, or in conflict, as if they came one after the other."""
        old = mapping("a", "x", "old")
        store.create_mapping(old)
        assert store.add_mappings(PUBLIC_APP, batch, register=False) == became
        for each, outcome in zip(batch, became, strict=True):
            stored = store.find_mappings(PUBLIC_APP, each.user_id)
            assert (each in stored) == (
                outcome is ADDED or (outcome is THERE and each.info == stored[0].info)
            )
        assert old in store.find_mappings(PUBLIC_APP, UserId("a"))

    @pytest.mark.parametrize(("batch", "became"), BATCHES.values(), ids=list(BATCHES))
    def test_add_mappings_again(
        self, store: Store, batch: tuple[UserIdMapping, ...], became: tuple[Imported, ...]
    ) -> None:
        """Doing it again adds nothing: what was added is there, and conflicts are the same."""
        store.create_mapping(mapping("a", "x", "old"))
        store.add_mappings(PUBLIC_APP, batch, register=True)
        again = store.add_mappings(PUBLIC_APP, batch, register=True)
        assert ADDED not in again
        settled = [outcome for outcome in became if outcome in {ADDED, THERE}]
        assert again.count(THERE) >= len(settled) - became.count(OTHER_INFO)

    def test_preview_mappings(self, store: Store) -> None:
        """What would become of each alone is told, and nothing is written."""
        store.create_mapping(mapping("a", "x", "old"))
        batch = (
            mapping("a", "x"),
            mapping("b", "y"),
            mapping("b", "y"),
            mapping("a", "z"),
            mapping("c", "x"),
        )
        assert store.preview_mappings(PUBLIC_APP, batch) == (THERE, ADDED, ADDED, USER_TAKEN, EXTERNAL_TAKEN)
        assert store.preview_mappings(OTHER_APP, batch) == (ADDED,) * 5
        assert store.find_mappings(PUBLIC_APP, UserId("b")) == ()

    def test_many_mappings(self, store: Store) -> None:
        """A few thousand go at once, and those that were there are skipped."""
        many = tuple(mapping(f"user {number}", f"external {number}", str(number)) for number in range(3000))
        store.create_mapping(many[1234])
        expected = tuple(THERE if number == 1234 else ADDED for number in range(3000))
        assert store.add_mappings(PUBLIC_APP, many, register=True) == expected
        assert store.find_mappings(PUBLIC_APP, UserId("external 2999")) == (many[-1],)
        assert store.user_exists(PUBLIC_APP, UserId("user 1234"))

    def test_batch_belongs_to_the_app_it_is_given_for(self, store: Store) -> None:
        """The app of a batch is the one named in the call."""
        assert store.add_mappings(OTHER_APP, (mapping("a", "x"),), register=True) == (ADDED,)
        assert store.find_mappings(OTHER_APP, UserId("a")) == (mapping("a", "x", app_id=OTHER_APP),)
        assert store.find_mappings(PUBLIC_APP, UserId("a")) == ()
        assert store.user_exists(OTHER_APP, UserId("a"))
        assert not store.user_exists(PUBLIC_APP, UserId("a"))

    def test_batch_without_the_registry(self, store: Store) -> None:
        """Users are registered only if that is asked for, then also those whose mapping conflicts."""
        store.create_mapping(mapping("a", "x"))
        batch = (mapping("b", "y"), mapping("c", "x"))
        store.add_mappings(PUBLIC_APP, batch, register=False)
        assert not store.user_exists(PUBLIC_APP, UserId("b"))
        assert store.add_mappings(PUBLIC_APP, batch, register=True) == (THERE, EXTERNAL_TAKEN)
        assert store.user_exists(PUBLIC_APP, UserId("b"))
        assert store.user_exists(PUBLIC_APP, UserId("c"))

    def test_registry(self, store: Store) -> None:
        """Users are added once, to their app alone, and leave it again."""
        ada, grace = UserId("ada ☃"), UserId("grace")
        assert store.add_users(PUBLIC_APP, ()) == 0
        assert store.add_users(PUBLIC_APP, (ada, grace, ada)) == 2
        assert store.add_users(PUBLIC_APP, (ada, UserId("joan"))) == 1
        assert store.user_exists(PUBLIC_APP, ada)
        assert not store.user_exists(OTHER_APP, ada)
        assert not store.user_exists(PUBLIC_APP, UserId("ada"))
        assert not store.delete_user(OTHER_APP, ada)
        assert store.delete_user(PUBLIC_APP, ada)
        assert not store.delete_user(PUBLIC_APP, ada)
        assert not store.user_exists(PUBLIC_APP, ada)
        assert store.user_exists(PUBLIC_APP, grace)

    def test_deleting_a_user_leaves_the_rest(self, store: Store) -> None:
        """Sessions and mappings do not go with the entry in the registry."""
        store.add_users(PUBLIC_APP, (UserId("ada"),))
        store.create_mapping(mapping("ada", "x"))
        store.create_session(session(1))
        store.delete_user(PUBLIC_APP, UserId("ada"))
        assert store.find_mappings(PUBLIC_APP, UserId("ada")) == (mapping("ada", "x"),)
        assert store.has_session(PUBLIC_APP, UserId("ada"), at=NOW)

    def test_user_id_in_use(self, store: Store) -> None:
        """A session that lives has its user's id in use, until one millisecond before its end, in its app alone."""
        ada = UserId("ada")
        store.create_session(session(1))
        store.create_session(session(2, lifetime=MOMENT, user_id=UserId("grace")))
        assert store.has_session(PUBLIC_APP, ada, at=NOW + DAY - MOMENT)
        assert not store.has_session(PUBLIC_APP, ada, at=NOW + DAY)
        assert not store.has_session(PUBLIC_APP, UserId("grace"), at=NOW + MOMENT)
        assert not store.has_session(OTHER_APP, ada, at=NOW)
        assert not store.has_session(PUBLIC_APP, UserId("ADA"), at=NOW)

    def test_active_users(self, store: Store) -> None:
        """Users are counted once whose sessions were made or refreshed at the instant or later, of one app."""
        for number, user_id in enumerate(("ada", "ada", "grace", "joan")):
            store.create_session(session(number, user_id=UserId(user_id), created_at=NOW + number * MOMENT))
        store.create_session(session(9, app_id=OTHER_APP, user_id=UserId("mallory")))
        counts = [store.count_active_users(PUBLIC_APP, since=NOW + number * MOMENT) for number in range(5)]
        assert counts == [3, 3, 2, 1, 0]
        store.rotate_family(rotation(0, 1, at=NOW + 9 * MOMENT))
        assert store.count_active_users(PUBLIC_APP, since=NOW + 4 * MOMENT) == 1
