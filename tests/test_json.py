"""Strict reading and compact writing of JSON."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.json import MAX_DEPTH, JsonObject, JsonValue, dump, parse_object, same

MARK = "s3cret"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
REFUSED: dict[str, bytes | str] = {
    "empty": b"",
    "name_twice": b'{"a":"s3cret","a":2}',
    "name_twice_inside": b'{"x":{"y":[{"s3cret":1,"s3cret":1}]}}',
    "name_twice_one_escaped": rb'{"alg":1,"\u0061lg":2}',
    "array": b'["s3cret"]',
    "string": b'"s3cret"',
    "number": b"1",
    "null": b"null",
    "nan": b'{"s3cret":NaN}',
    "infinity": b'{"s3cret":Infinity}',
    "minus_infinity": b'{"s3cret":-Infinity}',
    "number_that_becomes_infinite": b'{"s3cret":1e999}',
    "number_of_five_thousand_digits": b'{"s3cret":' + b"9" * 5000 + b"}",
    "leading_zero": b'{"s3cret":01}',
    "invalid_utf8": b'{"s3cret":"\xff"}',
    "overlong_utf8": b'{"s3cret":"\xc0\xaf"}',
    "surrogate_in_utf8": b'{"s3cret":"\xed\xa0\x80"}',
    "surrogate_in_text": '{"s3cret":"\ud800"}',
    "surrogate_escaped": rb'{"s3cret":"\ud800"}',
    "surrogate_escaped_in_array": rb'{"s3cret":["\udfff"]}',
    "surrogate_escaped_in_name": rb'{"s3cret":{"\udc00":1}}',
    "surrogates_the_wrong_way_round": rb'{"s3cret":"\udc00\ud800"}',
    "byte_order_mark": b'\xef\xbb\xbf{"s3cret":1}',
    "utf16": '{"s3cret":1}'.encode("utf-16"),
    "trailing_data": b'{"s3cret":1} {}',
    "trailing_comma": b'{"s3cret":1,}',
    "single_quotes": b"{'s3cret':1}",
    "comment": b'{"s3cret":1} // 1',
    "control_character": b'{"s3cret":"\n"}',
    "cut_off": b'{"s3cret":"',
    "nested_too_deep": b'{"s3cret":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    "objects_too_deep": b'{"s3cret":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    "nested_a_million_deep": b'{"s3cret":' + b"[" * 1_000_000,
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_refused(data: bytes | str) -> None:
    """What is not one strict JSON object is a ValueError that carries none of the data, not even as its cause."""
    with pytest.raises(ValueError, match=r"^[^{}]*$") as caught:
        parse_object(data)
    error: BaseException | None = caught.value
    assert type(error) is ValueError
    assert MARK not in str(error)
    assert error.__context__ is None or MARK not in repr(error.__context__.__dict__)
    assert not isinstance(error.__context__, UnicodeError | json.JSONDecodeError)


def test_object_of_every_type() -> None:
    """All JSON types arrive as their Python counterparts, from bytes and from text, with white space around."""
    text = ' {"a":null,"b":[true,-1,2.5e3,"é\\u00e9\\ud83d\\ude00"],"c":{}}\n'
    expected: JsonObject = {"a": None, "b": [True, -1, 2500.0, "éé😀"], "c": {}}
    assert parse_object(text) == expected
    assert parse_object(text.encode()) == expected


def test_brackets_in_strings_are_not_depth() -> None:
    """Depth is counted in structure: neither text full of brackets nor many small objects are deep."""
    assert parse_object(json.dumps({"a": "[{" * 100})) == {"a": "[{" * 100}
    assert parse_object(json.dumps({"keys": [{"k": []}] * 100})) == {"keys": [{"k": []}] * 100}


def test_depth_at_the_limit() -> None:
    """Exactly as many levels as are allowed."""
    parse_object(b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}")


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_what_was_written_reads_back(value: dict[str, Any]) -> None:
    """Reading undoes writing, and agrees with the standard library about what was written."""
    written = dump(value)
    assert json.loads(written) == value
    if not any(isinstance(number, int) and abs(number) > 2**63 for number in _leaves(value)):
        assert parse_object(written) == value


@given(st.binary() | st.text())
def test_random_data_is_refused_or_read(data: bytes | str) -> None:
    """Nothing but ValueError ever comes out."""
    with contextlib.suppress(ValueError):
        assert isinstance(parse_object(data), dict)


def test_written_compact() -> None:
    """No white space, UTF-8 as it is, order kept, any mapping is an object."""
    value: JsonObject = MappingProxyType({"b": "é", "a": [1, None, {"x": True}]})
    assert dump(value) == '{"b":"é","a":[1,null,{"x":true}]}'.encode()


@pytest.mark.parametrize(
    "value", [float("nan"), [float("inf")], {"a": {"b": -float("inf")}}, "\ud800", {"\udfff": 1}], ids=repr
)
def test_not_written(value: Any) -> None:
    """What JSON cannot say is not written as something else."""
    with pytest.raises(ValueError, match=r"^(NaN|half)"):
        dump(value)


def test_other_types_not_written() -> None:
    """An object of ours is a mistake in the program."""
    with pytest.raises(TypeError):
        dump(object())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def _leaves(value: JsonValue | JsonObject) -> list[JsonValue]:
    if isinstance(value, Mapping):
        return [leaf for member in value.values() for leaf in _leaves(member)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({"a": 1, "b": [1, None]}, {"b": [1.0, None], "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1, 2], [2, 1], False),
        (True, 1, False),
        ({"a": False}, {"a": 0}, False),
        ("1", 1, False),
        (None, None, True),
        ([], {}, False),
    ],
    ids=str,
)
def test_same(one: JsonValue, other: JsonValue, alike: bool) -> None:
    """Two values are the same JSON, or not; from both sides."""
    assert same(one, other) is alike
    assert same(other, one) is alike
