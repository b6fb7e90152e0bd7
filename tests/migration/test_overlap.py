"""Whether an old credential speaks for its user, beside sessions of ours: every rule, every fault, every order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from segue.errors import (
    AlreadyMigrated,
    ClaimsRefused,
    Contended,
    MigrationClosed,
    SessionError,
    SignatureRefused,
    SignInRevoked,
    SignInTooOld,
    TokenExpired,
    Unavailable,
    UserBlocked,
)
from segue.flow import Flow
from segue.ids import PUBLIC_APP, UserId
from segue.migration.credential import BearerToken
from segue.migration.key_sources import LiveKeys
from segue.migration.mapping import ImportedTable
from segue.migration.model import Claim, Identity
from segue.migration.overlap import GRACE, Accepted, accept
from segue.migration.rollout import OFF, SHADOW, Mode, Rollout
from segue.migration.trail import Trail
from segue.migration.user_state import Standing
from segue.sessions.flows import revoke
from segue.sessions.local import LocalSessions
from tests.migration.issuer import ISSUER, NOW, claims, key, provider, seconds, signed, token, welcome
from tests.migration.world import World, issuance, mapped, random_bytes, run_with_fault

SECOND = timedelta(seconds=1)


def settled(_claim: Claim) -> bool:
    """In our own store a claim has its session."""
    return True


def unsettled(_claim: Claim) -> bool:
    """Its attempt broke off."""
    return False


def never(_identity: Identity) -> None:
    """The provider has no cut-off."""


def accepting(
    world: World, text: str | None = None, *, now: datetime = NOW, is_settled: Any = settled
) -> Flow[Accepted]:
    """An old credential that is to speak for its user; alice's unless told."""
    return accept(
        BearerToken(text=token() if text is None else text),
        world.migration,
        app_id=PUBLIC_APP,
        sessions=LocalSessions(issuance(now=now), draw=random_bytes),
        is_settled=is_settled,
        now=now,
        trail=Trail(migrating=False),
    )


def test_accepted() -> None:
    """A good token speaks for its mapped user; nothing is written, and the sign-in may still be migrated."""
    world = World(providers=(provider(map_user=mapped),))
    with world.nothing_written():
        accepted = world.drive(accepting(world))
    assert (accepted.user_id, accepted.moved, accepted.included) == ("user-of-alice", False, True)
    assert world.asked == ["find_claim", "map_user"]
    assert world.migrate().result.value == "MIGRATED"


@pytest.mark.parametrize(
    ("rules", "text", "refusal"),
    [
        ({}, token(exp=seconds(NOW) - 60), TokenExpired),
        ({}, token(iss="https://stranger.example"), ClaimsRefused),
        ({}, signed(claims(), private=key("https://stranger.example")), SignatureRefused),
        ({"deadline": NOW}, token(), MigrationClosed),
        ({"session_lifetime": timedelta(hours=1)}, token(), SignInTooOld),
        ({"sign_ins_since": NOW}, token(), SignInRevoked),
    ],
    ids=["expired", "issuer", "signature", "deadline passed", "sign-in too old", "sign-ins void"],
)
def test_refused(rules: dict[str, Any], text: str, refusal: type[SessionError]) -> None:
    """The rules of a migration hold, the deadline among them: it closes this door as well (T17, T25)."""
    world = World(providers=(provider(**rules),))
    with pytest.raises(refusal):
        world.drive(accepting(world, text))


def test_t12_user_blocked() -> None:
    """The application's own word counts for each request (T12)."""
    world = World(providers=(provider(check_user=welcome),))
    assert world.drive(accepting(world)).user_id == "alice"
    world.users.standing = Standing.BLOCKED
    with pytest.raises(UserBlocked):
        world.drive(accepting(world))


@pytest.mark.parametrize(
    ("rollout", "included"),
    [(OFF, False), (SHADOW, False), (Rollout(mode=Mode.ON, share=0), False), (Rollout(mode=Mode.ON), True)],
    ids=["off", "shadow", "share", "on"],
)
def test_roll_out_decides_who_is_moved_not_who_is_let_in(rollout: Rollout, included: bool) -> None:
    """Switched off, in shadow or outside of the share, the old sign-in goes on, and is told apart."""
    world = World(providers=(provider(rollout=rollout),))
    assert world.drive(accepting(world)).included is included


