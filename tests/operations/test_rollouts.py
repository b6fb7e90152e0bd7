"""The roll-out of a provider: off, shadow, a share, on; and the switch that needs no restart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from segue.errors import ConfigurationError, SessionError, StoreUnavailable
from segue.flow import Ask, drive
from segue.ids import PUBLIC_APP
from segue.migration.rollout import OFF, ON, SHADOW, Rollout, parse_rollout
from segue.migration.trail import Trail
from segue.stores.memory import MemoryStore
from tests.migration.issuer import NOW, claims, provider, signed, token
from tests.migration.world import World, request, revoking, signed_in
from tests.operations.watched import Watched, client_key, code_of, users

if TYPE_CHECKING:
    from segue.ids import AppId
    from segue.migration.model import Identity

EXPIRED = token(exp=NOW.timestamp() - 60)


@pytest.mark.parametrize("text", [token(), EXPIRED, signed(claims(), header={"kid": "other"})])
def test_off(text: str) -> None:
    """A provider that is off migrates nobody, verifies nothing, and leaves the old session alone."""
    watched = Watched(provider(rollout=OFF))
    answer = watched.ask(text)
    assert (answer.status, code_of(answer), json.loads(answer.body)["retryable"]) == (
        403,
        "MIGRATION_NOT_YET",
        False,
    )
    assert watched.counts == {("off", "rollout", "MIGRATION_NOT_YET"): 1}
    assert watched.sessions() == ()


def test_shadow_mints_nothing() -> None:
    """In shadow real traffic is verified and mapped, the answer leaves the old session, and nothing is written."""
    seen: list[Identity] = []

    def mapped(identity: Identity) -> str:
        seen.append(identity)
        return f"ours-{identity.subject}"

    watched = Watched(provider(rollout=SHADOW, map_user=mapped))
    answer = watched.ask(key=client_key())
    assert (answer.status, code_of(answer)) == (403, "MIGRATION_NOT_YET")
    assert [each.subject for each in seen] == ["alice"]
    assert not [line for line in answer.lines() if line[0] in {"set-cookie", "st-access-token"}]
    assert watched.sessions() == ()
    (event,) = watched.events
    assert (event.outcome.code, event.answer, event.mapping) == ("MIGRATED", "MIGRATION_NOT_YET", "function")
    assert watched.stored == {("shadow", "done", "MIGRATED"): 1}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (EXPIRED, "TOKEN_EXPIRED"),
        (token(aud="x"), "TOKEN_CLAIMS_INVALID"),
        (token(auth_time=0), "SIGN_IN_TOO_OLD"),
    ],
)
def test_shadow_reports_differences(text: str, code: str) -> None:
    """What would have been refused is told to the operator by its reason, and to the page like everything else."""
    watched = Watched(provider(rollout=SHADOW))
    assert watched.code(text) == "MIGRATION_NOT_YET"
    assert watched.codes == [code]
    (report,) = watched.engine.report().providers
    assert (report.total.shadow, report.total.refused) == ({code: 1}, {})


def test_shadow_knows_what_is_claimed() -> None:
    """A sign-in that was migrated before is told as what it would be: the same client's, or somebody else's."""
    watched = Watched()
    key = client_key()
    watched.ask(key=key)
    watched.engine.set_rollout("old", SHADOW)
    assert {watched.code(key=key), watched.code(key=client_key()), watched.code()} == {"MIGRATION_NOT_YET"}
    assert watched.codes == ["MIGRATED", "REPEATED", "ALREADY_MIGRATED", "ALREADY_MIGRATED"]


SHADOWED = {
    "a new sign-in": request(),
    "no client key": request(client_key=None),
    "a session of the user": request(present_session="alice's"),
}


@pytest.mark.parametrize("case", SHADOWED)
def test_shadow_with_every_step_failing(case: str) -> None:
    """In shadow no step writes, and whichever of them fails, nothing was."""
    asked = SHADOWED[case]
    for failing in range(10):
        world = World(providers=(revoking(rollout=SHADOW),))
        if asked.present_session:
            handle = signed_in(world, "alice")
            asked = request(present_session=handle)
        ports: list[str] = []

        def perform(
            step: Ask[Any], ports: list[str] = ports, failing: int = failing, world: World = world
        ) -> Any:
            ports.append(step.name)
            if len(ports) - 1 == failing:
                raise StoreUnavailable("locked")
            return world.perform(step)

        with world.nothing_written(), pytest.raises(SessionError) as refusal:
            drive(world.flow(asked), perform)
        assert not {"claim_and_create", "create_session"} & set(ports)
        if len(ports) <= failing:
            assert refusal.value.code == "MIGRATION_NOT_YET"
            return
        assert refusal.value.code == "STORE_UNAVAILABLE"
    raise AssertionError("the flow has more steps than expected")


def test_share() -> None:
    """Whoever is in the share is migrated, everybody else keeps the old session, on every process alike."""
    store = MemoryStore()
    first = Watched(provider(rollout=parse_rollout("25%")), store=store)
    other = Watched(provider(rollout=parse_rollout("25%")), store=store)
    answers = [first.code(text) for text in users(200)]
    assert set(answers) == {"MIGRATED", "MIGRATION_NOT_YET"}
    assert 25 < answers.count("MIGRATED") < 80
    again = [other.code(text) for text in users(200)]
    assert [code == "MIGRATION_NOT_YET" for code in again] == [
        code == "MIGRATION_NOT_YET" for code in answers
    ]
    assert len(first.sessions()) == answers.count("MIGRATED")


def test_retry_after_the_share_became_smaller() -> None:
    """Who made a claim gets its session again, for the old one may be ended; a stranger with the token does not."""
    watched = Watched()
    key = client_key()
    watched.ask(key=key)
    watched.engine.set_rollout("old", parse_rollout("0%"))
    assert watched.code(key=key) == "REPEATED"
    assert watched.code(key=client_key()) == watched.code() == "MIGRATION_NOT_YET"


def test_kill_switch_without_restart() -> None:
    """A switch that one process sets is felt by another one within a second, and stands above the configuration."""
    store, quick = MemoryStore(), Watched()
    serving = Watched(store=store, clock=quick.clock)
    operator = Watched(store=store, clock=quick.clock)
    people = users(10)
    assert serving.code(next(people)) == "MIGRATED"
    operator.engine.set_rollout("old", OFF)
    assert operator.engine.rollouts() == {"old": OFF}
    quick.later(seconds=1)
    assert serving.code(next(people)) == "MIGRATION_NOT_YET"
    operator.engine.set_rollout("old", None)
    quick.later(seconds=1)
    assert serving.code(next(people)) == "MIGRATED"
    assert operator.engine.rollouts() == {"old": ON}


class _Counting(MemoryStore):
    """Counts who asks for switches, and may be down."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.down = 0, False

    def load_rollouts(self, app_id: AppId) -> dict[str, Rollout]:
        self.asked += 1
        if self.down:
            raise StoreUnavailable("locked")
        return super().load_rollouts(app_id)


