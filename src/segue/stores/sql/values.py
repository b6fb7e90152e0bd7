"""
Values that every SQL store keeps in the same form: JSON as text, instants and spans as whole milliseconds.

House rule: a value read back equals the value written, number for number; what JSON cannot hold is refused before
anything is written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import cast

import msgspec

from segue.ids import from_milliseconds, to_milliseconds
from segue.json import JsonObject

MILLISECOND = timedelta(milliseconds=1)

EARLIEST = -(2**63)
"""Before every instant that is stored."""
LATEST = 2**63 - 1
"""After every instant that is stored."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def json_to_text(value: JsonObject) -> str:
    """
    JSON text of an object.

    Raises:
        TypeError, ValueError: something in it is not JSON.
    """
    text = _encode(value).decode()
    # The encoder writes `null` for NaN and the infinities, so only a text with a null can hide one.
    if "null" in text and not _is_finite(value):
        raise ValueError("JSON has no NaN and no infinity")
    return text


def json_from_text(text: str) -> JsonObject:
    """The object of a text that `json_to_text` made."""
    return cast("JsonObject", _decode(text))


def list_to_text(values: Iterable[str]) -> str:
    """A list of names as one parameter; SQL takes it apart again with the database's JSON functions."""
    return _encode(list(values)).decode()


def table_to_text(rows: Iterable[tuple[str | None, ...]]) -> str:
    """
    Rows of texts as one parameter, likewise.

    Raises:
        ValueError: a NUL, with which databases deal differently, or half a character.
    """
    text = _encode(list(rows)).decode()
    if "\\u0000" in text:
        raise ValueError("a text with a NUL")
    return text


def optional_flag(value: bool | None) -> int | None:
    """1, 0 or nothing."""
    return None if value is None else int(value)


def optional_milliseconds(instant: datetime | None) -> int | None:
    """As `to_milliseconds`; None stays None."""
    return None if instant is None else to_milliseconds(instant)


def optional_instant(value: int | None) -> datetime | None:
    """As `from_milliseconds`; None stays None."""
    return None if value is None else from_milliseconds(value)


def _is_finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(_is_finite(member) for member in cast("Mapping[str, object]", value).values())
    if isinstance(value, list | tuple):
        return all(_is_finite(member) for member in cast("list[object]", value))
    return True
