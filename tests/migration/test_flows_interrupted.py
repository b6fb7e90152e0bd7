"""Every order of two migrations, and every fault at every step: there is one session and one delivery, always."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from segue.errors import FetchFailed, KeysUnavailable, MigrationRefused, StoreUnavailable, Unavailable
from segue.migration.flows import Migrated, MigrationRequest
from segue.migration.key_sources import LiveKeys
from segue.migration.minting import MigrationResult
from segue.migration.provider import Provider
from segue.sessions.flows import refresh
from segue.tokens.refresh import digest_hash, hash_token
from tests.migration.issuer import ISSUER, token
from tests.migration.world import (
    CLIENT,
    LATER,
    STRANGER,
    World,
    interleave,
    issuance,
    mapped,
    refresh_text,
    request,
    revoking,
    run_with_fault,
    signed_in,
)


def live() -> Provider:
    """A provider with live keys and the application's own mapping: every kind of ask."""
    return revoking(keys=LiveKeys(issuer=ISSUER), map_user=mapped)


# --- every order -----------------------------------------------------------------------------------------------------

ORDERS = sorted(set(permutations("AAABBB")))
each_order = pytest.mark.parametrize("order", ORDERS, ids="".join)


def both(
    world: World, a: MigrationRequest, b: MigrationRequest, order: tuple[str, ...]
) -> list[Migrated | str]:
    """Two migrations at once."""
    ends = interleave({"A": world.flow(a, number=1), "B": world.flow(b, number=2)}, order, world.perform)
    return [ends["A"], ends["B"]]


def results(ends: list[Migrated | str]) -> list[str]:
    """What came of each, in one fixed order."""
    return sorted(end.result.value if isinstance(end, Migrated) else end for end in ends)


@each_order
@pytest.mark.parametrize("second", [token(), token(jti="token-2")], ids=["same token", "same sign-in"])
def test_t15_two_migrations_of_one_client(order: tuple[str, ...], second: str) -> None:
    """However two calls of one client interleave, both get the one session and the one refresh token (T15)."""
    world = World(providers=(revoking(map_user=mapped),))
    ends = both(world, request(), request(token=second), order)
    assert results(ends) == ["MIGRATED", "REPEATED"]
    assert len(world.sessions()) == len(world.deliveries()) == 1
    migrated = [end for end in ends if isinstance(end, Migrated)]
    assert {end.handle for end in migrated} == {world.sessions()[0].handle}
    assert len({refresh_text(end) for end in migrated}) == 1


@each_order
@pytest.mark.parametrize(
    "keys", [(CLIENT, STRANGER), (None, None), (CLIENT, None)], ids=["two clients", "no keys", "one key"]
)
def test_t15_two_migrations_of_two_clients(order: tuple[str, ...], keys: tuple[Any, Any]) -> None:
    """However two clients interleave, one gets the session and the other a final refusal (T15)."""
    world = World(providers=(revoking(map_user=mapped),))
    ends = both(world, request(client_key=keys[0]), request(client_key=keys[1]), order)
    assert results(ends) == ["ALREADY_MIGRATED", "MIGRATED"]
    assert len(world.sessions()) == len(world.deliveries()) == 1


@each_order
def test_two_sign_ins_of_one_user(order: tuple[str, ...]) -> None:
    """Two devices of one user have a sign-in each and get a session each, in any order."""
    world = World(providers=(revoking(map_user=mapped),))
    ends = both(world, request(), request(token=token(sid="sign-in-2")), order)
    assert results(ends) == ["MIGRATED", "MIGRATED"]
    assert len(world.sessions()) == len(world.deliveries()) == 2


@each_order
def test_migration_and_refresh_of_its_session(order: tuple[str, ...]) -> None:
    """A retry against the first refresh: it gets the token before or after it, or a refusal; the family stays whole."""
    world = World()
    first = world.migrate()
    renewing: Any = refresh(refresh_text(first), issuance(now=LATER))
    ends: dict[str, Any] = interleave(
        {"A": world.flow(request(), number=2, by=issuance(now=LATER)), "B": renewing}, order, world.perform
    )
    current = world.session(first.handle).family.current
    assert ends["B"].refresh.digest == current
    assert ends["A"].issued.refresh.digest in {current, digest_hash(hash_token(refresh_text(first)))}
    again = world.drive(refresh(refresh_text(ends["A"]), issuance(now=LATER)))
    assert again.session.handle == first.handle


