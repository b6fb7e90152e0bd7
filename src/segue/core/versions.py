"""Versions of the core protocol: which are served, and how a text names one."""

from __future__ import annotations

import re
from typing import TypeAlias

CdiVersion: TypeAlias = tuple[int, int]
"""Compared by parts: 2.21 is newer than 2.9."""

SERVED: tuple[CdiVersion, ...] = (
    *((2, minor) for minor in range(7, 22)),
    (3, 0),
    (3, 1),
    (4, 0),
    *((5, minor) for minor in range(7)),
)
"""Oldest first."""

_FORM = re.compile(r"(\d{1,4})\.(\d{1,4})", re.ASCII)


def read_version(text: str) -> CdiVersion | None:
    """The version that a text names; None: it names none."""
    found = _FORM.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def version_text(version: CdiVersion) -> str:
    """As it stands in headers."""
    return f"{version[0]}.{version[1]}"