def test_t8_old_token_after_migration() -> None:
    """Once migrated, the old token speaks on for the requests under way, and then never again (T8)."""
    world = World()
    world.migrate()
    accepted = world.drive(accepting(world, now=NOW + GRACE - SECOND))
    assert (accepted.user_id, accepted.moved) == ("alice", True)
    for later in (GRACE, GRACE + timedelta(minutes=5)):
        with pytest.raises(AlreadyMigrated):
            world.drive(accepting(world, now=NOW + later))
    newer = token(jti="token-2", iat=seconds(NOW), exp=seconds(NOW + timedelta(minutes=20)))
    with pytest.raises(AlreadyMigrated):  # of the same sign-in, made after it was migrated
        world.drive(accepting(world, newer, now=NOW + GRACE))


def test_t9_old_token_after_sign_out() -> None:
    """Signed out of the new session, the user is not signed in by the old token, not even within the grace (T9)."""
    world = World()
    migrated = world.migrate()
    world.drive(revoke(PUBLIC_APP, migrated.handle, at=NOW + SECOND))
    for later in (2 * SECOND, 2 * GRACE):
        with pytest.raises(AlreadyMigrated):
            world.drive(accepting(world, now=NOW + later))
    other = token(sid="sign-in-2", jti="token-2")
    assert world.drive(accepting(world, other, now=NOW + SECOND)).user_id == "alice"


def test_claim_whose_session_was_never_handed_out() -> None:
    """A migration that broke off between claim and session (of a remote core) does not lock its user out."""
    world = World()
    world.migrate()
    accepted = world.drive(accepting(world, now=NOW + 2 * GRACE, is_settled=unsettled))
    assert not accepted.moved


def test_mapping_names_another_user_than_the_claim() -> None:
    """Whom the ledger knows as one user does not come in as another."""
    world = World(providers=(provider(map_user=mapped),))
    world.migrate()
    world.users.answer = lambda _identity: "mallory"
    with pytest.raises(AlreadyMigrated):
        world.drive(accepting(world, now=NOW + SECOND))


def test_user_is_made_in_earnest() -> None:
    """Whoever is let in is a user under his final id, made once, also where nobody is moved yet."""
    create: Any = mapped
    world = World(providers=(provider(map_user=ImportedTable(create=create), rollout=SHADOW),))
    world.users.make = lambda identity, _proposed: UserId(f"made-for-{identity.subject}")
    assert [world.drive(accepting(world)).user_id for _ in range(2)] == ["made-for-alice"] * 2
    assert len(world.users.created) == 1


STEPS = ["exchange", "exchange", "find_claim", "load_session", "valid_since", "map_user", "check_user"]


@pytest.mark.parametrize("at", range(7), ids=[f"{at}-{name}" for at, name in enumerate(STEPS)])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("stopped", [False, True], ids=["raises", "stopped"])
def test_every_step_fails_closed(at: int, done: bool, stopped: bool) -> None:
    """Whatever does not answer, nobody is let in on that; the next request finds everything as it was."""
    rules = provider(keys=LiveKeys(issuer=ISSUER), map_user=mapped, check_user=welcome, valid_since=never)
    warm = World(providers=(rules,))
    warm.migrate()
    world = World(providers=(rules,), store=warm.store)
    error = run_with_fault(
        accepting(world, now=NOW + SECOND), world.perform, at=at, done=done, stopped=stopped
    )
    assert error is None if stopped else isinstance(error, Unavailable)
    assert world.asked == [*STEPS[:at], *([STEPS[at]] if done else [])]
    world.caches.clear()
    assert world.drive(accepting(world, now=NOW + SECOND)).user_id == "user-of-alice"


def test_user_who_is_just_being_made() -> None:
    """While one request makes the user, another one is told to come again, and makes no second one."""
    create: Any = mapped
    world = World(providers=(provider(map_user=ImportedTable(create=create)),))
    first = accepting(world)
    step: Any = first.send(None)
    while step.name != "create_user":
        step = first.send(world.perform(step))
    with pytest.raises(Contended):
        world.drive(accepting(world))
    first.close()
    assert not world.users.created
