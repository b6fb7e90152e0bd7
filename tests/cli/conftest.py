"""The old provider, shared by all tests of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.world import SITE, Deployment, deploy, old_provider

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture(scope="session")
def issuer() -> Generator[str]:
    """The issuer of an old provider that answers."""
    with old_provider(SITE) as running:
        yield running


@pytest.fixture
def deployment(tmp_path: Path, issuer: str) -> Deployment:
    """A fresh folder with a settings file."""
    return deploy(tmp_path, issuer)
