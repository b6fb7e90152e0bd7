"""
Values whose text form leaves out what is secret or personal.

House rule: what reaches a log through `repr`, or a terminal through rich, names no token, no key and no person.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Discreet(msgspec.Struct, frozen=True):
    """Base of such values; each names its members that are not shown."""

    unshown: ClassVar[frozenset[str]] = frozenset()

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({members})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name not in self.unshown]
