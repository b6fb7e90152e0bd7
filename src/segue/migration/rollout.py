"""
How far the roll-out of one provider has come: off, rehearsed in shadow, on for a share of its users, or on.

Configuration gives the value to start with; a row in the store stands above it, so that somebody can pull the switch
while everything runs. A share is stable: whoever is in at 10 % is in at 25 %, on every machine. House rule: pure.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

from segue.errors import ConfigurationError
from segue.ids import Digest
from segue.migration.model import digest_of

_SHARES = 10_000
_PERCENTAGE = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?%")


class Mode(StrEnum):
    """What happens to a provider's tokens."""

    OFF = "off"
    """Nothing is migrated, and nobody is asked anything."""
    SHADOW = "shadow"
    """Tokens are verified and mapped as in earnest; nothing is written, and pages keep the old session."""
    ON = "on"


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """Mode and share of the users."""

    mode: Mode
    share: int = _SHARES
    """Of users, in hundredths of a percent; only with `Mode.ON`."""

    def __str__(self) -> str:
        if self.mode is not Mode.ON or self.share == _SHARES:
            return self.mode.value
        return f"{self.share / 100:g}%"

    def includes(self, provider: str, subject_digest: Digest) -> bool:
        """Whether a person is among those who are migrated; the same for ever, and growing with the share."""
        if self.mode is not Mode.ON:
            return False
        if self.share >= _SHARES:
            return True
        place = digest_of("rollout", provider, subject_digest.hex())
        return int.from_bytes(place[:8]) * _SHARES >> 64 < self.share


OFF: Final = Rollout(mode=Mode.OFF)
SHADOW: Final = Rollout(mode=Mode.SHADOW)
ON: Final = Rollout(mode=Mode.ON)


def parse_rollout(text: str) -> Rollout:
    """
    Read `off`, `shadow`, `on` or a percentage such as `25%` or `0.5%`.

    Raises:
        ConfigurationError: anything else.
    """
    for plain in (OFF, SHADOW, ON):
        if text == plain.mode.value:
            return plain
    found = _PERCENTAGE.fullmatch(text)
    share = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
    if not 0 <= share <= _SHARES:
        raise ConfigurationError(f"a roll-out is off, shadow, on or a percentage such as 25%, not {text!r}")
    return Rollout(mode=Mode.ON, share=share)
