"""
Compares what a store holds with what clients were told: the judge of the fault tests.

Over HTTP a lost rotation would go unseen, because a token that is newer than the store's newest is promoted and the
gap closes. So the store itself is read, right after a fault and before anybody can mend anything. House rule: what was
acknowledged is there; what is there beyond that was asked for.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segue.ids import PUBLIC_APP, SessionHandle, UserId
from segue.migration.model import DeliveryState
from segue.sessions.model import ByHandle, ByUser, Session
from segue.stores.postgres import PostgresStore
from segue.stores.sqlite import SqliteStore
from tests.faults.journal import End, Journal, Life

if TYPE_CHECKING:
    from segue.stores.ports import Store

MANY = 1_000_000


@contextmanager
def opened(address: str) -> Generator[Store]:
    """The store, beside the servers that use it."""
    postgres = "://" in address
    with PostgresStore(address, pool_size=1) if postgres else SqliteStore(address) as store:
        yield store


@contextmanager
def left_behind(address: str) -> Generator[Store]:
    """
    The store after the only server was killed.

    Of an SQLite file a copy, so that the next server finds the file as the killed one left it.
    """
    if "://" in address:
        with opened(address) as store:
            yield store
        return
    left = Path(address)
    with tempfile.TemporaryDirectory() as name:
        for path in left.parent.glob(f"{left.name}*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, name)
        with opened(str(Path(name) / left.name)) as store:
            yield store


def judge_store(store: Store, journal: Journal, *, now: datetime) -> list[str]:
    """Everything in the store that contradicts the journal; nothing may be acknowledged meanwhile."""
    handles = tuple(life.handle for life in journal.lives)
    found = {
        each.handle: each
        for each in store.list_sessions(PUBLIC_APP, ByHandle(handles=handles), at=now, limit=MANY)
    }
    wrong = [text for life in journal.lives for text in judge_life(life, found.get(life.handle))]
    return wrong + judge_migrations(store, journal, found, now=now)


def judge_life(life: Life, stored: Session | None) -> list[str]:
    """What contradicts the client of one session."""
    if stored is None:
        return [f"{life.handle} is gone"] if life.end is End.LIVING else []
    if life.end is End.ENDED:
        return [f"{life.handle} is back although its end was acknowledged"]
    known, family = life.digests, stored.family
    newest = len(known) - 1
    if stored.user_id != life.user:
        return [f"{life.handle} has another user"]
    if family.generation == newest:
        right = family.current == known[-1]
    else:  # a rotation that was asked for and whose answer was lost
        right = family.generation == newest + 1 and family.previous == known[-1]
    return [] if right else [f"{life.handle} is at rotation {family.generation}, acknowledged was {newest}"]


def judge_migrations(
    store: Store, journal: Journal, found: dict[SessionHandle, Session], *, now: datetime
) -> list[str]:
    """What contradicts once-only migration and the outbox."""
    queued = {
        delivery.handle
        for state in (DeliveryState.PENDING, DeliveryState.DONE)
        for delivery in store.list_deliveries(state=state, limit=MANY)
    }
    wrong: list[str] = []
    for life in journal.lives:
        if life.old_token is None:
            continue
        if life.handle not in queued:
            wrong.append(f"{life.handle} was migrated without a row in the outbox")
        stored = found.get(life.handle)
        if stored is not None and not _claimed(store, stored):
            wrong.append(f"{life.handle} was migrated without a claim")
    for user in journal.migrating:
        made = store.list_sessions(PUBLIC_APP, ByUser(user_id=UserId(user)), at=now, limit=MANY)
        if len(made) > 1:
            wrong.append(f"{len(made)} sessions of the one sign-in of {user}")
    return wrong


def _claimed(store: Store, session: Session) -> bool:
    origin = session.provenance
    claim = None if origin is None else store.find_claim(PUBLIC_APP, origin.claim_id)
    return claim is not None and claim.handle == session.handle
