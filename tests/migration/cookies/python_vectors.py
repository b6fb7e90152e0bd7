"""Cookies and rows that the published packages made (tests/old_providers/python/make_vectors.py), and reading them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from segue.errors import SessionError
from segue.flow import drive, performer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.migration.cookies.model import CookieFormat, OldSession

VECTORS: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "python_cookies.json").read_text(encoding="utf-8")
)
NOW = datetime.fromtimestamp(VECTORS["now"], UTC)
"""When all of them were made."""
SECRET: str = VECTORS["secret"]
OLDER: str = VECTORS["older"]
PASSWORD_HASH: str = VECTORS["password_hash"]


@dataclass
class OldTables:
    """The old application's storage, and what was asked of it."""

    rows: dict[str, bytes] = field(default_factory=dict[str, bytes])
    passwords: dict[str, str] = field(default_factory=lambda: {"7": PASSWORD_HASH})
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def find_session(self, provider: str, key: str) -> bytes | None:
        """By key."""
        self.asked.append((provider, key))
        return self.rows.get(key)

    def password_hash(self, provider: str, user_id: str) -> str | None:
        """By user id."""
        self.asked.append((provider, user_id))
        return self.passwords.get(user_id)


def read(
    by: CookieFormat, value: str, *, tables: OldTables | None = None, now: datetime = NOW, name: str = ""
) -> OldSession:
    """What a format makes of the value of its cookie."""
    (own,) = by.cookie_names
    perform = performer({"OldApplication": tables or OldTables()})
    return drive(by.read({name or own: value}, "old", now=now), perform)


def refusal(
    by: CookieFormat, value: str, *, tables: OldTables | None = None, now: datetime = NOW, name: str = ""
) -> str:
    """The code with which it is refused; a session that is accepted, or any other error, fails the test."""
    with pytest.raises(SessionError) as caught:
        read(by, value, tables=tables, now=now, name=name)
    assert len(value) < 30 or value not in str(caught.value)
    return caught.value.code
