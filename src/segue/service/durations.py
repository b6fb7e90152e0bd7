"""
Spans of time as people write them in a settings file: `30s`, `1h30m`, `100d`.

House rule: a number without a unit is refused; nobody should have to guess whether it meant seconds or minutes.
"""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"([0-9]{1,9})([wdhms])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")
_LONGEST = timedelta(days=36525)


class Duration:
    """A span, as a type of the settings file."""

    __slots__ = ("span",)

    def __init__(self, text: str) -> None:
        """
        Args:
            text: whole numbers with units w, d, h, m, s, the greater unit first.

        Raises:
            ValueError: anything else; the text says what to write.
        """
        self.span = parse_duration(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and self.span == other.span

    def __hash__(self) -> int:
        return hash(self.span)

    def __repr__(self) -> str:
        return f"Duration({format_duration(self.span)!r})"


def parse_duration(text: str) -> timedelta:
    """
    Read a span; see `Duration`.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    parts = _PART.findall(text) if _WHOLE.fullmatch(text) else []
    units = [unit for _, unit in parts]
    if not parts or units != [unit for unit in _UNITS if unit in units]:
        raise ValueError('a duration is written like "30s", "1h30m" or "100d"')
    span = timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    if span > _LONGEST:
        raise ValueError("a duration is at most a hundred years")
    return span


def format_duration(span: timedelta) -> str:
    """
    The shortest text that reads as the same span; of a fraction of a second nothing is left.

    >>> format_duration(parse_duration("36h"))
    '1d12h'
    """
    left = int(span.total_seconds())
    parts: list[str] = []
    for unit, seconds in _UNITS.items():
        if unit == "w":
            continue  # "100d" says more than "14w2d"
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
