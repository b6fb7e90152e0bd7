"""
The statements of PostgreSQL, and the operations that are one statement here and several elsewhere.

House rule: a parameter is a value or a list of values, never a piece of SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum, auto
from typing import Protocol, TypeAlias

from segue.stores.sql.statements import Row, SqlValue, Statement, load_texts

Parameter: TypeAlias = SqlValue | list[SqlValue]


class PostgresStatement(StrEnum):
    """Those that only this database has; the value is the name of the file."""

    CREATE_SESSIONS = auto()
    LOAD_SESSIONS = auto()
    ROTATE_FAMILIES = auto()
    SWEEP_SESSIONS = auto()
    CLAIM_AND_CREATE = auto()
    TAKE_DELIVERIES = auto()
    ADD_ATTEMPTS = auto()
    LOCK_SIGNING_KEYS = auto()
    LOCK_MAPPINGS = auto()
    SEARCH_IN_ORDER = auto()

    LOCK_SCHEMA = auto()
    SCHEMA_TABLES = auto()
    SCHEMA_VERSION = auto()
    ADD_SCHEMA_VERSION = auto()


AnyStatement: TypeAlias = Statement | PostgresStatement

TEXTS = load_texts("postgres")
"""By name: `TEXTS[Statement.LOAD_SESSION]`."""


class PostgresStatements(Protocol):
    """As `segue.stores.sql.statements.Statements`, with lists for parameters."""

    def execute(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        """
        Run one statement, which is a transaction by itself unless one was begun; the rows it returns.

        Raises:
            StoreUnavailable: the database refused or does not answer.
            ValueError: a text or number that PostgreSQL cannot keep.
        """
        ...
