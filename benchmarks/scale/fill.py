"""
Fills a table: most rows are made by the database itself after the pattern of a real one, some are real sessions.

House rule: real sessions are spread evenly over the table, and nothing about their rows tells them from the others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import psycopg

from benchmarks import scene
from segue.ids import PUBLIC_APP, to_milliseconds
from segue.stores.memory import MemoryStore
from segue.stores.postgres import PostgresStore
from segue.stores.sql.session_rows import session_to_row
from segue.stores.sql.statements import SqlValue
from segue.stores.sqlite import SqliteStore
from segue.tokens.algorithms import Algorithm

COLUMNS = (
    *("app_id", "tenant_id", "handle", "user_id", "payload", "data"),
    *("current_digest", "previous_digest", "secret_id", "generation", "rotated_at"),
    *("created_at", "refreshed_at", "expires_at", "refresh_lifetime", "absolute_expires_at", "static_key"),
    *("provider", "issuer", "subject_digest", "claim_id", "authenticated_at", "verifier_version"),
    *("device_label", "device_ip"),
)
"""In the order of `session_to_row`."""
LIFETIME = timedelta(days=100)
_SWEEPS = "UPDATE sessions SET sweep_at = CASE WHEN row_id % 2 THEN expires_at ELSE expires_at - :over END"
"""Every second session has been refreshed since clean-up last looked at it."""

Row: TypeAlias = tuple[SqlValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What goes into a table."""

    sessions: int
    expired: int
    """How many of them are over, and wait to be cleaned up."""
    real: int
    """How many of them have refresh tokens that can be used."""


def real_sessions(count: int) -> tuple[list[Row], list[str]]:
    """Rows of real sessions, and their refresh tokens."""
    store = MemoryStore()
    engine = scene.engine(Algorithm.ES256, store=store)
    made = [engine.create_session(scene.somebody(number)) for number in range(count)]
    stored = [store.load_session(PUBLIC_APP, each.session.handle) for each in made]
    return [session_to_row(each) for each in stored if each is not None], [each.refresh.text for each in made]


def fill_sqlite(path: str, plan: Plan) -> list[str]:
    """Fill a new file; the refresh tokens of the real sessions."""
    SqliteStore(path).close()
    rows, tokens = real_sessions(plan.real)
    pattern = dict(zip(COLUMNS, rows[0], strict=True))
    parts = {
        "handle": "lower(hex(randomblob(4))||'-'||hex(randomblob(2))||'-4'||substr(hex(randomblob(2)),2)"
        "||'-9'||substr(hex(randomblob(2)),2)||'-'||hex(randomblob(6)))",
        "user_id": "printf('user-%08d', abs(random()) % 3000000)",
        "current_digest": "randomblob(32)",
        "expires_at": ":now - :over + abs(random()) % :life",
    }
    values = ", ".join(parts.get(name, f":{name}") for name in COLUMNS)
    bulk = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "  # noqa: S608
        f"INSERT INTO sessions (sweep_at, {', '.join(COLUMNS)}) SELECT 0, {values} FROM n"
    )
    places = ", ".join("?" * len(COLUMNS))
    one = f"INSERT INTO sessions (sweep_at, {', '.join(COLUMNS)}) VALUES (0, {places})"  # noqa: S608
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("synchronous = OFF", "cache_size = -4000000", "wal_autocheckpoint = 100000"):
            connection.execute(f"PRAGMA {pragma}")
        indices = _sqlite_indices(connection)
        for name in indices:
            connection.execute(f"DROP INDEX {name}")
        connection.execute("BEGIN")
        _interleave(
            rows,
            plan,
            add=lambda count, over: connection.execute(bulk, pattern | _times(over=over) | {"count": count}),
            add_real=lambda row: connection.execute(one, row),
        )
        connection.execute(_SWEEPS, {"over": _times(over=_over(plan))["over"]})
        connection.execute("COMMIT")
        for text in indices.values():
            connection.execute(text)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return tokens


def _sqlite_indices(connection: sqlite3.Connection) -> dict[str, str]:
    found = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'sessions' AND sql IS NOT NULL"
    )
    return {str(name): str(text) for name, text in found}


def fill_postgres(dsn: str, plan: Plan) -> list[str]:
    """Fill a new database; the refresh tokens of the real sessions."""
    PostgresStore(dsn).close()
    rows, tokens = real_sessions(plan.real)
    pattern = dict(zip(COLUMNS, rows[0], strict=True))
    parts = {
        "handle": "gen_random_uuid()::text",
        "user_id": "'user-' || lpad((random() * 3000000)::bigint::text, 8, '0')",
        "current_digest": "sha256(uuid_send(gen_random_uuid()))",
        "expires_at": "ends",
    }
    values = ", ".join(parts.get(name, f"%({name})s") for name in COLUMNS)
    bulk = (
        f"INSERT INTO segue.sessions (sweep_at, {', '.join(COLUMNS)}) "  # noqa: S608
        f"SELECT CASE WHEN i %% 2 = 0 THEN ends ELSE ends - (%(over)s)::bigint END, {values} "
        "FROM (SELECT i, %(now)s::bigint - %(over)s::bigint + (random() * %(life)s::bigint)::bigint AS ends "
        "FROM generate_series(1, %(count)s) AS i) AS n"
    )
    places = ", ".join(["%s"] * (len(COLUMNS) + 1))
    one = f"INSERT INTO segue.sessions (sweep_at, {', '.join(COLUMNS)}) VALUES ({places})"  # noqa: S608
    end = COLUMNS.index("expires_at")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '1GB'")
        indices = _postgres_indices(connection)
        for name in indices:
            connection.execute(f"DROP INDEX segue.{name}".encode())
        with connection.transaction():
            _interleave(
                rows,
                plan,
                add=lambda count, over: connection.execute(
                    bulk.encode(), pattern | _times(over=over) | {"count": count}
                ),
                add_real=lambda row: connection.execute(one.encode(), (row[end], *row)),
            )
        for text in indices.values():
            connection.execute(text.encode())
        connection.execute("VACUUM ANALYZE segue.sessions")
        connection.execute("CHECKPOINT")
    return tokens


def _postgres_indices(connection: psycopg.Connection) -> dict[str, str]:
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes "
        "WHERE schemaname = 'segue' AND tablename = 'sessions' AND indexname <> 'sessions_pkey'"
    ).fetchall()
    return {str(name): str(text) for name, text in found}


def _interleave(
    rows: Sequence[Row],
    plan: Plan,
    *,
    add: Callable[[int, timedelta], object],
    add_real: Callable[[Row], object],
) -> None:
    """Bulk rows and real ones in turn; each stretch has its share of those that are over."""
    bulk = plan.sessions - plan.real
    done, over = 0, _over(plan)
    for number, row in enumerate(rows, start=1):
        until = bulk * number // len(rows)
        if until > done:
            add(until - done, over)
        done = until
        add_real(row)


def _over(plan: Plan) -> timedelta:
    """What is over ended within the last part of a lifetime that has this share of it."""
    return LIFETIME * (plan.expired / plan.sessions)


def _times(*, over: timedelta) -> dict[str, int]:
    return {
        "now": to_milliseconds(datetime.now(UTC)),
        "over": over // timedelta(milliseconds=1),
        "life": LIFETIME // timedelta(milliseconds=1),
    }
