"""
Read mappings of user ids from a file: CSV (RFC 4180) or JSON lines, one mapping a line.

The names of columns and members are those of the core protocol. House rule: a line that cannot be used is reported by
its number and its reason, without its text, and costs no other line: a field never goes on in the next one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal, TypeAlias

import msgspec

from segue.core.model import LONGEST_USER_ID, UserIdMapping
from segue.errors import ConfigurationError
from segue.ids import AppId, UserId

Form: TypeAlias = Literal["csv", "jsonl"]
Fields: TypeAlias = tuple[str, str | None, str | None, str | None]
"""Name of the user id's column, then user id, external id and info."""

LONGEST_LINE = 64 * 1024
"""Bytes."""

_FORMS: Mapping[str, Form] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_USER_ID = ("superTokensUserId", "userId")
_EXTERNAL_ID, _INFO = "externalUserId", "externalUserIdInfo"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BOM = b"\xef\xbb\xbf"


class MappingLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that can be used."""

    number: int
    mapping: UserIdMapping


class BadLine(msgspec.Struct, frozen=True, kw_only=True):
    """One that cannot."""

    number: int
    reason: str


class _Unusable(Exception):
    """The argument says why."""


def form_of(path: Path) -> Form:
    """
    The form of a file by its name.

    Raises:
        ConfigurationError: the name does not tell.
    """
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        raise ConfigurationError(
            f"{path.name} ends with none of {', '.join(_FORMS)}; say which with --format"
        )
    return form


def read_mappings(file: IO[bytes], *, form: Form, app_id: AppId) -> Iterator[MappingLine | BadLine]:
    """
    The lines of a file, without those that are blank; holds one of them at a time.

    Raises:
        ConfigurationError: a CSV file whose first line does not name the columns.
    """
    lines = _numbered(file)
    parse = _parse_json if form == "jsonl" else _csv_parser(next(lines, (1, b"")))
    for number, line in lines:
        try:
            text = _text(line)
            if text.strip():
                yield MappingLine(number=number, mapping=_mapping(parse(text), app_id))
        except _Unusable as error:
            yield BadLine(number=number, reason=str(error))


def _numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers from 1; of one that is too long only so much that this can be told."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE + 1)
        yield number, line.removeprefix(_BOM) if number == 1 else line


def _text(line: bytes) -> str:
    if len(line) > LONGEST_LINE:
        raise _Unusable("longer than 64 KiB")
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise _Unusable("not UTF-8") from None


def _csv_parser(first: tuple[int, bytes]) -> Callable[[str], Fields]:
    names: list[str] = []
    with suppress(_Unusable):
        names = [name.strip() for name in _cells(_text(first[1]))]
    own = [name for name in _USER_ID if name in names]
    if len(own) != 1 or _EXTERNAL_ID not in names or len(set(names)) != len(names):
        raise ConfigurationError(
            f"the first line must name the columns: {_USER_ID[0]} (or {_USER_ID[1]}), {_EXTERNAL_ID}, "
            f"and {_INFO} if there is one"
        )
    name, width = own[0], len(names)
    user_id, external_id = names.index(name), names.index(_EXTERNAL_ID)
    info = names.index(_INFO) if _INFO in names else None

    def parse(text: str) -> Fields:
        cells = _cells(text)
        if len(cells) != width:
            raise _Unusable(f"{len(cells)} fields where the first line names {width}")
        return name, cells[user_id], cells[external_id], None if info is None else cells[info]

    return parse


def _cells(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        rows = list(csv.reader((text,), strict=True))
    except csv.Error:
        raise _Unusable("quotes that are not closed, or more than one line") from None
    return rows[0]


def _parse_json(text: str) -> Fields:
    try:
        members = _decode(text)
    except msgspec.ValidationError:
        raise _Unusable("not an object of texts") from None
    except msgspec.DecodeError:
        raise _Unusable("not JSON") from None
    own = [name for name in _USER_ID if members.get(name) is not None]
    if len(own) > 1:
        raise _Unusable(f"both {' and '.join(own)}")
    name = own[0] if own else _USER_ID[0]
    return name, members.get(name), members.get(_EXTERNAL_ID), members.get(_INFO)


def _mapping(fields: Fields, app_id: AppId) -> UserIdMapping:
    name, user_id, external_id, given = fields
    info = (given or "").strip() or None
    if info is not None and "\0" in info:
        raise _Unusable(f"a NUL in {_INFO}")
    return UserIdMapping(
        app_id=app_id, user_id=_id(user_id, name), external_id=_id(external_id, _EXTERNAL_ID), info=info
    )


def _id(given: str | None, name: str) -> UserId:
    text = (given or "").strip()
    if not text:
        raise _Unusable(f"no {name}")
    if len(text) > LONGEST_USER_ID:
        raise _Unusable(f"{name} is longer than {LONGEST_USER_ID} characters")
    if not text.isprintable() and _CONTROL.search(text):  # the first is quick, and refuses more than is meant
        raise _Unusable(f"a control character in {name}")
    return UserId(text)


_decode = msgspec.json.Decoder(dict[str, str | None]).decode
