"""
Regular expressions for addresses, as long as they cannot hold a process (core protocol, `ip_allow_regex`).

Patterns come over the network, and matching has no time limit. So the ways in which a pattern can be tried are counted
beforehand: a repetition has as many as an address has characters, parts after one another multiply, alternatives add
up. House rule: what cannot be counted (a repeated group, a reference, a look around) is refused.
"""

from __future__ import annotations

import re

from segue.errors import ConfigurationError

LONGEST_PATTERN = 200
_MOST_WAYS = 250_000
"""Two alternatives of three unlimited repetitions each; tried in tens of milliseconds."""
_LONGEST_ADDRESS = 45
_REPETITION = re.compile(r"(?:[*+?]|\{(?P<least>\d*)(?P<range>,?)(?P<most>\d*)\})[?+]?", re.ASCII)
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_SHORTER = "list addresses or write \\d{1,3} in place of \\d+"


def read_pattern(name: str, text: str) -> re.Pattern[str]:
    """
    A setting's pattern, compiled.

    Args:
        name: of the setting.
        text: what it is set to.

    Raises:
        ConfigurationError: it is none, or could take too long.
    """
    if len(text) > LONGEST_PATTERN:
        raise ConfigurationError(f"{name} must be at most {LONGEST_PATTERN} characters long")
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError):
        raise ConfigurationError(f"{name} is no regular expression") from None
    if _Ways(name, text).counted() > _MOST_WAYS:
        raise ConfigurationError(f"{name} could take too long to match: {_SHORTER}")
    return pattern


class _Ways:
    """Counts in how many ways a pattern, known to be one, can be tried."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._at = 0

    def counted(self) -> int:
        """Up to the end of the pattern or of the group."""
        ways, branch = 0, 1
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._text[self._at] == "|":
                self._at += 1
                ways, branch = ways + branch, 1
            else:
                branch *= self._part()
        return ways + branch

    def _part(self) -> int:
        """One character, class or group, with its repetition."""
        group = self._text[self._at] == "("
        ways = self._group() if group else self._single()
        found = _REPETITION.match(self._text, self._at)
        if found is None:
            return ways
        self._at = found.end()
        if found[0][0] == "?":
            return ways + 1
        if group:
            raise ConfigurationError(f"{self._name} must not repeat a group: {_SHORTER}")
        return _repetitions(found)

    def _group(self) -> int:
        self._at += 1
        if self._text.startswith("?", self._at):
            if not self._text.startswith("?:", self._at):
                raise ConfigurationError(
                    f"{self._name} must not look around, refer back or set flags: of groups that begin with (? "
                    "only (?:...) is understood"
                )
            self._at += 2
        ways = self.counted()
        self._at += 1
        return ways

    def _single(self) -> int:
        if self._text[self._at] == "\\":
            if self._text[self._at + 1] in "123456789":
                raise ConfigurationError(f"{self._name} must not refer back to a group")
            self._at += 2
        else:
            found = _CLASS.match(self._text, self._at)
            self._at = self._at + 1 if found is None else found.end()
        return 1


def _repetitions(found: re.Match[str]) -> int:
    """How many lengths a repetition can have."""
    if found["range"] == "," and found["most"]:
        span = int(found["most"]) - int(found["least"] or 0)
    elif found["least"] and not found["range"]:
        span = 0
    else:
        span = _LONGEST_ADDRESS
    return min(span, _LONGEST_ADDRESS) + 1
