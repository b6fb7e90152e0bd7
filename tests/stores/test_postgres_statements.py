"""The SQL of the PostgreSQL store: every file is used, and none of the statements reads a table from end to end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from segue.stores.postgres.statements import TEXTS, PostgresStatement
from segue.stores.sql.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import PostgresServer

ELSEWHERE = {
    # Part of one statement here.
    Statement.ADD_ATTEMPT,
    Statement.ADD_CLAIM,
    Statement.ADD_DELIVERY,
    Statement.APPEND_REVOCATIONS,
    Statement.DELETE_EXPIRED_SESSIONS,
    Statement.DELETE_FOLDED_ATTEMPTS,
    Statement.DUE_DELIVERIES,
    Statement.LEASE_DELIVERIES,
    Statement.POSTPONE_SWEEPS,
}
SMALL = {"apps", "revocation_feed", "signing_keys", "schema_version", "attempt_counts", "rollouts"}
"""A handful of rows each."""
UNEXPLAINED = {"lock_signing_keys", "lock_schema", "schema_tables"}
SCANS = {"count_deliveries", "count_deliveries_by_provider", "count_attempts", "count_active_users"}
"""For operators; reads an index or a table, or all of an app's part of it, from end to end."""
IN_ORDER = {name for name in TEXTS if name.endswith(("_of_app", "_of_tenant"))}
"""Run after `search_in_order`."""
PARAMETER = re.compile(r"\$(\d+)")
FILL = """
    INSERT INTO segue.sessions (
        app_id, handle, tenant_id, user_id, current_digest, secret_id, generation, created_at, refreshed_at, expires_at,
        sweep_at, refresh_lifetime, static_key, issuer, verifier_version, payload, data
    )
    SELECT
        'public', 'session ' || number, 'tenant ' || number % 1000, 'user ' || number / 3, sha256(number::text::bytea),
        'abcd', 0, number, number, number + 100, number + 50, 100, 0, 'issuer ' || number % 5000, '1.0', '{}', '{}'
    FROM generate_series(1, 30000) AS number;
    INSERT INTO segue.revocations (sequence, app_id, handle, revoked_at)
    SELECT number, 'public', 'revoked ' || number, number FROM generate_series(1, 20000) AS number;
    INSERT INTO segue.claims
    SELECT
        'public', sha256(number::text::bytea), 'old', 'issuer', 'subject', 'user', 'public', 'h', NULL, number, number
    FROM generate_series(1, 20000) AS number;
    INSERT INTO segue.deliveries (
        delivery_id, app_id, provider, claim_id, handle, sealed, created_at, due_at, attempts, state,
        settled_at
    )
    SELECT
        'delivery ' || number, 'public', 'old', 'claim', 'h', '', number, number, 0,
        CASE WHEN number % 100 = 0 THEN 'pending' ELSE 'done' END,
        CASE WHEN number % 100 = 0 THEN NULL ELSE number END
    FROM generate_series(1, 20000) AS number;
    INSERT INTO segue.attempts (
        app_id, operation_id, attempted_at, provider, tenant_id, mode, stage, code, retryable, verified, milliseconds,
        count
    )
    SELECT 'public', to_hex(number + 1000000), number, 'old', 'public', 'on', 'done', 'MIGRATED', 0, 1, 1, 1
    FROM generate_series(1, 20000) AS number;
    INSERT INTO segue.identities
    SELECT 'public', sha256(number::text::bytea), 'old', 'issuer', 'user ' || number, 'imported', number, NULL
    FROM generate_series(1, 20000) AS number;
    INSERT INTO segue.limit_buckets SELECT 'bucket ' || number, number FROM generate_series(1, 20000) AS number;
    INSERT INTO segue.tenants SELECT 'app ' || number % 1000, 'tenant ' || number, '{}', number, NULL
    FROM generate_series(1, 20000) AS number;
    INSERT INTO segue.user_id_mappings SELECT 'public', 'user ' || number, 'external ' || number, NULL
    FROM generate_series(1, 20000) AS number;
    INSERT INTO segue.users SELECT 'public', 'user ' || number FROM generate_series(1, 20000) AS number;
    INSERT INTO segue.signing_keys SELECT 'public', 'key ' || number, 'dynamic', 'ES256', number, ''
    FROM generate_series(1, 10) AS number;
    ANALYZE;
"""


