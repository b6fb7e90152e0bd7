"""What importing a PostgreSQL store brings along."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("store", "driver", "other"),
    [("PostgresStore", "psycopg", "asyncpg"), ("AsyncPostgresStore", "asyncpg", "psycopg")],
)
def test_one_driver(store: str, driver: str, other: str) -> None:
    """Importing one of the two stores imports its driver and not the other's."""
    program = f"import sys; from segue.stores.postgres import {store}; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    imported = told.stdout.split()
    assert driver in imported
    assert other not in imported


def test_unknown_name() -> None:
    """A name that is not there is refused in the usual way."""
    program = "from segue.stores.postgres import PostgresStorage"
    told = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert "ImportError: cannot import name 'PostgresStorage'" in told.stderr
