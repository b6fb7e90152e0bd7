"""What creating, finding, changing and deleting a mapping comes to, in every order of things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from msgspec.structs import replace

from segue.core import mapping_flows
from segue.core.mapping_flows import Creation, Deletion, IdKind, KnownUsers
from segue.core.model import UserIdMapping
from segue.flow import drive, performer
from segue.ids import PUBLIC_APP, UserId
from segue.stores.contract.examples import session
from segue.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.flow import Ask, Flow

T = TypeVar("T")
NOW = datetime(2026, 11, 5, 9, 30, tzinfo=UTC)
EVERY_ID, REGISTERED = KnownUsers


def mapping(user_id: str, external_id: str, info: str | None = None) -> UserIdMapping:
    """A mapping of the public app."""
    return UserIdMapping(
        app_id=PUBLIC_APP, user_id=UserId(user_id), external_id=UserId(external_id), info=info
    )


AX = mapping("a", "x", "info")


def asking(store: MemoryStore) -> Callable[[Ask[Any]], Any]:
    """The ports of the flows."""
    return performer({"UserIdMappings": store, "Users": store})


def run(store: MemoryStore, flow: Flow[T]) -> T:
    """Run a flow on the store."""
    return drive(flow, asking(store))


@pytest.fixture
def store() -> MemoryStore:
    """One that knows the users a, b and c; a is mapped to x."""
    made = MemoryStore()
    made.add_users(PUBLIC_APP, (UserId("a"), UserId("b"), UserId("c")))
    made.create_mapping(AX)
    return made


def create(
    store: MemoryStore, new: UserIdMapping, *, known: KnownUsers = REGISTERED, force: bool = False
) -> Creation:
    """Create a mapping."""
    return run(store, mapping_flows.create_mapping(new, known=known, force=force, now=NOW))


@pytest.mark.parametrize("force", [False, True], ids=["", "force"])
@pytest.mark.parametrize("known", KnownUsers)
@pytest.mark.parametrize(
    ("new", "creation"),
    [
        (mapping("b", "y", "info"), Creation.CREATED),
        (mapping("a", "x"), Creation.BOTH_MAPPED),
        (mapping("a", "y"), Creation.USER_ID_MAPPED),
        (mapping("b", "x"), Creation.EXTERNAL_ID_MAPPED),
    ],
)
def test_create(
    store: MemoryStore, new: UserIdMapping, creation: Creation, known: KnownUsers, force: bool
) -> None:
    """A mapping is created, or refused by what is mapped, with and without force."""
    assert create(store, new, known=known, force=force) is creation
    assert (new in store.find_mappings(PUBLIC_APP, new.user_id)) == (creation is Creation.CREATED)


def test_both_sides_taken_by_two(store: MemoryStore) -> None:
    """Where the two ids are mapped elsewhere, the external one is what is reported."""
    store.create_mapping(mapping("b", "y"))
    assert create(store, mapping("a", "y")) is Creation.EXTERNAL_ID_MAPPED


@pytest.mark.parametrize("force", [False, True], ids=["", "force"])
def test_unknown_user(store: MemoryStore, force: bool) -> None:
    """With a registry only its users are mapped, also by force; without one every id is a user's."""
    new = mapping("nobody", "y")
    assert create(store, new, force=force) is Creation.UNKNOWN_USER
    assert create(store, new, known=EVERY_ID, force=force) is Creation.CREATED


def test_external_id_taken_before_unknown_user(store: MemoryStore) -> None:
    """A taken external id is reported even where the user is unknown."""
    assert create(store, mapping("nobody", "x")) is Creation.EXTERNAL_ID_MAPPED


def test_external_id_is_a_user_id(store: MemoryStore) -> None:
    """An external id that is a registered user's is refused without force; without a registry nobody can tell."""
    assert create(store, mapping("b", "c")) is Creation.EXTERNAL_ID_IS_A_USER_ID
    assert create(store, mapping("b", "c"), known=EVERY_ID) is Creation.CREATED
    assert create(store, mapping("c", "b"), force=True) is Creation.CREATED


@pytest.mark.parametrize("known", KnownUsers)
def test_user_id_in_use(store: MemoryStore, known: KnownUsers) -> None:
    """A user id that a living session carries is not mapped without force."""
    store.create_session(session(1, user_id=UserId("b"), created_at=NOW))
    assert create(store, mapping("b", "y"), known=known) is Creation.IN_USE
    assert create(store, mapping("b", "y"), known=known, force=True) is Creation.CREATED


def test_in_use_comes_before_mapped(store: MemoryStore) -> None:
    """Of a user id that is both in use and mapped, the use is reported."""
    store.create_session(session(1, user_id=UserId("a"), created_at=NOW))
    assert create(store, mapping("a", "y")) is Creation.IN_USE
    assert create(store, mapping("a", "y"), force=True) is Creation.USER_ID_MAPPED


def test_session_that_is_over_is_no_use(store: MemoryStore) -> None:
    """A session whose time is over does not count, though it has not been cleaned up."""
    store.create_session(session(1, user_id=UserId("b"), created_at=NOW - timedelta(days=2)))
    assert create(store, mapping("b", "y")) is Creation.CREATED


