"""What stays true when many change apps and mappings at once, with real threads."""

from __future__ import annotations

from collections import Counter

from segue.core.model import Imported, Put
from segue.ids import PUBLIC_APP, UserId
from segue.json import JsonObject
from segue.stores.contract.apps import app
from segue.stores.contract.examples import DAY, NOW, OTHER_APP, handle, session
from segue.stores.contract.races import CALLERS, ROUNDS, at_once
from segue.stores.contract.removals import GONE
from segue.stores.contract.subject import Contract
from segue.stores.contract.users import mapping
from segue.stores.ports import Store


class CoreRacesContract(Contract):
    """Every method of the core's ports is atomic."""

    def test_one_user_id_mapped_by_many(self, store: Store) -> None:
        """However many map one user id at once, one wins, and all others are told of the winner's mapping."""
        for number in range(ROUNDS):

            def create(caller: int, number: int = number) -> object:
                return store.create_mapping(mapping(f"user {number}", f"external {number} {caller}"))

            answers = at_once(create)
            assert answers.count(()) == 1
            winner = mapping(f"user {number}", f"external {number} {answers.index(())}")
            assert set(answers) == {(), (winner,)}

    def test_one_external_id_mapped_by_many(self, store: Store) -> None:
        """Likewise one external id."""
        for number in range(ROUNDS):

            def create(caller: int, number: int = number) -> object:
                return store.create_mapping(mapping(f"user {number} {caller}", f"external {number}"))

            answers = at_once(create)
            assert answers.count(()) == 1
            winner = mapping(f"user {number} {answers.index(())}", f"external {number}")
            assert set(answers) == {(), (winner,)}

    def test_many_import_the_same(self, store: Store) -> None:
        """However many import the same mappings at once, in whatever order, each is added by one of them."""
        many = tuple(mapping(f"user {number}", f"external {number}") for number in range(200))

        def add(caller: int) -> tuple[Imported, ...]:
            mine = many if caller % 2 else many[::-1]
            return store.add_mappings(PUBLIC_APP, mine, register=True)

        counts = Counter(outcome for answer in at_once(add) for outcome in answer)
        assert counts == {Imported.ADDED: 200, Imported.THERE: 200 * (CALLERS - 1)}
        assert all(store.find_mappings(PUBLIC_APP, each.user_id) == (each,) for each in many)

    def test_settings_put_by_many(self, store: Store) -> None:
        """An app is created by one, and no other's settings are lost."""

        def put(caller: int) -> Put:
            config: JsonObject = {f"setting {caller}": caller}
            return store.put_app(app(config=config))

        answers = at_once(put)
        assert Counter(answers) == {Put.CREATED: 1, Put.CHANGED: CALLERS - 1}
        (stored,) = store.load_apps()
        assert stored.config == {f"setting {caller}": caller for caller in range(CALLERS)}

    def test_app_removed_by_many(self, store: Store) -> None:
        """An app is removed by one."""
        store.put_app(app())
        assert at_once(lambda _: store.remove_app(OTHER_APP, at=NOW)).count(True) == 1

    def test_many_clear_one_app(self, store: Store) -> None:
        """However many clear a removed app, each session goes and is told once, and then the id is free."""
        store.put_app(app())
        for number in range(40):
            store.create_session(session(number, app_id=OTHER_APP))
        store.remove_app(OTHER_APP, at=NOW)

        def clear(_: int) -> None:
            while store.clear_removed(GONE, at=NOW + DAY, limit=3, forget=True):
                pass

        at_once(clear)
        told = [each.handle for each in store.revocations_after(0, limit=100)]
        assert sorted(told) == [handle(number) for number in range(40)]
        assert store.put_app(app()) is Put.CREATED

    def test_app_made_anew_while_it_is_cleared(self, store: Store) -> None:
        """Nothing of a new app goes while others still clear the old one of its id."""
        for number in range(ROUNDS):
            store.put_app(app())
            store.create_session(session(number, app_id=OTHER_APP, user_id=UserId("old")))
            store.remove_app(OTHER_APP, at=NOW)

            def act(caller: int, number: int = number) -> None:
                while store.clear_removed(GONE, at=NOW + DAY, limit=1, forget=True):
                    pass
                if caller == 0:
                    assert store.put_app(app()) is Put.CREATED
                    store.create_session(session(number, app_id=OTHER_APP, user_id=UserId("new")))

            at_once(act)
            kept = store.load_session(OTHER_APP, handle(number))
            assert kept is not None
            assert kept.user_id == "new"
            later = NOW + DAY
            store.remove_app(OTHER_APP, at=later)
            removal = store.list_removals()[0]
            while store.clear_removed(removal, at=later, limit=10, forget=True):
                pass