# --- every fault -----------------------------------------------------------------------------------------------------

STEPS = ["discovery", "jwks", "map_user", "claim_and_create"]
FAULTY = [
    pytest.param(done, stopped, id=f"{'stopped' if stopped else 'raises'} {'after' if done else 'before'}")
    for stopped in (False, True)
    for done in (False, True)
]


@pytest.mark.parametrize("at", range(4), ids=STEPS)
@pytest.mark.parametrize(("done", "stopped"), FAULTY)
def test_t26_half_finished_migration(at: int, done: bool, stopped: bool) -> None:
    """Whatever fails wherever, the same client's retry has the session: one session, one delivery (T26)."""
    world = World(providers=(live(),))
    error = run_with_fault(world.flow(request()), world.perform, at=at, done=done, stopped=stopped)
    assert error is None if stopped else isinstance(error, Unavailable)
    committed = at == 3 and done
    assert len(world.sessions()) == len(world.deliveries()) == int(committed)
    again = world.migrate(number=2, by=issuance(now=LATER))
    assert again.result is (MigrationResult.REPEATED if committed else MigrationResult.MIGRATED)
    assert [session.handle for session in world.sessions()] == [again.handle]
    assert [delivery.handle for delivery in world.deliveries()] == [again.handle]
    renewed = world.drive(refresh(refresh_text(again), issuance(now=LATER)))
    assert renewed.session.handle == again.handle


@pytest.mark.parametrize("at", range(3), ids=["map_user", "claim_and_create", "load_session"])
@pytest.mark.parametrize(("done", "stopped"), FAULTY)
def test_t26_half_finished_retry(at: int, done: bool, stopped: bool) -> None:
    """A retry may fail at each of its steps as well; the next one has the same session (T26)."""
    world = World(providers=(revoking(map_user=mapped),))
    first = world.migrate()
    run_with_fault(world.flow(request(), number=2), world.perform, at=at, done=done, stopped=stopped)
    again = world.migrate(number=3)
    assert (again.result, refresh_text(again)) == (MigrationResult.REPEATED, refresh_text(first))
    assert len(world.sessions()) == len(world.deliveries()) == 1


@pytest.mark.parametrize("at", range(2), ids=["load_session", "claim_and_create"])
@pytest.mark.parametrize(("done", "stopped"), FAULTY)
def test_t26_half_finished_for_a_session_that_is_there(at: int, done: bool, stopped: bool) -> None:
    """The same holds where a session is there already: it stays, and the old one is ended once (T26)."""
    world = World(providers=(revoking(),))
    made = request(present_session=signed_in(world, "alice"))
    run_with_fault(world.flow(made), world.perform, at=at, done=done, stopped=stopped)
    assert world.migrate(made, number=2).result is MigrationResult.ALREADY
    assert not world.sessions()
    assert len(world.deliveries()) == 1


def test_provider_down_with_cold_keys() -> None:
    """Without keys and without an answer the caller is told to try again, and does when the provider is back."""
    world = World(providers=(live(),))
    world.issuer.down = True
    with world.nothing_written(), pytest.raises(KeysUnavailable) as refused:
        world.migrate()
    assert isinstance(refused.value.__cause__, FetchFailed)
    world.issuer.down = False
    assert world.migrate(by=issuance(now=LATER)).result is MigrationResult.MIGRATED


def test_store_down() -> None:
    """A store that does not answer is told as such, with its cause, and is no refusal of the user."""
    error = run_with_fault(World().flow(request()), World().perform, at=0, done=False, stopped=False)
    assert isinstance(error, StoreUnavailable)
    assert not isinstance(error, MigrationRefused)
