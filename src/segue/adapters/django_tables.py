"""
Django's own tables, read for `DjangoSession`: sessions by their key, and the password hash of an active user.

Any driver will do: what is needed of it is a function that runs one statement and gives the rows. House rules: values
go in as parameters and never into the text of a statement; a session that has expired is none, as in Django; an error
of the driver is passed on, and nobody is let in on it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

from segue.clock import Clock, SystemClock
from segue.errors import ConfigurationError

Row: TypeAlias = Sequence[object]
Run: TypeAlias = Callable[[str, Row], Sequence[Row]]
"""Runs a statement with its parameters, commits, and gives the rows, if there are any."""
AsyncRun: TypeAlias = Callable[[str, Row], Awaitable[Sequence[Row]]]

_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoSchema:
    """
    What the tables are called and how their values are written.

    Raises:
        ConfigurationError: a name that is none.
    """

    placeholder: str = "%s"
    """What stands for a parameter: `%s` (psycopg, MySQL), `?` (SQLite), `$1` (asyncpg)."""
    session_table: str = "django_session"
    user_table: str = "auth_user"
    """Of `AUTH_USER_MODEL`."""
    user_key: Callable[[str], object] = int
    """From the user id in a session to the primary key: `int`, `uuid.UUID` or `str`."""
    id_column: str = "id"
    active: str | None = "is_active"
    """The column without which nobody may sign in; None: the user model has none."""
    naive: tzinfo = UTC
    """The time zone of instants without one: UTC, unless `USE_TZ = False`."""

    def __post_init__(self) -> None:
        names = (self.session_table, self.user_table, self.id_column, self.active or "is_active")
        if not all(_TABLE.fullmatch(name) for name in names):
            raise ConfigurationError("DjangoSchema: give table and column names without quotes")
        if self.placeholder not in {"%s", "?", "$1"}:
            raise ConfigurationError("DjangoSchema: placeholder is %s, ? or $1")

    @property
    def find_session(self) -> str:
        """A session by its key."""
        return (
            f"SELECT session_data, expire_date FROM {self.session_table} "  # noqa: S608 - names, checked above
            f"WHERE session_key = {self.placeholder}"
        )

    @property
    def end_session(self) -> str:
        """The same, deleted."""
        return f"DELETE FROM {self.session_table} WHERE session_key = {self.placeholder}"  # noqa: S608 - likewise

    @property
    def find_password(self) -> str:
        """A user's password hash, if he may sign in."""
        active = f" AND {self.active}" if self.active else ""
        found_by = f"{self.id_column} = {self.placeholder}{active}"
        return f"SELECT password FROM {self.user_table} WHERE {found_by}"  # noqa: S608 - likewise

    def content(self, rows: Sequence[Row], now: datetime) -> bytes | None:
        """`session_data` of the row that was found, if it has not expired."""
        if not rows:
            return None
        data, expires_at = rows[0]
        if isinstance(expires_at, str):  # SQLite keeps text
            expires_at = datetime.fromisoformat(expires_at)
        if not isinstance(data, str) or not isinstance(expires_at, datetime):
            raise TypeError("the row is not one of Django's sessions")
        if expires_at.tzinfo is None:
            expires_at = expires_at.replace(tzinfo=self.naive)
        return data.encode() if expires_at > now else None

    def key_of(self, user_id: str) -> object:
        """The primary key; None: no user can have it."""
        try:
            return self.user_key(user_id)
        except ValueError:
            return None


class DjangoTables:
    """`find_session`, `end_session` and `password_hash` of a `CookieProvider`, over a blocking driver."""

    def __init__(self, run: Run, schema: DjangoSchema | None = None, *, clock: Clock | None = None) -> None:
        """
        Args:
            run: stays its maker's to close; called from several threads if the engine is.
            schema: Django's own names unless told.
            clock: the system's unless told.
        """
        self._run = run
        self._schema = schema or DjangoSchema()
        self._clock = clock or SystemClock()

    def find_session(self, key: str) -> bytes | None:
        """`session_data` of a session that has not expired."""
        return self._schema.content(self._run(self._schema.find_session, (key,)), self._clock.now())

    def end_session(self, key: str) -> None:
        """Delete the row. With `cached_db` the cache still has it: delete it there too, or let Django itself do it."""
        self._run(self._schema.end_session, (key,))

    def password_hash(self, user_id: str) -> str | None:
        """The field `password` of an active user."""
        key = self._schema.key_of(user_id)
        return None if key is None else _password(self._run(self._schema.find_password, (key,)))


class AsyncDjangoTables:
    """The same over an asynchronous driver."""

    def __init__(
        self, run: AsyncRun, schema: DjangoSchema | None = None, *, clock: Clock | None = None
    ) -> None:
        """As `DjangoTables`."""
        self._run = run
        self._schema = schema or DjangoSchema()
        self._clock = clock or SystemClock()

    async def find_session(self, key: str) -> bytes | None:
        """`session_data` of a session that has not expired."""
        return self._schema.content(await self._run(self._schema.find_session, (key,)), self._clock.now())

    async def end_session(self, key: str) -> None:
        """As `DjangoTables.end_session`."""
        await self._run(self._schema.end_session, (key,))

    async def password_hash(self, user_id: str) -> str | None:
        """The field `password` of an active user."""
        key = self._schema.key_of(user_id)
        return None if key is None else _password(await self._run(self._schema.find_password, (key,)))


def _password(rows: Sequence[Row]) -> str | None:
    if not rows:
        return None
    (password,) = rows[0]
    if not isinstance(password, str):
        raise TypeError("the column password holds no text")
    return password
