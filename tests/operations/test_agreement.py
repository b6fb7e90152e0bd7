"""Whatever fails, events, records, report and sessions tell the same story to the last attempt."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP
from segue.migration.rollout import parse_rollout
from segue.migration.throttle import Limits, Sharing
from segue.stores.memory import MemoryStore
from tests.migration.issuer import NOW, token
from tests.operations.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKENS: Mapping[str, Callable[[int], str]] = {
    "good": lambda who: token(sub=f"u{who}", sid=f"s{who}", jti=f"j{who}"),
    "expired": lambda who: token(sub=f"u{who}", exp=NOW.timestamp() - 60),
    "foreign": lambda who: token(sub=f"u{who}", aud="x"),
    "forged": lambda who: token(sub=f"u{who}")[:-8] + "AAAAAAAA",
    "junk": lambda who: f"junk {who}",
}
FAULTY = ("claim_and_create", "add_attempts", "load_session", "load_rollouts", "find_claim", "spend")
_STEPS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(sorted(TOKENS)), st.integers(0, 4), st.integers(0, 2)),
    st.tuples(st.just("fault"), st.sampled_from(FAULTY), st.booleans(), st.integers(1, 3)),
    st.tuples(st.just("switch"), st.sampled_from(["off", "shadow", "50%", "on"])),
    st.tuples(st.just("pass"), st.sampled_from([1, 60, 4000])),
    st.tuples(st.just("fold")),
)


class _Faulty(MemoryStore):
    """Fails when it is told to: before, or after it has done its work."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, list[bool]] = {}

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in FAULTY:
            return found

        def failing(*args: Any, **kwargs: Any) -> object:
            waiting = self.faults.get(name)
            if not waiting:
                return found(*args, **kwargs)
            if waiting.pop():
                found(*args, **kwargs)
            raise StoreUnavailable("as told")

        return failing


@settings(deadline=None)
@given(st.lists(_STEPS, max_size=40))
def test_random_traffic_with_faults(steps: list[tuple[Any, ...]]) -> None:
    """
    One event, one record an attempt, under one operation id; sessions are exactly the records of success.

    Where the store failed after it had written, the event says that nobody knows, and the record knows better.
    """
    store = _Faulty()
    processes = [Watched(store=store, limits=Limits(sharing=Sharing.STORE)) for _ in range(2)]
    for each in processes[1:]:
        each.clock = processes[0].clock
        each.engine._at_hand.clock = processes[0].clock
    asked, folded = 0, 0
    for number, step in enumerate(steps):
        watched = processes[number % 2]
        match step:
            case ("ask", kind, who, client):
                make = TOKENS[kind]
                key = None if client == 0 else f"{'client':a<30}{client}"
                watched.ask(make(who), key=key, ip=f"198.51.100.{number % 3}")
                asked += 1
            case ("fault", name, after_all, times):
                store.faults[name] = [after_all] * times
            case ("switch", text):
                watched.engine.set_rollout("old", parse_rollout(text))
            case ("pass", seconds):
                watched.later(seconds=seconds)
            case _:
                # What waits is written within seconds, and folded after hours at the earliest.
                store.faults.clear()
                for each in processes:
                    each.engine.report()
                folded += store.fold_attempts(PUBLIC_APP, before=watched.clock.now(), limit=3)
    store.faults.clear()
    reports = [watched.engine.report() for watched in processes]
    events = {event.operation_id: event for watched in processes for event in watched.events}
    assert sum(len(watched.events) for watched in processes) == len(events) == asked
    counts = store.count_attempts(PUBLIC_APP)
    assert sum(each.count for each in counts) == asked
    minted = sum(
        each.count for each in counts if (each.outcome.code, each.outcome.mode) == ("MIGRATED", "on")
    )
    assert minted == len(store._sessions) == len(store._claims)
    if not folded:
        _compare(store, {name: event.outcome.code for name, event in events.items()})
    (provider,) = reports[-1].providers
    assert provider.total.migrated == minted
    told = Counter(event.outcome.code for event in events.values() if event.outcome.mode == "shadow")
    assert provider.total.shadow == told


def _compare(store: MemoryStore, told: dict[str, str]) -> None:
    kept = {record.operation_id: record.outcome.code for record in store._attempts.values()}
    assert sum(record.count for record in store._attempts.values()) == len(told)
    for name, code in kept.items():
        assert code == told[name] or (code, told[name]) == ("MIGRATED", "STORE_UNAVAILABLE")
