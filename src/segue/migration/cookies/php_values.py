"""
What PHP's `serialize` writes, read into plain values: null, booleans, numbers, byte strings and arrays.

PHP itself warns against `unserialize` of foreign text, because objects run code when they are built. Here none is ever
built. House rules: nothing of the text chooses a Python type beyond those above; length, depth and number of values are
bounded before anything is made; whatever is wrong is a `ValueError`, whose text repeats no data. Only what PHP 7 and 8
write is read: no escaped strings (`S`), no leading zeros, no doubled keys.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, TypeAlias

from segue.migration.cookies.model import MAX_SESSION

MAX_DEPTH = 24
"""Arrays and objects inside each other."""
MAX_VALUES = 20_000
"""Values and keys of one text together."""


class PhpObjects(Enum):
    """What becomes of objects, enumeration cases and references inside of a session."""

    REFUSED = "refused"
    """A session that holds one is not read."""
    SKIPPED = "skipped"
    """They are passed over and can be looked into by nobody; the rest of the session is read."""


class Unread(Enum):
    """Stands where something was that is not read."""

    OBJECT = "object"


UNREAD: Final = Unread.OBJECT

PhpKey: TypeAlias = "int | bytes"
PhpValue: TypeAlias = "bool | int | float | bytes | Unread | dict[PhpKey, PhpValue] | None"
PhpArray: TypeAlias = "dict[PhpKey, PhpValue]"

_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]{0,18})")
_BOOLEAN = re.compile(rb"[01]")
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,8}")
_FLOAT = re.compile(rb"-?[0-9]{1,60}(?:\.[0-9]{1,60})?(?:E[+-]?[0-9]{1,3})?|-?INF|NAN")
_LONGEST_FLOAT = 64
_FOREIGN = frozenset({b"O:", b"C:", b"E:", b"r:", b"R:"})
"""Objects, what a class wrote itself, enumeration cases, references to objects and to values."""
_INTEGERS = range(-(2**63), 2**63)
_CLASS_NAME = re.compile(rb"[A-Za-z0-9_\\\x00/.:$@\x80-\xff-]{1,512}")


def unserialize(data: bytes, *, objects: PhpObjects = PhpObjects.REFUSED) -> PhpValue:
    """
    Read one value that fills *data*.

    Raises:
        ValueError: not of this form, too large, too deep, too much, or an object that is not to be skipped.
    """
    value, end = read_value(data, 0, objects=objects)
    if end != len(data):
        raise ValueError("something stands behind the value")
    return value


def read_value(
    data: bytes, start: int, *, objects: PhpObjects = PhpObjects.REFUSED, budget: list[int] | None = None
) -> tuple[PhpValue, int]:
    """
    Read one value from *start* on, and tell where it ends.

    Args:
        data: at most `MAX_SESSION` bytes.
        start: where it begins.
        objects: what becomes of them.
        budget: one number: how many values and keys may still be read; it is used up. None: `MAX_VALUES`.

    Raises:
        ValueError: as `unserialize`.
    """
    if len(data) > MAX_SESSION:
        raise ValueError("too large")
    reader = _Reader(data, start, objects, budget=[MAX_VALUES] if budget is None else budget)
    return reader.value(MAX_DEPTH), reader.position


class _Reader:
    """A place in the text. Descends at most `MAX_DEPTH` levels."""

    __slots__ = ("budget", "data", "objects", "position")

    def __init__(self, data: bytes, position: int, objects: PhpObjects, *, budget: list[int]) -> None:
        self.data = data
        self.position = position
        self.objects = objects
        self.budget = budget

    def value(self, levels: int) -> PhpValue:
        self._spend()
        tag = self.data[self.position : self.position + 2]
        self.position += 2
        if tag == b"a:":
            return self._array(levels)
        if tag in _FOREIGN:
            return self._foreign(tag, levels)
        return self._scalar(tag)

    def _scalar(self, tag: bytes) -> bool | int | float | bytes | None:
        match tag:
            case b"N;":
                return None
            case b"b:":
                return self._integer(b";", _BOOLEAN) == 1
            case b"i:":
                return self._integer(b";")
            case b"d:":
                return self._float()
            case b"s:":
                return self._string(b";")
            case _:
                raise ValueError("not a value")

    def _array(self, levels: int) -> PhpArray:
        """The members, behind `a:` or behind the name of a class."""
        if levels == 0:
            raise ValueError("nested too deep")
        count = self._length(b":{")
        if count > self.budget[0] // 2:
            raise ValueError("too many values")
        members: PhpArray = {}
        for _ in range(count):
            key = self._key()
            if key in members:
                raise ValueError("a key is there twice")
            members[key] = self.value(levels - 1)
        self._expect(b"}")
        return members

    def _key(self) -> PhpKey:
        self._spend()
        tag = self.data[self.position : self.position + 2]
        self.position += 2
        if tag == b"i:":
            return self._integer(b";")
        if tag != b"s:":
            raise ValueError("not a key")
        name = self._string(b";")
        # PHP knows no key "5" beside 5; read apart, one of the two would hide behind the other.
        canonical = _NUMBER.fullmatch(name) and name != b"-0" and int(name) in _INTEGERS
        return int(name) if canonical else name

    def _foreign(self, tag: bytes, levels: int) -> Unread:
        """Passes over an object, an enumeration case or a reference, without knowing of what class it is."""
        if self.objects is PhpObjects.REFUSED:
            raise ValueError("an object or a reference, which is never read")
        match tag:
            case b"r:" | b"R:":
                self._integer(b";")
            case b"E:":
                self._class_name(b";")
            case b"O:":
                self._class_name(b":")
                self._array(levels)
            case _:  # C: the class wrote these bytes itself
                self._class_name(b":")
                length = self._length(b":{")
                self._take(length)
                self._expect(b"}")
        return UNREAD

    def _class_name(self, end: bytes) -> None:
        if not _CLASS_NAME.fullmatch(self._string(end)):
            raise ValueError("not the name of a class")

    def _string(self, end: bytes) -> bytes:
        length = self._length(b':"')
        text = self._take(length)
        self._expect(b'"' + end)
        return text

    def _integer(self, end: bytes, pattern: re.Pattern[bytes] = _NUMBER) -> int:
        number = int(self._match(pattern))
        if number not in _INTEGERS:
            raise ValueError("an integer is too large")
        self._expect(end)
        return number

    def _float(self) -> float:
        text = self._match(_FLOAT)
        if len(text) > _LONGEST_FLOAT:
            raise ValueError("a number is too long")
        self._expect(b";")
        return float(text)

    def _length(self, end: bytes) -> int:
        length = int(self._match(_LENGTH))
        self._expect(end)
        return length

    def _match(self, pattern: re.Pattern[bytes]) -> bytes:
        found = pattern.match(self.data, self.position)
        if found is None:
            raise ValueError("not a number")
        self.position = found.end()
        return found[0]

    def _take(self, length: int) -> bytes:
        taken = self.data[self.position : self.position + length]
        if len(taken) != length:
            raise ValueError("ends too early")
        self.position += length
        return taken

    def _expect(self, text: bytes) -> None:
        if not self.data.startswith(text, self.position):
            raise ValueError("not as PHP writes it")
        self.position += len(text)

    def _spend(self) -> None:
        self.budget[0] -= 1
        if self.budget[0] < 0:
            raise ValueError("too many values")
