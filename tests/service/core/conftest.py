"""The service on each store that needs no server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.core.world import STORES, Core, world

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture(params=STORES)
def core(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Core]:
    """A core without jitter, at an instant a quarter of a second past noon."""
    with world(STORES[request.param], tmp_path) as made:
        yield made
