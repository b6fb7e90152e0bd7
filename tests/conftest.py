"""What tests of more than one folder need. House rule: nothing is imported here that one test alone needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One for all tests."""
    from tests.support.postgres import started_server  # noqa: PLC0415 - a driver and a server, for few

    with started_server() as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> str:
    """Address of a database with our schema and nothing in it."""
    return postgres_server.clean_database()
