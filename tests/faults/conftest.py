"""Stores that are shared by processes of their own, and a PostgreSQL server that may be broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.postgres import started_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.postgres import PostgresServer


@pytest.fixture(scope="session")
def mortal_postgres() -> Iterator[PostgresServer]:
    """One that no other test uses, because it is restarted here."""
    with started_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def store_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty store that several processes may share."""
    if request.param == "sqlite":
        return str(tmp_path / "app.sqlite3")
    server: PostgresServer = request.getfixturevalue("mortal_postgres")
    return server.dsn(server.new_database())
