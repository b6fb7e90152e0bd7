"""Whom a provider signs out has no migrated session any more, and gets none, whatever happens at the same time."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from segue.errors import SessionError, Unavailable
from segue.flow import Flow
from segue.ids import PUBLIC_APP
from segue.migration.back_channel import LogoutReach
from segue.migration.mapping import SAME_ID
from segue.migration.sign_out_flows import end_sign_ins
from segue.migration.verifying import verify_logout_token
from segue.sessions.local import LocalSessions
from tests.migration.issuer import ABSENT, NOW, seconds, token
from tests.migration.logout_tokens import logout_token, telling
from tests.migration.world import (
    LATER,
    World,
    interleave,
    issuance,
    mapped,
    request,
    run_with_fault,
    signed_in,
)

ORDERS = sorted(set(permutations("AAAAABBBB")))
PERSON = {"sid": ABSENT}
"""Changes that make a logout token of the whole person."""


def world_of(**changes: Any) -> World:
    """A deployment whose provider says who has signed out."""
    settings: dict[str, Any] = {"map_user": mapped, **changes}
    return World(providers=(telling(**settings),))


async def _sign_out(text: str, world: World) -> int:
    provider, said = await verify_logout_token(text, world.migration, now=NOW)
    sessions = LocalSessions(issuance(), draw=bytes)
    return await end_sign_ins(said, provider, app_id=PUBLIC_APP, sessions=sessions, now=NOW)


def sign_out(world: World, **changes: Any) -> int:
    """The provider says so; how many sessions were ended."""
    return world.drive(_sign_out(logout_token(**changes), world))


def refusal(world: World, *, number: int = 2, **changes: Any) -> str:
    """The code with which a migration is refused."""
    with pytest.raises(SessionError) as caught:
        world.migrate(request(**changes), number=number, by=issuance(now=LATER))
    return caught.value.code


def test_migrated_session_is_ended() -> None:
    """The session that the sign-in became is over; that of another sign-in of the same person is not."""
    world = world_of()
    world.migrate()
    other = world.migrate(request(token=token(sid="sign-in-2")), number=2)
    assert sign_out(world) == 1
    assert [session.handle for session in world.sessions()] == [other.handle]
    assert refusal(world) == "SIGN_IN_REVOKED"


@pytest.mark.parametrize("changes", [{}, PERSON], ids=["sign-in", "person"])
def test_t9_signed_out_before_it_came(changes: dict[str, Any]) -> None:
    """Who has signed out at the provider is not migrated with a token that he, or a thief, still has (T9)."""
    world = world_of()
    assert sign_out(world, **changes) == 0
    assert refusal(world) == "SIGN_IN_REVOKED"
    assert not world.sessions()


def test_whole_person() -> None:
    """A logout of the person ends all of his migrated sessions, and nobody else's."""
    world = world_of()
    for number, sid in enumerate(["sign-in-1", "sign-in-2"]):
        world.migrate(request(token=token(sid=sid)), number=number)
    other = world.migrate(request(token=token(sub="bob", sid="sign-in-3")), number=3)
    assert sign_out(world, **PERSON) == 2
    assert [session.handle for session in world.sessions()] == [other.handle]


def test_provider_without_session_ids_in_its_tokens() -> None:
    """With reach USER a logout that names a sign-in ends all of the person's, whose tokens name none."""
    world = world_of(reach=LogoutReach.USER)
    world.migrate(request(token=token(sid=ABSENT)))
    assert sign_out(world) == 1
    assert refusal(world, token=token(sid=ABSENT)) == "SIGN_IN_REVOKED"


def test_sign_in_after_the_log_out() -> None:
    """Who has signed in again since is let in: the person's older sign-ins are over, not the person."""
    world = world_of()
    sign_out(world, **PERSON)
    again = seconds(NOW)
    fresh = token(sid="sign-in-2", auth_time=again, iat=again)
    assert world.migrate(request(token=fresh), by=issuance(now=LATER)).result.value == "MIGRATED"


def test_t27_replayed_logout_token() -> None:
    """A logout token that comes again ends nothing that began since (T27)."""
    world = world_of()
    sign_out(world, **PERSON)
    again = seconds(NOW)
    world.migrate(request(token=token(sid="sign-in-2", auth_time=again, iat=again)), by=issuance(now=LATER))
    assert sign_out(world, **PERSON) == 0
    assert len(world.sessions()) == 1


def test_session_that_began_here() -> None:
    """A session that was there before the migration is none of the provider's, and stays."""
    world = world_of(map_user=SAME_ID)
    present = signed_in(world, "alice")
    world.migrate(request(present_session=present))
    assert sign_out(world) == 0
    assert world.session(present).user_id == "alice"
    assert refusal(world) == "SIGN_IN_REVOKED"


def test_log_outs_in_the_wrong_order() -> None:
    """Of two log-outs of a person the later counts, also when it comes first."""
    world = world_of()
    earlier = seconds(NOW - timedelta(minutes=1))
    sign_out(world, jti="logout-2", **PERSON)
    sign_out(world, jti="logout-1", iat=earlier, **PERSON)
    assert refusal(world, token=token(auth_time=earlier + 30, iat=earlier + 30)) == "SIGN_IN_REVOKED"


@pytest.mark.parametrize("changes", [{}, PERSON], ids=["sign-in", "person"])
@pytest.mark.parametrize("order", ORDERS, ids="".join)
def test_migration_and_log_out_at_once(order: tuple[str, ...], changes: dict[str, Any]) -> None:
    """However a migration and a log-out of its sign-in interleave, no session is left."""
    world = world_of()
    flows: dict[str, Flow[Any]] = {
        "A": world.flow(request()),
        "B": _sign_out(logout_token(**changes), world),
    }
    ends: dict[str, Any] = interleave(flows, order * 3, world.perform)
    assert not world.sessions()
    assert isinstance(ends["B"], int)
    assert refusal(world) == "SIGN_IN_REVOKED"


@pytest.mark.parametrize("changes", [{}, PERSON], ids=["sign-in", "person"])
@pytest.mark.parametrize("stopped", [False, True], ids=["raises", "stopped"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(6))
def test_half_finished_log_out(at: int, done: bool, stopped: bool, changes: dict[str, Any]) -> None:
    """Whatever fails wherever, the provider's next try ends the session for certain."""
    world = world_of()
    world.migrate()
    flow = _sign_out(logout_token(**changes), world)
    error = run_with_fault(flow, world.perform, at=at, done=done, stopped=stopped)
    assert error is None if stopped else isinstance(error, Unavailable)
    sign_out(world, **changes)
    assert not world.sessions()
    assert refusal(world) == "SIGN_IN_REVOKED"
