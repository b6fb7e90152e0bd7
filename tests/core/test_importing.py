"""Many mappings at once come out as one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from segue.core.importing import outcomes
from segue.core.model import Imported, UserIdMapping
from segue.ids import PUBLIC_APP, UserId
from segue.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

ids = st.sampled_from("abc").map(UserId)
mappings = st.builds(
    UserIdMapping,
    app_id=st.just(PUBLIC_APP),
    user_id=ids,
    external_id=ids,
    info=st.sampled_from([None, "i", "j"]),
)


def insert(there: dict[UserId, UserIdMapping], new: UserIdMapping) -> bool:
    """As a table with two unique columns does."""
    taken = {each.external_id for each in there.values()}
    if new.user_id in there or new.external_id in taken:
        return False
    there[new.user_id] = new
    return True


@given(st.lists(mappings, max_size=4), st.lists(mappings, max_size=8))
def test_batch_is_like_one_by_one(before: Sequence[UserIdMapping], batch: Sequence[UserIdMapping]) -> None:
    """What a table says of a whole batch is judged as the memory store judges its rows, one after the other."""
    store, there = MemoryStore(), dict[UserId, UserIdMapping]()
    for each in before:
        store.create_mapping(each)
        insert(there, each)
    expected = tuple(store.add_mappings(PUBLIC_APP, (each,), register=False)[0] for each in batch)
    added = {(each.user_id, each.external_id) for each in batch if insert(there, each)}
    assert outcomes(batch, added=added, stored=there.values()) == expected
    assert expected.count(Imported.ADDED) == len(added)
