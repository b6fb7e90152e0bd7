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
}
SORTS = {
    # Sorted after they were found by an index: as many as one user, tenant or issuer has.
    Statement.LIST_SESSIONS_BY_HANDLE,
    Statement.LIST_SESSIONS_BY_USER,
    Statement.LIST_SESSIONS_BY_TENANT,
    Statement.LIST_SESSIONS_BY_PROVENANCE,
    Statement.LOAD_SIGNING_KEYS,
    Statement.ADD_SIGNING_KEY,
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
    allowed = {"SCAN json_each VIRTUAL TABLE INDEX 1:", "SCAN CONSTANT ROW", SCANS.get(statement, "")}
    assert set(scans) <= allowed


@pytest.mark.parametrize("statement", sorted(set(Statement) - SORTS), ids=str)
def test_no_sort(connection: sqlite3.Connection, statement: Statement) -> None:
    """What is read in an order and up to a limit comes in that order from an index."""
    sorts = [step for step in plan(connection, statement) if step.startswith("USE TEMP B-TREE")]
    assert not [step for step in sorts if "LAST TERM" not in step.upper()]


def test_every_file_is_a_statement() -> None:
    """No statement lies in the folder that no operation uses."""
    folder = resources.files("segue.stores.sql") / "sqlite"
    names = {file.name for file in folder.iterdir() if file.name.endswith(".sql")}
    assert names == {f"{statement}.sql" for statement in Statement}
