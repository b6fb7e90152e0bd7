"""
JSON as typed values (RFC 8259, within the limits of RFC 7493).

House rule: what comes from outside is read by `parse_object`, which refuses doubled names and anything that is not
an object; `dict` is never a parameter type elsewhere, `JsonObject` is. No error here repeats any of the data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from json import JSONDecoder
from typing import TypeAlias, cast

import msgspec

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = Mapping[str, JsonValue]

MAX_DEPTH = 32
"""Objects and arrays inside each other; claims and key sets need three or four."""


def parse_object(data: bytes | str) -> JsonObject:
    """
    Read one JSON object from a stranger.

    Args:
        data: UTF-8 bytes or text. The caller has capped its length.

    Raises:
        ValueError: not JSON, not UTF-8, not an object; a name twice in one object at any depth (readers differ in which
            one counts); NaN, an infinity or a number that becomes one; half a surrogate pair, also as an escape;
            more than `MAX_DEPTH` levels.
    """
    text = _decoded(data)
    value = _parsed(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the type of the data, not of the argument
    # Brackets bound the depth and escapes are the only way left to a surrogate: most data needs no second look.
    if text.count("{") + text.count("[") > MAX_DEPTH or "\\u" in text:
        _inspect(cast("object", value), MAX_DEPTH)
    return cast("JsonObject", value)


def dump(value: JsonValue | JsonObject) -> bytes:
    """
    Write *value* as compact UTF-8, members in their given order.

    Raises:
        ValueError: NaN, an infinity or half a surrogate pair.
        TypeError: not JSON.
    """
    try:
        written: bytes | None = _encode(value)
    except UnicodeEncodeError:
        written = None
    if written is None:
        raise ValueError("half a surrogate pair")
    if b"null" in written:  # also what the encoder writes for NaN, silently
        _require_finite(value)
    return written


def same(one: JsonValue | JsonObject, other: JsonValue | JsonObject) -> bool:
    """Whether two values are the same JSON: 1 and 1.0 are one number, true is none, order counts in arrays alone."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _decoded(data: bytes | str) -> str:
    if isinstance(data, str):
        _require_text(data)
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass  # raised outside, because the error that is in flight carries the data
    raise ValueError("not UTF-8")


def _parsed(text: str) -> object:
    reason, text = "not JSON", text.strip(_BLANKS)
    try:
        # `decode` looks for blanks with two regular expressions, which take as long as a short object.
        value, end = _DECODER.raw_decode(text)
    except _Refused as refused:
        reason = refused.args[0]
    except (ValueError, RecursionError):
        pass  # likewise; the recursion is the parser's, with nothing of ours half done
    else:
        if end == len(text):
            return value
    raise ValueError(reason)


class _Refused(Exception):
    """Syntax that Python's parser takes and we do not; the argument says which."""


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Refused("a name is there twice")
    return members


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _Refused("a number is too large")
    return number


def _constant(_name: str) -> float:
    raise _Refused("NaN or an infinity")


def _inspect(value: object, levels: int) -> None:
    """Depth and surrogates, in what the parser let pass."""
    match value:
        case str():
            _require_text(value)
        case dict() | list() if levels == 0:
            raise ValueError("nested too deep")
        case dict():
            for name, member in cast("dict[str, object]", value).items():
                _require_text(name)
                _inspect(member, levels - 1)
        case list():
            for item in cast("list[object]", value):
                _inspect(item, levels - 1)
        case _:
            pass


def _require_text(text: str) -> None:
    if _SURROGATE.search(text):
        raise ValueError("half a surrogate pair")


def _require_finite(value: JsonValue | JsonObject) -> None:
    match value:
        case float() if not math.isfinite(value):
            raise ValueError("NaN or an infinity")
        case list():
            members: Iterable[JsonValue] = value
        case dict() | Mapping():  # in this order: to ask for any mapping takes ten times as long
            members = value.values()
        case _:
            return
    for member in members:
        if type(member) not in _FINITE:  # a front token took 10 µs without this line, now 3
            _require_finite(member)


def _plain(value: object) -> object:
    """Any mapping is an object, not only `dict`."""
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    raise TypeError(f"{type(value).__name__} is not JSON")


_FINITE = frozenset({str, int, bool, type(None)})
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = " \t\n\r"
_DECODER = JSONDecoder(object_pairs_hook=_members, parse_float=_number, parse_constant=_constant)
_encode = msgspec.json.Encoder(enc_hook=_plain).encode
