"""The PostgreSQL stores have the methods of the ports, with the same parameters and answers, and are made alike."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from segue.stores.postgres import AsyncPostgresStore, PostgresStore
from tests.stores.test_signatures import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("store", [PostgresStore, AsyncPostgresStore])
def test_methods(store: type, method: Callable[..., object]) -> None:
    """Each method is the port's, blocking or awaited."""
    own = getattr(store, method.__name__)
    assert inspect.signature(own) == inspect.signature(method)
    assert inspect.iscoroutinefunction(own) == (store is AsyncPostgresStore)


def test_constructors() -> None:
    """Both are made in the same way."""
    assert inspect.signature(PostgresStore) == inspect.signature(AsyncPostgresStore)