def test_switches_are_read_once_a_second() -> None:
    """However many migrate, a process asks for the switches once a second."""
    store = _Counting()
    watched = Watched(store=store)
    for text in users(30):
        watched.later(milliseconds=100)
        watched.ask(text)
    assert store.asked == 3


def test_store_down_before_the_first_answer() -> None:
    """Whether a provider is off is never guessed: until the store has answered once, nothing is migrated."""
    store = _Counting()
    store.down = True
    watched = Watched(store=store)
    assert watched.ask().status == 503
    store.down = False
    watched.engine.set_rollout("old", SHADOW)
    watched.later(seconds=1)
    watched.ask()
    store.down = True
    watched.later(seconds=5)
    watched.ask()
    assert [event.outcome.mode for event in watched.events] == ["", "shadow", "shadow"]


def test_unknown_provider() -> None:
    """A switch of a provider that is not configured is refused, and the known ones are named."""
    watched = Watched()
    with pytest.raises(ConfigurationError, match="known: old"):
        watched.engine.set_rollout("odl", OFF)
    assert watched.store.load_rollouts(PUBLIC_APP) == {}


def test_nobody_watches() -> None:
    """A flow without a watch goes by the configuration."""
    trail = Trail()
    trail.chose(provider(rollout=SHADOW))
    assert trail.rehearsing
