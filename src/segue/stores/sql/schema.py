"""
What a schema version means to a program, whatever the database.

Versions are numbered scripts, applied forward only. During a rolling upgrade older programs work on the newer schema
that the first new instance has made, or start again on it: a script that only adds what they need not know says so in
a line `-- compatible since: N`, and programs that know schema N or later go on. A script without that line shuts all
older programs out. House rule: a newer database that does not say that it is compatible is refused, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from segue.errors import ConfigurationError

_COMPATIBLE = re.compile(r"^-- compatible since: ([0-9]+)$", re.MULTILINE)


class SchemaChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an upgrade did."""

    before: int
    """0: there was nothing."""
    after: int


class SchemaVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a database says of its schema."""

    number: int
    """Of the last script that was applied."""
    compatible_since: int
    """The oldest program that may work on it, by the newest schema that it knows."""


NO_SCHEMA = SchemaVersion(number=0, compatible_since=0)


def versions(scripts: Sequence[str]) -> list[SchemaVersion]:
    """What a database says after each of the scripts; what one has shut out, no later one lets in again."""
    made: list[SchemaVersion] = []
    since = 0
    for number, script in enumerate(scripts, start=1):
        said = _COMPATIBLE.search(script)
        since = max(since, number if said is None else int(said[1]))
        made.append(SchemaVersion(number=number, compatible_since=since))
    return made


def check_version(found: SchemaVersion, *, known: int) -> None:
    """
    Refuse a database that this program cannot work on.

    Args:
        found: what the database says.
        known: the newest schema that this program knows.

    Raises:
        ConfigurationError: older, or newer and not compatible; the text says what to do.
    """
    if found.compatible_since > known:
        raise ConfigurationError(
            f"the database has schema {found.number}, for programs that know {found.compatible_since}, "
            f"and this one knows {known}: install the newer segue"
        )
    if found.number < known:
        raise ConfigurationError(
            f"the database has schema {found.number}, this program needs {known}: run `segue db upgrade`"
        )
