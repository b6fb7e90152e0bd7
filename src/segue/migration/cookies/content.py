"""
Finding a user in the content of an old session, once it is proved and read.

House rules: pure; a user id is a text or a whole number and nothing that a language takes for "nobody"; no error here
repeats what stands in a session.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeAlias, cast

from segue.errors import ClaimsRefused, ConfigurationError
from segue.json import JsonObject, JsonValue

SessionPath: TypeAlias = tuple[str, ...]
"""Where in a session something stands: the names from the outside in. A place in a list is its number, as text."""

_MAX_TEXT = 512
_YEAR_9999 = 253_402_300_799
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = frozenset({"", "0"})


def require_path(path: SessionPath, *, label: str) -> None:
    """
    Refuse a path that leads nowhere.

    Raises:
        ConfigurationError: empty, with an empty name in it, or a lone text.
    """
    names = cast("tuple[object, ...]", path)
    if (
        not isinstance(cast("object", path), tuple)
        or not names
        or not all(isinstance(name, str) and name for name in names)
    ):
        raise ConfigurationError(f'{label}: give the names on the way as a tuple, such as ("user_id",)')


def find(content: JsonValue | JsonObject, path: SessionPath) -> JsonValue:
    """What stands at the end of *path*; None also where there is no such place."""
    place = cast("JsonValue", content)
    for name in path:
        if isinstance(place, dict):
            place = place.get(name)
        elif isinstance(place, list) and name.isascii() and name.isdigit() and int(name[:9]) < len(place):
            place = place[int(name[:9])]
        else:
            return None
    return place


def subject_of(value: JsonValue) -> str:
    """
    A user id as text.

    Raises:
        ClaimsRefused: nobody is signed in, or it is no user id.
    """
    if value is None or value is False or value == 0 or (isinstance(value, str) and value in _NOBODY):
        raise ClaimsRefused("user id", "nobody is signed in")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ClaimsRefused("user id", "neither a text nor a whole number")
    text = str(value)
    if len(text) > _MAX_TEXT or not text.isprintable():
        raise ClaimsRefused("user id", "too long, or not printable")
    return text


def instant_at(content: JsonObject, path: SessionPath | None) -> datetime | None:
    """
    The instant, in seconds since 1970, that stands at the end of *path*; None if there is none or it is not asked for.

    Raises:
        ClaimsRefused: something else stands there.
    """
    value = None if path is None else find(content, path)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _YEAR_9999:
        raise ClaimsRefused("instant", "not a number of seconds since 1970")
    return _EPOCH + timedelta(milliseconds=int(value * 1000))