@pytest.fixture(scope="module")
def filled(postgres_server: PostgresServer) -> Iterator[psycopg.Connection]:
    """A database with many rows of everything, and plans that must do for any parameters, as after five executions."""
    database = postgres_server.dsn(postgres_server.new_database())
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(FILL.encode())
        connection.execute("SET plan_cache_mode = force_generic_plan")
        yield connection


def plan(connection: psycopg.Connection, name: str) -> str:
    """What PostgreSQL would do, step by step."""
    text = TEXTS[name]
    count = max((int(number) for number in PARAMETER.findall(text)), default=0)
    nulls = f"({', '.join(['NULL'] * count)})" if count else ""
    with connection.transaction():
        if name in IN_ORDER:
            connection.execute(TEXTS["search_in_order"].encode())
        connection.execute(f"PREPARE explained AS {text}".encode())
        rows = connection.execute(f"EXPLAIN EXECUTE explained{nulls}".encode()).fetchall()
        connection.execute("DEALLOCATE explained")
    return "\n".join(line for (line,) in rows)


def test_every_file_is_a_statement() -> None:
    """No statement lies in the folder that no operation uses, and none is missing."""
    assert set(TEXTS) == {str(each) for each in (set(Statement) - ELSEWHERE) | set(PostgresStatement)}


@pytest.mark.parametrize("name", sorted(set(TEXTS) - UNEXPLAINED - SCANS))
def test_no_scan(filled: psycopg.Connection, name: str) -> None:
    """Every statement finds its rows by an index, but in tables that stay small."""
    scanned = set(re.findall(r"Seq Scan on (\w+)", plan(filled, name)))
    assert scanned <= SMALL


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("sweep_sessions", "sessions_by_sweep"),
        ("delete_old_revocations", "revocations_by_age"),
        ("revocations_after", "revocations_pkey"),
        ("delete_claims", "claims_by_end"),
        ("take_deliveries", "deliveries_due"),
        ("list_deliveries", "deliveries_by_state"),
        ("delete_deliveries", "deliveries_by_end"),
        ("fold_attempts", "attempts_pkey"),
        ("delete_buckets", "limit_buckets_by_end"),
        ("delete_sessions_of_app", "sessions_pkey"),
        ("delete_claims_of_app", "claims_pkey"),
        ("delete_deliveries_of_app", "deliveries_by_app"),
        ("delete_attempts_of_app", "attempts_pkey"),
        ("delete_mappings_of_app", "user_id_mappings_pkey"),
        ("delete_users_of_app", "users_pkey"),
        ("delete_tenants_of_app", "tenants_pkey"),
    ],
)
def test_order_comes_from_an_index(filled: psycopg.Connection, name: str, index: str) -> None:
    """What is read in an order and up to a limit comes in that order from an index; nothing is sorted."""
    lines = plan(filled, name).splitlines()
    (limit,) = (number for number, line in enumerate(lines) if re.search(r"(^|-> +)Limit", line))
    steps = lines[limit : limit + 3]  # a limit, perhaps locks, and the index
    assert any(f"using {index}" in line for line in steps)
    assert not any("Sort" in line for line in steps)


def test_rotation_touches_no_index(filled: psycopg.Connection) -> None:
    """No column that a rotation changes is in an index, so that PostgreSQL can leave the indices alone."""
    changed = {
        "previous_digest",
        "current_digest",
        "secret_id",
        "generation",
        "rotated_at",
        "refreshed_at",
        "expires_at",
    }
    indexed = filled.execute(
        """
        SELECT DISTINCT attname FROM pg_index
        JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
        WHERE indrelid = 'segue.sessions'::regclass
        """
    ).fetchall()
    assert not changed & {name for (name,) in indexed}
    assert "sweep_at" in {name for (name,) in indexed}
