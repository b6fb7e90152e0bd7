"""What the tests of the Node.js formats share: vectors of the published packages, and a store of old sessions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.errors import SessionError
from segue.flow import drive, performer

if TYPE_CHECKING:
    from segue.migration.cookies.model import CookieFormat, OldSession

VECTORS: Mapping[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent.parent / "vectors" / "node_cookies.json").read_text()
)
"""Made by `tests/old_providers/node/vectors.mjs`."""
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRET = "a-secret-of-these-tests-0123456789"


class Rows:
    """The store of an old application; remembers what it was asked for."""

    def __init__(self, rows: Mapping[str, object] | None = None) -> None:
        self.rows = dict(rows or {})
        self.asked: list[tuple[str, str]] = []

    def find_session(self, provider: str, key: str) -> bytes | None:
        """As `OldApplication.find_session`; what is not bytes is stored as its JSON."""
        self.asked.append((provider, key))
        row = self.rows.get(key)
        return row if row is None or isinstance(row, bytes) else json.dumps(row).encode()


def read(
    cookie_format: CookieFormat, cookies: Mapping[str, str], rows: Rows | None = None, *, now: datetime = NOW
) -> OldSession:
    """Have a format read the cookies of a request."""
    perform = performer({"OldApplication": rows if rows is not None else Rows()})
    return drive(cookie_format.read(cookies, "old", now=now), perform)


def code(
    cookie_format: CookieFormat, cookies: Mapping[str, str], rows: Rows | None = None, *, now: datetime = NOW
) -> str:
    """Why a format refuses the cookies; `read` if it does not."""
    try:
        read(cookie_format, cookies, rows, now=now)
    except SessionError as error:
        return error.code
    return "read"
