"""Django's tables, read over any driver: here SQLite's, and one that answers as PostgreSQL's do."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from segue.adapters.django_tables import AsyncDjangoTables, DjangoSchema, DjangoTables
from segue.errors import ConfigurationError
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOCK = ManualClock(NOW)
SQLITE = DjangoSchema(placeholder="?")


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    """The columns that are read, as Django's migrations make them, with a session that lives and one that does not."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        """
        CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text, expire_date datetime);
        INSERT INTO django_session VALUES ('living', 'data', '2026-11-23 12:00:00.000001');
        INSERT INTO django_session VALUES ('over', 'data', '2026-11-23 12:00:00');
        CREATE TABLE auth_user (id integer PRIMARY KEY, password varchar(128), is_active bool);
        INSERT INTO auth_user VALUES (7, 'hash of ada', 1);
        INSERT INTO auth_user VALUES (8, 'hash of bob', 0);
        """
    )
    yield connection
    connection.close()


def tables(connection: sqlite3.Connection, schema: DjangoSchema = SQLITE) -> DjangoTables:
    """Read over this connection."""

    def run(statement: str, values: Sequence[object]) -> list[Any]:
        with connection:
            return connection.execute(statement, tuple(values)).fetchall()

    return DjangoTables(run, schema, clock=CLOCK)


def test_session_that_has_expired_is_none(database: sqlite3.Connection) -> None:
    """A row counts until `expire_date`, not at it, and one that is not there does not."""
    read = tables(database)
    assert [read.find_session(key) for key in ("living", "over", "never")] == [b"data", None, None]


def test_session_is_ended(database: sqlite3.Connection) -> None:
    """Its row is gone; that it was gone already is no error."""
    read = tables(database)
    read.end_session("living")
    read.end_session("living")
    assert read.find_session("living") is None


def test_password_of_active_users_alone(database: sqlite3.Connection) -> None:
    """Whoever may not sign in has none, nor has an id that no user can have."""
    read = tables(database)
    found = [read.password_hash(user) for user in ("7", "8", "9", "seven", "7; DROP TABLE auth_user")]
    assert found == ["hash of ada", None, None, None, None]
    everybody = DjangoSchema(placeholder="?", active=None)
    assert tables(database, everybody).password_hash("8") == "hash of bob"


def test_values_are_parameters(database: sqlite3.Connection) -> None:
    """What a browser sends never becomes part of a statement."""
    assert tables(database).find_session("' OR 1=1 --") is None


def answering(*rows: Sequence[object]) -> DjangoTables:
    """Tables that answer this to everything."""
    return DjangoTables(lambda _statement, _values: rows, clock=CLOCK)


@pytest.mark.parametrize(
    ("expire_date", "lives"),
    [
        (NOW + timedelta(seconds=1), True),
        ((NOW + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=9))), True),
        (datetime(2026, 11, 23, 12, 0, 1), True),  # noqa: DTZ001 - what MySQL's drivers give
        (datetime(2026, 11, 23, 12), False),  # noqa: DTZ001 - likewise
        (NOW, False),
    ],
)
def test_instants_of_other_drivers(expire_date: datetime, *, lives: bool) -> None:
    """With a time zone or, meaning UTC, without one."""
    assert answering(("data", expire_date)).find_session("any") == (b"data" if lives else None)


def test_local_time() -> None:
    """`USE_TZ = False` keeps local times; the zone is configured."""
    tokyo = DjangoSchema(naive=timezone(timedelta(hours=9)))
    row = ("data", datetime(2026, 11, 23, 21, 0, 1))  # noqa: DTZ001 - what the driver gives
    assert DjangoTables(lambda _s, _v: [row], tokyo, clock=CLOCK).find_session("any") == b"data"


@pytest.mark.parametrize("row", [(b"data", NOW), ("data", None), ("data", 1)], ids=str)
def test_row_of_something_else(row: tuple[object, ...]) -> None:
    """A row that Django did not write is an error and no session."""
    with pytest.raises(TypeError):
        answering(row).find_session("any")


def test_password_that_is_none() -> None:
    """An empty column is an error, not an empty password."""
    with pytest.raises(TypeError):
        answering((None,)).password_hash("7")


def test_asynchronous_driver() -> None:
    """The same over asyncpg's kind of function; keys may be UUIDs."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    async def run(statement: str, values: Sequence[object]) -> Sequence[Sequence[object]]:
        asked.append((statement, tuple(values)))
        return [("data", NOW + timedelta(days=1))] if "session" in statement else [("hash",)]

    async def story() -> None:
        read = AsyncDjangoTables(
            run, DjangoSchema(placeholder="$1", user_key=uuid.UUID, user_table="app.users"), clock=CLOCK
        )
        assert await read.find_session("key") == b"data"
        await read.end_session("key")
        assert await read.password_hash(str(uuid.UUID(int=7))) == "hash"
        assert await read.password_hash("7") is None

    asyncio.run(story())
    assert asked == [
        ("SELECT session_data, expire_date FROM django_session WHERE session_key = $1", ("key",)),
        ("DELETE FROM django_session WHERE session_key = $1", ("key",)),
        ("SELECT password FROM app.users WHERE id = $1 AND is_active", (uuid.UUID(int=7),)),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"user_table": "users; DROP TABLE users"},
        {"session_table": '"quoted"'},
        {"active": "is_active OR 1=1"},
        {"id_column": ""},
        {"placeholder": ":key"},
    ],
    ids=str,
)
def test_names_that_are_none(settings: dict[str, Any]) -> None:
    """Only names become part of a statement."""
    with pytest.raises(ConfigurationError):
        DjangoSchema(**settings)
