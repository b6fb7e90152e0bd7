"""Migration onto a remote core: once, whatever order two attempts take and whoever dies where."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from segue.errors import AlreadyMigrated, Contended, OtherUserSignedIn, SessionError, Unavailable
from segue.ids import SessionHandle
from segue.migration.flows import Migrated
from segue.migration.minting import MigrationResult
from segue.sessions.model import ByHandle
from tests.migration.issuer import NOW, seconds, token
from tests.migration.world import CLIENT, STRANGER, mapped, request, revoking
from tests.remote.migrating import CoreWorld
from tests.sessions.scene import every_order

if TYPE_CHECKING:
    from collections.abc import Generator

LATER = NOW + timedelta(minutes=1)
EVEN_LATER = NOW + timedelta(minutes=2)
LASTING = token(exp=seconds(NOW + timedelta(hours=1)))
"""Of the same sign-in, and good for longer than clients may try again."""
FAULTY = [
    pytest.param(done, stopped, id=f"{'stopped' if stopped else 'raises'} {'after' if done else 'before'}")
    for stopped in (False, True)
    for done in (False, True)
]
every_fault = pytest.mark.parametrize(("done", "stopped"), FAULTY)


@pytest.fixture
def world() -> Generator[CoreWorld]:
    """A deployment on a core."""
    made = CoreWorld()
    yield made
    made.wire.close()


@pytest.fixture(params=["5.6", "5.4"])
def either(request: pytest.FixtureRequest) -> Generator[CoreWorld]:
    """A deployment on a core of either rotation."""
    made = CoreWorld(request.param)
    yield made
    made.wire.close()


def assert_one(world: CoreWorld, migrated: Migrated) -> None:
    """There is one session, the ledger names it, one delivery is about it, and its tokens work."""
    assert world.handles() == [migrated.handle]
    assert [claim.handle for claim in world.claims()] == [migrated.handle]
    assert len(world.deliveries()) == 1
    assert world.works(migrated)


def assert_refused(world: CoreWorld, **changes: Any) -> None:
    """Somebody else gets nothing, now and later."""
    for now in (LATER, EVEN_LATER):
        with pytest.raises(AlreadyMigrated):
            world.migrate(request(client_key=STRANGER, **changes), now=now)


def test_migrated(either: CoreWorld) -> None:
    """The session is made at the core, with origin and end; ledger and outbox name it."""
    migrated = either.migrate()
    assert migrated.result is MigrationResult.MIGRATED
    assert either.asked == ["claim_and_create", "exchange", "settle_claim"]
    assert_one(either, migrated)
    (session,) = either.sessions()
    assert session.provenance is not None
    assert session.provenance.claim_id == either.claims()[0].claim_id
    assert session.absolute_expires_at is not None
    assert [delivery.handle for delivery in either.deliveries()] == [migrated.handle]
    assert_refused(either)


def test_lost_answer(either: CoreWorld) -> None:
    """The same client gets a session that works, in the place of the first; the time for that does not slide."""
    first = either.migrate()
    again = either.migrate(now=LATER)
    assert again.result is MigrationResult.REPEATED
    assert again.handle != first.handle
    assert not either.works(first)
    assert_one(either, again)
    assert either.claims()[0].claimed_at == NOW
    with pytest.raises(AlreadyMigrated):
        either.migrate(request(token=LASTING), now=NOW + timedelta(minutes=10))


def test_answer_that_is_on_its_way(world: CoreWorld) -> None:
    """A second call right after the first must not take away the session whose tokens are about to arrive."""
    first = world.migrate()
    with pytest.raises(Contended):
        world.migrate(now=NOW + timedelta(seconds=4))
    assert_one(world, first)


def test_retry_after_the_session_ended(world: CoreWorld) -> None:
    """Who was signed out is not signed in by a repeated call."""
    first = world.migrate()
    world.drive(world.at(NOW).revoke(ByHandle(handles=(first.handle,))))
    with pytest.raises(AlreadyMigrated):
        world.migrate(now=LATER)
    assert world.handles() == []


def test_retry_without_a_key(world: CoreWorld) -> None:
    """Without an Idempotency-Key nobody can show that he was the first."""
    world.migrate(request(client_key=None))
    for key in (None, CLIENT):
        with pytest.raises(AlreadyMigrated):
            world.migrate(request(client_key=key), now=LATER)


def test_another_user_than_before(world: CoreWorld) -> None:
    """An identity whose user has changed does not take over the claim."""
    world.providers = (revoking(map_user=mapped),)
    world.users.answer = lambda _: "alice"
    world.interrupted(world.flow(), at=2, done=True, stopped=True)
    world.users.answer = lambda _: "bob"
    with pytest.raises(AlreadyMigrated):
        world.migrate(now=LATER)


# --- every fault -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(3), ids=["claim", "make", "settle"])
@every_fault
def test_half_finished(either: CoreWorld, at: int, done: bool, stopped: bool) -> None:
    """Whatever fails wherever, the same client's next attempt ends with one session, and nobody else's does (T26)."""
    ended = either.interrupted(either.flow(), at=at, done=done, stopped=stopped)
    assert ended is None if stopped else isinstance(ended, Unavailable)
    claimed = at > 0 or done
    if claimed:
        assert_refused(either)
    again = either.migrate(now=LATER)
    settled = at == 2 and done
    assert again.result is (MigrationResult.REPEATED if settled else MigrationResult.MIGRATED)
    assert_one(either, again)
    assert_refused(either)


@every_fault
@pytest.mark.parametrize("at", range(10))
def test_half_finished_retry(world: CoreWorld, at: int, done: bool, stopped: bool) -> None:
    """A retry may fail at each of its steps as well; the next one ends with one session."""
    world.interrupted(world.flow(), at=1, done=True, stopped=True)  # leaves a session without a claim behind
    world.interrupted(world.flow(now=LATER), at=at, done=done, stopped=stopped)
    assert_one(world, world.migrate(now=EVEN_LATER))
    assert_refused(world)


@every_fault
@pytest.mark.parametrize("at", range(10))
def test_half_finished_repetition(world: CoreWorld, at: int, done: bool, stopped: bool) -> None:
    """So may one whose first answer was lost."""
    world.migrate()
    world.interrupted(world.flow(now=LATER), at=at, done=done, stopped=stopped)
    assert_one(world, world.migrate(now=EVEN_LATER))
    assert_refused(world)


def test_nobody_had_the_session(world: CoreWorld) -> None:
    """A claim that was never settled binds no client that gave no key: nobody was given anything for it."""
    world.interrupted(world.flow(request(client_key=None)), at=1, done=True, stopped=True)
    migrated = world.migrate(request(client_key=STRANGER), now=LATER)
    assert migrated.result is MigrationResult.MIGRATED
    assert_one(world, migrated)
    with pytest.raises(AlreadyMigrated):
        world.migrate(request(client_key=None), now=EVEN_LATER)


def test_long_outage_between(world: CoreWorld) -> None:
    """However long the core was away after the claim, the same client has its session in the end."""
    world.interrupted(world.flow(), at=1, done=False, stopped=False)
    assert_one(world, world.migrate(request(token=LASTING), now=NOW + timedelta(minutes=30)))


# --- every order -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [CLIENT, STRANGER], ids=["same client", "another client"])
@pytest.mark.parametrize("second", [NOW, LATER], ids=["at once", "a minute later"])
def test_two_at_once(key: Any, second: Any) -> None:
    """However two attempts interleave, whoever was given tokens last has the one session, and the other can know."""
    worlds: list[CoreWorld] = []
    numbers = count()

    def begin() -> Any:
        world = CoreWorld()
        worlds.append(world)
        next(numbers)
        flows = {"A": world.flow(), "B": world.flow(request(client_key=key), now=second)}
        return flows, world.perform

    for order, ends in every_order(begin):
        world = worlds[-1]
        given = [end for end in ends.values() if isinstance(end, Migrated)]
        errors = [end for end in ends.values() if not isinstance(end, Migrated)]
        assert all(isinstance(error, Contended | AlreadyMigrated) for error in errors), (order, ends)
        assert given, (order, ends)
        alive = [end for end in given if world.works(end)]
        assert len(alive) == 1, (order, ends)
        assert_one(world, alive[0])
        if key is STRANGER:
            assert len(given) == 1, (order, ends)
        world.wire.close()
    assert next(numbers) > 5


# --- the session that is there already -------------------------------------------------------------------------------


def holding(handle: SessionHandle) -> Any:
    """A request from a browser that has this session."""
    return request(present_session=handle)


def test_session_that_is_there(world: CoreWorld) -> None:
    """The browser keeps it; the claim is its, and the old session is ended."""
    present = world.sign_in("alice").session.handle
    migrated = world.migrate(holding(present))
    assert (migrated.result, migrated.issued) == (MigrationResult.ALREADY, None)
    assert world.handles() == [present]
    assert [claim.handle for claim in world.claims()] == [present]
    assert len(world.deliveries()) == 1
    assert world.migrate(holding(present), now=LATER).result is MigrationResult.ALREADY
    assert len(world.deliveries()) == 1


def test_session_of_another_user(world: CoreWorld) -> None:
    """It is never replaced silently."""
    with pytest.raises(OtherUserSignedIn):
        world.migrate(holding(world.sign_in("bob").session.handle))
    assert world.claims() == []


@every_fault
@pytest.mark.parametrize("at", range(10))
def test_half_finished_before_another_sign_in(world: CoreWorld, at: int, done: bool, stopped: bool) -> None:
    """After an attempt that never ended the user signed in otherwise: that session stays, the old one is ended once."""
    world.interrupted(world.flow(), at=1, done=True, stopped=True)
    present = world.sign_in("alice").session.handle
    world.interrupted(world.flow(holding(present), now=LATER), at=at, done=done, stopped=stopped)
    assert world.migrate(holding(present), now=EVEN_LATER).result is MigrationResult.ALREADY
    assert world.handles() == [present]
    assert len(world.deliveries()) == 1


def test_errors_are_told() -> None:
    """A core that does not answer is an outage, with the claim kept for the same client."""
    world = CoreWorld()
    world.wire.inner.broken = True
    with pytest.raises(SessionError, match="CORE_UNAVAILABLE"):
        world.migrate()
    world.wire.inner.broken = False
    assert_one(world, world.migrate(now=LATER))
    world.wire.close()
