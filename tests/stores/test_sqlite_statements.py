"""The SQL of the SQLite store: every statement has its file, and none looks at rows that it does not want."""

from __future__ import annotations

import sqlite3
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from segue.stores.sql.statements import Statement, load_statements
from segue.stores.sqlite import upgrade_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCANS = {
    Statement.LAST_REVOCATION: "SCAN sqlite_sequence",  # one row per table that counts
    Statement.COUNT_DELIVERIES: "SCAN deliveries USING COVERING INDEX deliveries_by_state",  # for operators
    Statement.COUNT_DELIVERIES_BY_PROVIDER: "SCAN deliveries",  # likewise
    Statement.COUNT_ATTEMPTS: "SCAN (subquery-2)",
    Statement.FOLD_ATTEMPTS: "SCAN (subquery-1)",
    Statement.LOAD_APPS: "SCAN apps",  # all of them are wanted
}
SORTS = {
    # Sorted after they were found by an index: as many as one user has, or were named.
    Statement.LIST_SESSIONS_BY_HANDLE,
    Statement.LIST_SESSIONS_BY_USER,
    Statement.LOAD_SIGNING_KEYS,
    Statement.ADD_SIGNING_KEY,
    # Summed: for operators, or a batch.
    Statement.COUNT_MINTED,
    Statement.COUNT_DELIVERIES_BY_PROVIDER,
    Statement.COUNT_ATTEMPTS,
    Statement.FOLD_ATTEMPTS,
    Statement.COUNT_ACTIVE_USERS,
}

HANDLE = "USING INDEX sqlite_autoindex_sessions_1 (app_id=? AND handle=?)"
USER = "USING INDEX sessions_by_user (app_id=? AND user_id=?)"
TENANT = "USING INDEX sessions_by_tenant (app_id=? AND tenant_id=?)"
PAGE = "USING INDEX sessions_by_tenant (app_id=? AND tenant_id=? AND created_at<?)"
ISSUER = "USING INDEX sessions_by_issuer (app_id=? AND issuer=? AND created_at>? AND created_at<?)"
SWEEP = "USING INDEX sessions_by_sweep (sweep_at<?)"
INDICES = {
    Statement.LOAD_SESSION: HANDLE,
    Statement.ROTATE_FAMILY: HANDLE,
    Statement.REPLACE_FAMILY: HANDLE,
    Statement.UPDATE_SESSION: HANDLE,
    Statement.LIST_SESSIONS_BY_HANDLE: HANDLE,
    Statement.SELECT_HANDLES_BY_HANDLE: HANDLE,
    Statement.LIST_SESSIONS_BY_USER: USER,
    Statement.SELECT_HANDLES_BY_USER: USER,
    Statement.LIST_SESSIONS_BY_TENANT: PAGE,
    Statement.SELECT_HANDLES_BY_TENANT: TENANT,
    Statement.COUNT_MINTED: ISSUER,
    Statement.LIST_SESSIONS_BY_PROVENANCE: ISSUER,
    Statement.SELECT_HANDLES_BY_PROVENANCE: ISSUER,
    Statement.DELETE_SESSIONS: HANDLE,
    Statement.POSTPONE_SWEEPS: SWEEP,
    Statement.DELETE_EXPIRED_SESSIONS: SWEEP,
    Statement.DELETE_OLD_REVOCATIONS: "USING INDEX revocations_by_age (revoked_at<?)",
    Statement.REVOCATIONS_AFTER: "USING INTEGER PRIMARY KEY (rowid>?)",
    Statement.LOAD_SIGNING_KEYS: "USING PRIMARY KEY (app_id=?)",
    Statement.FIND_CLAIM: "USING PRIMARY KEY (app_id=? AND claim_id=?)",
    Statement.DELETE_CLAIMS: "USING INDEX claims_by_end (keep_until<?)",
    Statement.DUE_DELIVERIES: "USING INDEX deliveries_due (due_at<?)",
    Statement.SETTLE_DELIVERY: "USING INDEX sqlite_autoindex_deliveries_1 (delivery_id=?)",
    Statement.LEASE_DELIVERIES: "USING INDEX sqlite_autoindex_deliveries_1 (delivery_id=?)",
    Statement.DELETE_DELIVERIES: "USING INDEX deliveries_by_end (state=? AND settled_at<?)",
    Statement.HELD_SESSIONS: "USING INDEX deliveries_held (app_id=?)",
    Statement.RELEASE_DELIVERIES: "USING INDEX deliveries_held (app_id=? AND handle=?)",
    Statement.FIND_IDENTITY: "USING PRIMARY KEY (app_id=? AND subject_digest=?)",
    Statement.LIST_IDENTITIES: "USING INDEX identities_by_user (app_id=? AND user_id=?)",
    Statement.COUNT_ATTEMPTS: "USING PRIMARY KEY (app_id=?)",
    Statement.FOLD_ATTEMPTS: "USING PRIMARY KEY (app_id=? AND operation_id<?)",
    Statement.DELETE_FOLDED_ATTEMPTS: "USING PRIMARY KEY (app_id=? AND operation_id<?)",
    Statement.LOAD_ROLLOUTS: "USING PRIMARY KEY (app_id=?)",
    Statement.DELETE_BUCKETS: "USING INDEX limit_buckets_by_end (empty_at<?)",
    Statement.DELETE_SESSIONS_OF_APP: "USING INDEX sessions_by_tenant (app_id=?)",
    Statement.DELETE_SESSIONS_OF_TENANT: "USING INDEX sessions_by_tenant (app_id=? AND tenant_id=?)",
    Statement.DELETE_DELIVERIES_OF_APP: "USING INDEX deliveries_by_app (app_id=?)",
    Statement.LIST_REMOVED_APPS: "USING INDEX apps_removed (removed_at>?)",
    Statement.LIST_REMOVED_TENANTS: "USING INDEX tenants_removed (removed_at>?)",
    Statement.FIND_MAPPINGS: "USING INDEX sqlite_autoindex_user_id_mappings_2 (app_id=? AND external_id=?)",
    Statement.MAPPINGS_AMONG: "USING INDEX sqlite_autoindex_user_id_mappings_2 (app_id=? AND external_id=?)",
    Statement.HAS_SESSION: USER,
    Statement.LIST_DELIVERIES: "USING INDEX deliveries_by_state (state=?)",
}


