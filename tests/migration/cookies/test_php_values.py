"""PHP's serialized values: what PHP itself wrote is read, and hostile text raises nothing but ValueError."""

from __future__ import annotations

import json
import math
import pickle
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.migration.cookies.model import MAX_SESSION
from segue.migration.cookies.php_json import as_json
from segue.migration.cookies.php_values import (
    MAX_DEPTH,
    MAX_VALUES,
    UNREAD,
    PhpObjects,
    PhpValue,
    Unread,
    unserialize,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "php_sessions.json").read_text())

VALUES: Mapping[str, PhpValue] = {
    "nothing": None,
    "yes": True,
    "no": False,
    "zero": 0,
    "negative": -42,
    "largest": 2**63 - 1,
    "smallest": -(2**63),
    "tenth": 0.1,
    "whole": 1.0,
    "huge": 1e25,
    "tiny": 5e-324,
    "infinite": math.inf,
    "empty text": b"",
    "text": "Grüße".encode(),
    "quotes and braces": b'";}a:1:{',
    "bytes": b"\xff\x00\xfe",
    "list": {0: b"a", 1: b"b"},
    "map": {b"user": {b"id": 7, b"roles": {0: b"member"}}, 5: b"five"},
    "empty": {},
}


@pytest.mark.parametrize("name", VECTORS["values"])
def test_value_that_php_wrote(name: str) -> None:
    """Every scalar and array comes out as PHP put it in, of the same type."""
    found = unserialize(b64decode(VECTORS["values"][name]))
    assert (found, type(found)) == (VALUES[name], type(VALUES[name]))


@pytest.mark.parametrize("name", VECTORS["foreign"])
def test_object_that_php_wrote(name: str) -> None:
    """Objects, enumeration cases and references are refused; where they are skipped, nothing of them is left."""
    text = b64decode(VECTORS["foreign"][name])
    with pytest.raises(ValueError, match="never read"):
        unserialize(text)
    found = unserialize(text, objects=PhpObjects.SKIPPED)
    members = list(found.values()) if isinstance(found, dict) else [found]
    assert UNREAD in members
    assert all(isinstance(member, Unread | int) for member in members)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"N",
        b"N;N;",
        b"b:2;",
        b"b:true;",
        b"i:;",
        b"i:+1;",
        b"i:01;",
        b"i:--1;",
        b"i: 1;",
        b"i:9223372036854775808;",
        b"i:1",
        b"d:;",
        b"d:1e5;",
        b"d:0x1;",
        b"d:" + b"9" * 90 + b";",
        b's:1:"";',
        b's:2:"a";',
        b's:01:"a";',
        b's:-1:"a";',
        b"s:1:'a';",
        b's:999999999:"a";',
        b's:1:"a"',
        b'S:1:"\\61";',
        b"a:1:{i:0;N;",
        b"a:1:{}",
        b"a:0:{i:0;N;}",
        b"a:-1:{}",
        b"a:99999999:{}",
        b"a:2:{i:0;N;i:0;N;}",
        b'a:2:{i:5;N;s:1:"5";N;}',
        b"a:1:{N;N;}",
        b"a:1:{d:1;N;}",
        b"a:1:{a:0:{}N;}",
        b"x:1;",
    ],
)
def test_text_that_php_does_not_write(text: bytes) -> None:
    """A value cut short, too long, doubled or written in another way is refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - which reason is for people
        unserialize(text, objects=PhpObjects.SKIPPED)


@pytest.mark.parametrize(
    "text",
    [
        b'O:3:"Own":1:{i:0;N;',
        b'O:2:"Own":0:{}',
        b'O:0:"":0:{}',
        b'C:3:"Own":9:{abc}',
        b'C:3:"Own":3:{abcd}',
        b'E:3:"A:B"',
        b"r:;",
        b"R:1",
        b'O:1:"a":' + b"9" * 9 + b":{}",
        b"O:1:",
    ],
)
def test_object_cut_short(text: bytes) -> None:
    """What is skipped is held to the same form as what is read."""
    with pytest.raises(ValueError):  # noqa: PT011 - likewise
        unserialize(text, objects=PhpObjects.SKIPPED)


def test_custom_object_is_passed_over() -> None:
    """Bytes that a class wrote itself are not looked at, whatever they say."""
    text = b'a:2:{s:1:"c";C:3:"Own":8:{";}i:1;N}s:1:"d";i:1;}'
    assert unserialize(text, objects=PhpObjects.SKIPPED) == {b"c": UNREAD, b"d": 1}


@pytest.mark.parametrize("opening", [b"a:1:{i:0;", b'O:1:"A":1:{i:0;'])
def test_nested_too_deep(opening: bytes) -> None:
    """Depth has a bound of its own, far from the interpreter's."""
    with pytest.raises(ValueError, match="deep"):
        unserialize(opening * 10_000, objects=PhpObjects.SKIPPED)
    inside = b"a:1:{i:0;" * MAX_DEPTH + b"N;" + b"}" * MAX_DEPTH
    assert isinstance(unserialize(inside), dict)


