"""Clean-up that waits for nobody, and looks at a session again only when it could be over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest
from msgspec.structs import replace

from segue.ids import PUBLIC_APP
from segue.sessions.model import ByUser
from segue.stores.contract.examples import (
    DAY,
    MOMENT,
    NOW,
    claim,
    digest,
    handle,
    rotation,
    session,
    sign_out,
)
from segue.stores.postgres import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator

LATER = NOW + 10 * DAY
HOUR = timedelta(hours=1)


@pytest.fixture
def store(postgres_database: str) -> Iterator[PostgresStore]:
    """An empty one, that soon gives up."""
    with PostgresStore(postgres_database, statement_timeout=timedelta(seconds=2)) as made:
        yield made


@pytest.fixture
def other(postgres_database: str) -> Iterator[psycopg.Connection]:
    """Another program's connection."""
    with psycopg.connect(postgres_database) as connection:
        yield connection
        connection.rollback()


def test_rows_that_others_hold(store: PostgresStore, other: psycopg.Connection) -> None:
    """What another transaction holds is passed over and goes the next time; the others go now."""
    for number in range(1, 4):
        store.claim_and_create(claim(number, keep_until=NOW), session(number), ())
        sign_out(store, ByUser(user_id=session(1).user_id))
    for number in range(1, 4):
        store.create_session(session(number))
    other.execute("SELECT 1 FROM segue.sessions WHERE handle = %s FOR UPDATE", [handle(2)])
    other.execute("SELECT 1 FROM segue.revocations WHERE handle = %s FOR UPDATE", [handle(2)])
    other.execute("SELECT 1 FROM segue.claims WHERE handle = %s FOR UPDATE", [handle(2)])
    assert store.delete_expired(at=LATER, revocations_before=LATER, limit=10) == 4
    assert store.delete_claims(kept_until_before=LATER, limit=10) == 2
    assert store.load_session(PUBLIC_APP, handle(2)) == session(2)
    other.rollback()
    assert store.delete_expired(at=LATER, revocations_before=LATER, limit=10) == 2
    assert store.delete_claims(kept_until_before=LATER, limit=10) == 1


def test_refreshed_meanwhile(store: PostgresStore) -> None:
    """A session that was refreshed lives on, is not in the way of those that are over, and goes at its own end."""
    for number in range(1, 9):
        store.create_session(session(number))
    for number in range(1, 7):
        assert store.rotate_family(rotation(number, 1, at=NOW + number * HOUR))
    assert store.delete_expired(at=NOW + DAY, revocations_before=NOW, limit=2) == 2
    assert [store.load_session(PUBLIC_APP, handle(number)) is not None for number in range(1, 9)] == [
        True
    ] * 6 + [False] * 2
    assert store.delete_expired(at=NOW + DAY + 3 * HOUR - MOMENT, revocations_before=NOW, limit=10) == 2
    assert store.delete_expired(at=NOW + DAY + 3 * HOUR, revocations_before=NOW, limit=10) == 1
    assert store.delete_expired(at=LATER, revocations_before=NOW, limit=10) == 3


def test_end_that_comes_earlier(store: PostgresStore) -> None:
    """A session whose end was moved forward goes at the new end."""
    store.create_session(session(1, lifetime=5 * DAY))
    assert store.replace_family(replace(session(1), expires_at=NOW + HOUR), if_current=digest("1/0"))
    assert store.delete_expired(at=NOW + HOUR - MOMENT, revocations_before=NOW, limit=10) == 0
    assert store.delete_expired(at=NOW + HOUR, revocations_before=NOW, limit=10) == 1


def test_nothing_to_delete(store: PostgresStore) -> None:
    """With a limit of nothing, nothing goes."""
    store.create_session(session(1))
    assert store.delete_expired(at=LATER, revocations_before=LATER, limit=0) == 0