@pytest.fixture
def connection(folder: Path) -> Iterator[sqlite3.Connection]:
    """On an empty file of the newest schema."""
    upgrade_schema(folder / "segue.sqlite3")
    opened = sqlite3.connect(folder / "segue.sqlite3")
    yield opened
    opened.close()


def plan(connection: sqlite3.Connection, statement: Statement) -> list[str]:
    """What SQLite would do, step by step."""
    text = load_statements("sqlite")[statement]
    parameters = [None] * text.count("?")
    for count in range(len(parameters) + 1):
        try:
            return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters[:count])]
        except sqlite3.ProgrammingError:
            continue
    raise AssertionError(f"no number of parameters fits {statement}")


@pytest.mark.parametrize("statement", list(Statement), ids=str)
def test_no_scan(connection: sqlite3.Connection, statement: Statement) -> None:
    """No statement reads a table from end to end, but for those that say why."""
    scans = [step for step in plan(connection, statement) if step.startswith("SCAN")]
    allowed = {
        "SCAN json_each VIRTUAL TABLE INDEX 1:",
        "SCAN given VIRTUAL TABLE INDEX 1:",
        "SCAN CONSTANT ROW",
        SCANS.get(statement, ""),
    }
    assert set(scans) <= allowed


@pytest.mark.parametrize("statement", sorted(set(Statement) - SORTS), ids=str)
def test_no_sort(connection: sqlite3.Connection, statement: Statement) -> None:
    """What is read in an order and up to a limit comes in that order from an index."""
    sorts = [step for step in plan(connection, statement) if step.startswith("USE TEMP B-TREE")]
    # What is equal in the first column may be sorted by the next one: sessions of one millisecond.
    assert not [step for step in sorts if "LAST TERM" not in step and "RIGHT PART" not in step]


@pytest.mark.parametrize(("statement", "index"), INDICES.items(), ids=str)
def test_index(connection: sqlite3.Connection, statement: Statement, index: str) -> None:
    """What is asked often is found by the index that was made for it, by all of its columns."""
    steps = [step.replace("COVERING ", "") for step in plan(connection, statement)]
    assert [step for step in steps if step.endswith(index)]


def test_every_table_of_apps_is_emptied(connection: sqlite3.Connection) -> None:
    """Whatever says to which app it belongs goes with its app; but the feed, which tells that it went."""
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    owned = {
        table
        for table in tables
        if "app_id" in {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    }
    texts = (text for name, text in load_statements("sqlite").items() if name.endswith("_of_app"))
    emptied = {text.split()[2] for text in texts}
    assert owned - emptied == {"apps", "revocations"}


def test_rotation_changes_no_index(connection: sqlite3.Connection) -> None:
    """Among millions of sessions, a rotation that moved an index entry would write five pages instead of one."""
    names = [row[1] for row in connection.execute("PRAGMA index_list(sessions)")]
    indexed = {row[2] for name in names for row in connection.execute(f"PRAGMA index_info({name})")}
    assert "sweep_at" in indexed
    changed = load_statements("sqlite")[Statement.ROTATE_FAMILY].split("WHERE")[0]
    assert not [column for column in indexed if f"{column} =" in changed]


def test_every_file_is_a_statement() -> None:
    """No statement lies in the folder that no operation uses."""
    folder = resources.files("segue.stores.sql") / "sqlite"
    names = {file.name for file in folder.iterdir() if file.name.endswith(".sql")}
    assert names == {f"{statement}.sql" for statement in Statement}
