"""
What every kind of credential says in the same way: a short text, an instant.

House rules: pure; None is "not of this form", and whoever asks tells it from "not there".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeGuard

MAX_TEXT = 512
"""Characters of an id, an issuer, the name of a session."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_9999 = 253_402_300_799
_NUMBERS = frozenset({int, float})


def is_text(value: object) -> TypeGuard[str]:
    """Whether it is a text that may be kept, compared and logged: neither empty nor long, and printable."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def instant_of(value: object, *, per_second: int = 1) -> datetime | None:
    """
    The instant that a number of JSON stands for, to whole milliseconds; None: it is no number, or beyond the calendar.

    Args:
        value: a NumericDate (RFC 7519 §2), with a fraction or without.
        per_second: 1, or 1000 where milliseconds are counted.
    """
    # The exact type, since to Python a truth value is a number, too.
    if type(value) not in _NUMBERS or not isinstance(value, int | float):
        return None
    if not 0 <= value <= _YEAR_9999 * per_second:
        return None
    return _EPOCH + timedelta(milliseconds=int(value * (1000 // per_second)))
