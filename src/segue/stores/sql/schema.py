"""
What a schema version means to a program, whatever the database.

Versions are numbered scripts, applied forward only. House rule: a database of a newer program is refused, never
guessed at.
"""

from __future__ import annotations

import msgspec

from segue.errors import ConfigurationError


class SchemaChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an upgrade did."""

    before: int
    """0: there was nothing."""
    after: int


def check_version(version: int, *, known: int) -> None:
    """
    Refuse a database that this program cannot work on.

    Args:
        version: of the database.
        known: the newest that this program knows.

    Raises:
        ConfigurationError: older or newer; the text says what to do.
    """
    if version > known:
        raise ConfigurationError(
            f"the database has schema {version}, this program knows {known}: install the newer segue"
        )
    if version < known:
        raise ConfigurationError(
            f"the database has schema {version}, this program needs {known}: run `segue db upgrade`"
        )
