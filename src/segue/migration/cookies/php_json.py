"""
What JSON can say of PHP's values.

House rule: what it cannot say is left out, never changed into something else.
"""

from __future__ import annotations

import math
from typing import cast

from segue.json import JsonObject, JsonValue
from segue.migration.cookies.php_values import PhpArray, PhpKey, PhpValue, Unread

_DROPPED = object()


def as_json(array: PhpArray) -> JsonObject:
    """
    What JSON can say of a PHP array: a list where the keys count up from 0, else an object.

    What was not read, bytes that are not UTF-8, NaN and the infinities are left out.
    """
    return {
        name: cast("JsonValue", said)
        for key, value in array.items()
        if (name := _name(key)) is not None and (said := _said(value)) is not _DROPPED
    }


def _said(value: PhpValue) -> object:
    match value:
        case bytes():
            return _text(value)
        case float():
            return value if math.isfinite(value) else _DROPPED
        case Unread():
            return _DROPPED
        case dict() if value and list(value) == list(range(len(value))):
            items = [_said(item) for item in value.values()]
            # Without one of its members, the others of a list would stand in other places.
            return [None if item is _DROPPED else item for item in items]
        case dict():
            return as_json(value)
        case _:
            return value


def _name(key: PhpKey) -> str | None:
    if isinstance(key, int):
        return str(key)
    text = _text(key)
    return text if isinstance(text, str) else None


def _text(value: bytes) -> object:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return _DROPPED