def test_too_many_values() -> None:
    """The number of values is bounded, also where many arrays share it."""
    one = b"a:100:{" + b"".join(b"i:%d;N;" % number for number in range(100)) + b"}"
    many = MAX_VALUES // 200 + 1
    text = b"a:%d:{" % many + b"".join(b"i:%d;" % number + one for number in range(many)) + b"}"
    assert len(text) < MAX_SESSION
    with pytest.raises(ValueError, match="too many"):
        unserialize(text)


def test_too_large() -> None:
    """Size is bounded before anything is read."""
    with pytest.raises(ValueError, match="too large"):
        unserialize(b's:%d:"%s";' % (MAX_SESSION, b"x" * MAX_SESSION))


def written(value: PhpValue) -> bytes:
    """As PHP would write it."""
    if isinstance(value, dict):
        members = b"".join(written(key) + written(member) for key, member in value.items())
        return b"a:%d:{%s}" % (len(value), members)
    if isinstance(value, bytes):
        return b's:%d:"%s";' % (len(value), value)
    if isinstance(value, Unread):
        return b'E:3:"A:B";'
    if value is None:
        return b"N;"
    tag = "b" if isinstance(value, bool) else "i" if isinstance(value, int) else "d"
    text = repr(int(value)) if tag == "b" else repr(value).upper()
    return f"{tag}:{text};".encode()


KEYS = st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=8).filter(
    lambda text: not text.removeprefix(b"-").isdigit()
)
TREES: st.SearchStrategy[PhpValue] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.binary(max_size=20)
    | st.just(UNREAD),
    lambda inner: st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@given(TREES)
def test_any_value_comes_back(value: PhpValue) -> None:
    """Whatever is written is read as it was, and JSON can say what is left of it."""
    assert unserialize(written(value), objects=PhpObjects.SKIPPED) == value
    if isinstance(value, dict):
        json.dumps(as_json(value), allow_nan=False)


def flipped(text: bytes, at: int, by: int) -> bytes:
    """With one byte changed."""
    place = at % len(text)
    return text[:place] + bytes([text[place] ^ by]) + text[place + 1 :]


@settings(max_examples=300)
@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                b"a:",
                b"1:",
                b"2:",
                b"{",
                b"}",
                b"i:0;",
                b"N;",
                b"s:",
                b'"',
                b"O:",
                b"C:",
                b"r:1;",
                b"E:",
                b";",
                b"9",
            ]
        ),
        max_size=60,
    ).map(b"".join)
    | st.builds(flipped, TREES.map(written), st.integers(0), st.integers(1, 255)),
    st.sampled_from(PhpObjects),
)
def test_hostile_text(text: bytes, objects: PhpObjects) -> None:
    """Any bytes are either read as plain values or refused with ValueError: no other error, no other type."""
    try:
        found = unserialize(text, objects=objects)
    except ValueError:
        return
    assert is_plain(found)


def is_plain(value: PhpValue) -> bool:
    """Of the types that the reader promises, all the way down."""
    if isinstance(value, dict):
        return all(type(key) in {int, bytes} and is_plain(member) for key, member in value.items())
    return value is None or type(value) in {bool, int, float, bytes, Unread}


def test_other_languages_text() -> None:
    """Python's own serialization is as foreign as any."""
    with pytest.raises(ValueError, match="not a value"):
        unserialize(pickle.dumps({"user_id": 7}))


def test_what_json_cannot_say_is_left_out() -> None:
    """Bytes that are no text, NaN and unread objects are left out; in a list they leave their places empty."""
    said = as_json(
        {
            b"\xff": 1,
            b"bytes": b"\xff",
            b"nan": math.nan,
            b"object": UNREAD,
            b"list": {0: UNREAD, 1: 2},
            5: b"five",
            b"map": {1: b"a"},
            b"empty": {},
        }
    )
    assert said == {"list": [None, 2], "5": "five", "map": {"1": "a"}, "empty": {}}
