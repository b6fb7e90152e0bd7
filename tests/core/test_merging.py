"""Settings change as JSON merge patch says (RFC 7396)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.merging import merged

if TYPE_CHECKING:
    from segue.json import JsonObject, JsonValue

values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2),
    max_leaves=5,
)
objects = st.dictionaries(st.text("ab", max_size=1), values, max_size=3)

RFC_7396: list[tuple[JsonObject, JsonObject, JsonObject]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("config", "changes", "after"), RFC_7396)
def test_examples_of_the_rfc(config: JsonObject, changes: JsonObject, after: JsonObject) -> None:
    """The appendix's examples that begin with objects come out as it says."""
    assert merged(config, changes) == after


@given(objects, objects)
def test_twice_is_once(config: JsonObject, changes: JsonObject) -> None:
    """A change that is applied again changes nothing, and neither argument is touched."""
    before = (repr(config), repr(changes))
    once = merged(config, changes)
    assert merged(once, changes) == once
    assert (repr(config), repr(changes)) == before


@given(objects)
def test_no_null_is_kept_of_a_change(changes: JsonObject) -> None:
    """What starts from nothing holds no null in any object."""

    def members(value: JsonValue | JsonObject) -> list[JsonValue]:
        if not isinstance(value, dict):
            return []
        return [each for member in value.values() for each in (member, *members(member))]

    assert None not in members(merged({}, changes))
