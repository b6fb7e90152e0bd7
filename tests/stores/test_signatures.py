"""Every store has the methods of the ports, with the same parameters and answers, blocking or awaited."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from segue.core.ports import AppStore, Removals, UserIdMappings, Users
from segue.migration.ports import AttemptLog, Identities, Ledger, Limiter, Outbox, Rollouts
from segue.sessions.ports import SessionIndex, SessionStore, SigningKeyStore
from segue.stores.memory import AsyncMemoryStore, MemoryStore
from segue.stores.ports import AsyncStore, Store
from segue.stores.sqlite import AsyncSqliteStore, SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable

PORTS = (
    SessionStore,
    SessionIndex,
    SigningKeyStore,
    Ledger,
    Outbox,
    Identities,
    AttemptLog,
    Rollouts,
    Limiter,
    AppStore,
    Removals,
    UserIdMappings,
    Users,
)
METHODS = [
    pytest.param(method, id=f"{port.__name__}.{name}")
    for port in PORTS
    for name, method in vars(port).items()
    if inspect.isfunction(method) and not name.startswith("_")
]


def test_the_ports_are_known() -> None:
    """The list of methods below is not empty by mistake."""
    assert len(METHODS) == 59


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("store", [MemoryStore, SqliteStore, Store])
def test_blocking(store: type, method: Callable[..., object]) -> None:
    """A blocking store's method is the port's."""
    own = getattr(store, method.__name__)
    assert inspect.signature(own) == inspect.signature(method)
    assert not inspect.iscoroutinefunction(own)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("store", [AsyncMemoryStore, AsyncSqliteStore, AsyncStore])
def test_awaited(store: type, method: Callable[..., object]) -> None:
    """An asynchronous store's method is the port's, awaited."""
    own = getattr(store, method.__name__)
    assert inspect.signature(own) == inspect.signature(method)
    assert inspect.iscoroutinefunction(own)


def test_constructors_of_the_sqlite_stores() -> None:
    """Both SQLite stores are made in the same way."""
    assert inspect.signature(SqliteStore) == inspect.signature(AsyncSqliteStore)
