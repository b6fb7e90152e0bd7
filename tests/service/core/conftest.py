"""The service on each store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.core.world import STORES, Core, Stores, world

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


NEED_NO_SERVER = ("test_hostile_input", "test_openapi", "test_transport")
"""Modules whose tests ask what happens before a store is asked, or ask very often."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On PostgreSQL too, but where it would tell nothing new."""
    if "core" in metafunc.fixturenames:
        small = metafunc.definition.path.stem in NEED_NO_SERVER
        metafunc.parametrize("core", [*STORES] if small else [*STORES, "postgres"], indirect=True)


@pytest.fixture
def core(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Core]:
    """A core without jitter, at an instant a quarter of a second past noon."""
    with world(_store(request), tmp_path) as made:
        yield made


def _store(request: pytest.FixtureRequest) -> Stores:
    if request.param != "postgres":
        return STORES[request.param]
    from segue.stores.postgres import AsyncPostgresStore  # noqa: PLC0415 - a driver, for this store alone

    address: str = request.getfixturevalue("postgres_database")
    return lambda _folder: AsyncPostgresStore(address, pool_size=2, upgrade=False)
