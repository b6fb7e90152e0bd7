"""
A list of identities for the imported table: CSV with a heading, or JSON lines.

    subject,user_id
    auth0|42,u-17

House rule: a line that cannot be meant ends the reading with its number, and no line is quoted: it holds people.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from segue.errors import ConfigurationError

_LONGEST_SUBJECT = 512
_LONGEST_USER_ID = 128


class ImportedIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a provider's subject and our user id."""

    line: int
    subject: str
    user_id: str

    def __repr__(self) -> str:
        return f"<ImportedIdentity of line {self.line}>"


def read_identities(lines: Iterable[str]) -> Iterator[ImportedIdentity]:
    """
    The identities in a file's lines; a first line that begins with a brace makes it JSON lines.

    Raises:
        ConfigurationError: a line without subject or user id, or with one that cannot be.
    """
    source = iter(lines)
    first = next(source, "")
    rows = _json_rows if first.lstrip().startswith("{") else _csv_rows
    for number, row in rows(_with(first, source)):
        subject, user_id = row.get("subject"), row.get("user_id")
        if not _is_text(subject, _LONGEST_SUBJECT) or not _is_text(user_id, _LONGEST_USER_ID):
            raise ConfigurationError(
                f"line {number}: needs subject (at most {_LONGEST_SUBJECT} characters) and user_id (at most "
                f"{_LONGEST_USER_ID}), both as printable text"
            )
        yield ImportedIdentity(line=number, subject=str(subject), user_id=str(user_id))


def _with(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _csv_rows(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, object]]]:
    reader = csv.DictReader(lines)
    for row in reader:
        yield reader.line_num, dict(row)


def _json_rows(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row: object = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise ConfigurationError(f"line {number} is no JSON object")
        yield number, cast("dict[str, object]", row)


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()
