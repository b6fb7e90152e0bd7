"""Whatever is done to them, the PostgreSQL stores and the memory store say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from segue.stores.contract import Store, blocking
from segue.stores.postgres import AsyncPostgresStore, PostgresStore
from tests.stores.test_stores_agree import Twins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import PostgresServer

SETTINGS = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(params=[PostgresStore, AsyncPostgresStore])
def store(request: pytest.FixtureRequest, postgres_database: str) -> Iterator[Store]:
    """One that every example finds empty."""
    if request.param is PostgresStore:
        with PostgresStore(postgres_database) as made:
            yield made
    else:
        with blocking(lambda: AsyncPostgresStore(postgres_database)) as seen_as_blocking:
            yield seen_as_blocking


@pytest.mark.processes
def test_twins(postgres_server: PostgresServer, store: Store) -> None:
    """Every operation on a store and on the memory store has the same answer."""

    class EmptyTwins(Twins):
        def __init__(self) -> None:
            postgres_server.clean_database()
            super().__init__(store)

    run_state_machine_as_test(EmptyTwins, settings=SETTINGS)