@pytest.mark.parametrize(
    ("rival", "creation"),
    [
        (mapping("b", "y"), Creation.BOTH_MAPPED),
        (mapping("b", "z"), Creation.USER_ID_MAPPED),
        (mapping("c", "y"), Creation.EXTERNAL_ID_MAPPED),
    ],
)
def test_rival_at_every_step(store: MemoryStore, rival: UserIdMapping, creation: Creation) -> None:
    """Whenever another creation comes between, exactly one is written, and the loser hears what is in the way."""
    steps = 0
    while True:
        racing = MemoryStore()
        racing.add_users(PUBLIC_APP, (UserId("b"),))
        asked = 0

        def perform(step: Ask[Any], racing: MemoryStore = racing, when: int = steps) -> Any:
            nonlocal asked
            if asked == when:
                assert racing.create_mapping(rival) == ()
            asked += 1
            return asking(racing)(step)

        flow = mapping_flows.create_mapping(mapping("b", "y"), known=REGISTERED, force=False, now=NOW)
        came = drive(flow, perform)
        if steps >= asked:
            assert came is Creation.CREATED
            break
        assert came is creation
        assert racing.find_mappings(PUBLIC_APP, rival.user_id) == (rival,)
        steps += 1
    assert steps == 5


def find(store: MemoryStore, given: str, kind: IdKind) -> UserIdMapping | None:
    """Find a mapping."""
    return run(store, mapping_flows.find_mapping(PUBLIC_APP, UserId(given), kind=kind))


def test_find(store: MemoryStore) -> None:
    """A mapping is found by the side that is named, or by either."""
    assert find(store, "a", IdKind.USER_ID) == find(store, "a", IdKind.ANY) == AX
    assert find(store, "x", IdKind.EXTERNAL_ID) == find(store, "x", IdKind.ANY) == AX
    assert find(store, "a", IdKind.EXTERNAL_ID) is find(store, "x", IdKind.USER_ID) is None
    assert find(store, "nobody", IdKind.ANY) is None


def test_find_an_id_of_two(store: MemoryStore) -> None:
    """An id that is a user's own and another's external one is first of all the user's own."""
    other = mapping("b", "a")
    store.create_mapping(other)
    assert find(store, "a", IdKind.ANY) == find(store, "a", IdKind.USER_ID) == AX
    assert find(store, "a", IdKind.EXTERNAL_ID) == other


def delete(store: MemoryStore, given: str, kind: IdKind = IdKind.ANY, *, force: bool = False) -> Deletion:
    """Delete a mapping."""
    flow = mapping_flows.delete_mapping(PUBLIC_APP, UserId(given), kind=kind, force=force, now=NOW)
    return run(store, flow)


@pytest.mark.parametrize(
    ("given", "kind"), [("a", IdKind.USER_ID), ("x", IdKind.EXTERNAL_ID), ("x", IdKind.ANY)]
)
def test_delete(store: MemoryStore, given: str, kind: IdKind) -> None:
    """A mapping goes once, by the side that is named."""
    assert delete(store, given, kind) is Deletion.DELETED
    assert delete(store, given, kind) is Deletion.NOT_THERE
    assert find(store, "a", IdKind.ANY) is None


def test_delete_what_is_not_there(store: MemoryStore) -> None:
    """Neither an unknown id nor one of the other kind deletes anything."""
    assert delete(store, "nobody") is delete(store, "x", IdKind.USER_ID) is Deletion.NOT_THERE
    assert find(store, "a", IdKind.ANY) == AX


def test_delete_one_in_use(store: MemoryStore) -> None:
    """While a living session carries the external id, only force deletes."""
    store.create_session(session(1, user_id=UserId("x"), created_at=NOW))
    assert delete(store, "a") is Deletion.IN_USE
    assert delete(store, "a", force=True) is Deletion.DELETED


def test_info(store: MemoryStore) -> None:
    """The info is replaced or removed by either id; without a mapping nothing happens."""
    for given, info in (("a", "new"), ("x", None)):
        flow = mapping_flows.set_mapping_info(PUBLIC_APP, UserId(given), kind=IdKind.ANY, info=info)
        assert run(store, flow)
        assert find(store, "a", IdKind.ANY) == replace(AX, info=info)
    flow = mapping_flows.set_mapping_info(PUBLIC_APP, UserId("b"), kind=IdKind.ANY, info="i")
    assert not run(store, flow)


@pytest.mark.parametrize(
    ("given", "carried"), [("a", "x"), ("x", "x"), ("b", "b"), ("nobody", "nobody"), ("c", "c")]
)
def test_id_that_a_session_carries(store: MemoryStore, given: str, carried: str) -> None:
    """A session of a mapped user carries the external id, whichever was given; of another one the given id."""
    store.create_mapping(mapping("d", "c"))
    store.create_mapping(mapping("c", "z"))  # c is both: as an external id it stands for d
    assert run(store, mapping_flows.session_user_id(PUBLIC_APP, UserId(given))) == carried
