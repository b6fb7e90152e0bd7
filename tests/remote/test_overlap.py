"""Old or new with sessions in a remote core: the grace, the end of it, and a migration that broke off."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue.errors import AlreadyMigrated
from segue.ids import PUBLIC_APP
from segue.migration.credential import BearerToken
from segue.migration.overlap import GRACE, Accepted, accept
from segue.migration.trail import Trail
from segue.migration.verifying import Migration
from segue.remote.minting import is_settled
from segue.sessions.model import ByHandle
from tests.migration.issuer import NOW, token
from tests.remote.migrating import CoreWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

SOON = NOW + timedelta(seconds=10)


@pytest.fixture
def world() -> Iterator[CoreWorld]:
    """A deployment whose sessions live in a core."""
    made = CoreWorld()
    yield made
    made.wire.close()


def accepted(world: CoreWorld, *, now: datetime = SOON) -> Accepted:
    """Alice's old token, that is to speak for her."""
    return world.drive(
        accept(
            BearerToken(text=token()),
            Migration(providers=world.providers, key_caches={}, version="test"),
            app_id=PUBLIC_APP,
            sessions=world.at(now),
            is_settled=is_settled,
            now=now,
            trail=Trail(migrating=False),
        )
    )


def test_t8_old_token_after_migration(world: CoreWorld) -> None:
    """While the session at the core lives the old token is taken for the grace, and not after it (T8)."""
    world.migrate()
    assert accepted(world).moved
    with pytest.raises(AlreadyMigrated):
        accepted(world, now=NOW + GRACE)


def test_t9_old_token_after_sign_out(world: CoreWorld) -> None:
    """Signed out at the core, the old token is dead at once (T9)."""
    migrated = world.migrate()
    world.drive(world.at(SOON).revoke(ByHandle(handles=(migrated.handle,))))
    with pytest.raises(AlreadyMigrated):
        accepted(world)


def test_migration_that_broke_off(world: CoreWorld) -> None:
    """A claim for which no session was ever handed out does not lock its user out, however late it is."""
    world.interrupted(world.flow(), at=0, done=True, stopped=True)
    (claim,) = world.claims()
    assert not is_settled(claim)
    for now in (SOON, NOW + 10 * GRACE):
        assert not accepted(world, now=now).moved
