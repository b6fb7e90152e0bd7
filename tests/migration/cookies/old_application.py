"""A previous application's storage for tests of formats: rows and password hashes in two mappings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from segue.flow import drive, performer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.migration.cookies.model import CookieFormat, OldSession

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass
class Storage:
    """Answers what formats ask, and remembers that it was asked."""

    sessions: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    passwords: Mapping[str, str] = field(default_factory=dict[str, str])
    asked: list[str] = field(default_factory=list[str])

    def find_session(self, provider: str, key: str) -> bytes | None:
        """From the mapping."""
        assert provider == "old"
        self.asked.append(key)
        return self.sessions.get(key)

    def end_session(self, provider: str, key: str) -> None:
        """No format ends anything."""
        raise AssertionError(provider, key)

    def password_hash(self, provider: str, user_id: str) -> str | None:
        """From the mapping."""
        assert provider == "old"
        self.asked.append(user_id)
        return self.passwords.get(user_id)


def read(
    how: CookieFormat, cookies: Mapping[str, str], storage: Storage | None = None, *, now: datetime = NOW
) -> OldSession:
    """Drive the format's flow to its end."""
    flow = how.read(cookies, "old", now=now)
    return drive(flow, performer({"OldApplication": storage or Storage()}))
