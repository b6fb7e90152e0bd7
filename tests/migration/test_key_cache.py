"""When keys at hand are used, when the issuer is asked, and when a token is told no."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from segue.migration.key_cache import (
    LOCATION_FOR,
    UNKNOWN_FOR,
    UNKNOWN_LIMIT,
    Attempt,
    CacheRules,
    FetchKeys,
    KeyCache,
    KeyConfirmedUnknown,
    KeysSuppressed,
    UseKeys,
)
from segue.migration.key_holder import KeyCacheHolder
from tests.migration.key_material import key_set

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULES = CacheRules()
MOMENT = timedelta(microseconds=1)
OLD, NEW = key_set("a", "b"), key_set("b", "c")


def cold() -> KeyCacheHolder:
    """Nothing known yet."""
    return KeyCacheHolder(KeyCache(rules=RULES), lock=threading.Lock())


def warm() -> KeyCacheHolder:
    """Keys a and b, fetched at NOW."""
    holder = cold()
    holder.succeeded(began(holder, "a", NOW), OLD, "a")
    return holder


def began(holder: KeyCacheHolder, key_id: str | None, now: datetime) -> Attempt:
    """The attempt that a decision gave out."""
    decision = holder.decide(key_id, now)
    assert isinstance(decision, FetchKeys)
    return decision.attempt


def refresh_of(holder: KeyCacheHolder, key_id: str, now: datetime) -> Attempt | None:
    """The refresh that came with the keys, if one did."""
    decision = holder.decide(key_id, now)
    assert isinstance(decision, UseKeys)
    return decision.refresh


def test_cold_cache_fetches() -> None:
    """The first token causes a fetch, also one that names no key."""
    assert isinstance(cold().decide("a", NOW), FetchKeys)
    assert isinstance(cold().decide(None, NOW), FetchKeys)


def test_cold_cache_is_shared() -> None:
    """Whoever comes while a fetch is under way joins the same attempt, whichever key it wants."""
    holder = cold()
    assert {began(holder, key_id, NOW + k * MOMENT) for k, key_id in enumerate(["a", "x", None])} == {
        holder.state.attempt
    }


def test_fresh_keys_are_used() -> None:
    """A known key, or a token that names none, costs nothing while the set is fresh."""
    last = NOW + RULES.max_age - MOMENT
    for key_id in ("a", "b", None):
        assert warm().decide(key_id, last) == UseKeys(keys=OLD)


def test_stale_keys_are_used_and_refreshed_by_one() -> None:
    """When the set is no longer fresh all go on using it, and exactly one is told to refresh it."""
    holder = warm()
    refreshes = [refresh_of(holder, "a", NOW + RULES.max_age) for _ in range(5)]
    assert [refresh is not None for refresh in refreshes] == [True, False, False, False, False]


def test_failed_refresh_keeps_the_last_good_set() -> None:
    """A provider that is down changes nothing for known keys until `stale_for` is over."""
    holder = warm()
    end = NOW + RULES.max_age + RULES.stale_for
    at = NOW + RULES.max_age
    while at < end:
        refresh = refresh_of(holder, "a", at)
        if refresh is not None:
            holder.failed(refresh, "down")
        at += timedelta(hours=1)
    assert isinstance(holder.decide("a", end - MOMENT), UseKeys)
    assert isinstance(holder.decide("a", end), FetchKeys | KeysSuppressed)


def test_failed_refresh_is_not_repeated_at_once() -> None:
    """While the provider is down, a caller with a known key waits for it once in a while only."""
    holder = warm()
    at = NOW + RULES.max_age
    refresh = refresh_of(holder, "a", at)
    assert refresh is not None
    holder.failed(refresh, "down")
    assert refresh_of(holder, "a", at + RULES.retry_stale - MOMENT) is None
    assert refresh_of(holder, "a", at + RULES.retry_stale) is not None


def test_cold_cache_after_failure() -> None:
    """Without keys, a failed fetch is "try again" until the cool-down is over; then it is tried again."""
    holder = cold()
    holder.failed(began(holder, "a", NOW), "refused")
    assert holder.decide("a", NOW + RULES.cool_down - MOMENT) == KeysSuppressed(failure="refused")
    assert isinstance(holder.decide("a", NOW + RULES.cool_down), FetchKeys)


def test_unknown_key_is_confirmed() -> None:
    """An id that a fetch has just not found is final for a while, then "try again", then a fetch."""
    holder = warm()
    at = NOW + timedelta(minutes=1)
    holder.succeeded(began(holder, "x", at), OLD, "x")
    assert holder.decide("x", at + UNKNOWN_FOR - MOMENT) == KeyConfirmedUnknown()
    assert holder.decide("x", at + UNKNOWN_FOR) == KeysSuppressed(failure=None)
    assert isinstance(holder.decide("x", at + RULES.cool_down), FetchKeys)


def test_another_unknown_key_is_suppressed() -> None:
    """An id that nobody looked for may exist: during the cool-down that is "try again", not "no"."""
    holder = warm()
    assert holder.decide("y", NOW + MOMENT) == KeysSuppressed(failure=None)


def test_remembered_refusal_does_not_block_a_refresh() -> None:
    """T18: where the cool-down is shorter than a refusal is remembered, the next allowed fetch happens all the same."""
    rules = CacheRules(cool_down=timedelta(seconds=1))
    holder = KeyCacheHolder(KeyCache(rules=rules), lock=threading.Lock())
    holder.succeeded(began(holder, "x", NOW), OLD, "x")
    assert holder.decide("x", NOW + rules.cool_down - MOMENT) == KeyConfirmedUnknown()
    assert isinstance(holder.decide("x", NOW + rules.cool_down), FetchKeys)


def test_t18_flood_of_ids_costs_one_attempt() -> None:
    """T18: a thousand invented ids within a cool-down begin one attempt, and a known key never waits."""
    holder = warm()
    attempts: set[Attempt] = set()
    start = NOW + timedelta(minutes=1)
    for k in range(1000):
        at = start + k * RULES.cool_down / 1000
        decision = holder.decide(f"x{k}", at)
        if isinstance(decision, FetchKeys):
            attempts.add(decision.attempt)
            holder.succeeded(decision.attempt, OLD, f"x{k}")
        assert holder.decide("a", at) == UseKeys(keys=OLD)
    assert len(attempts) == 1


def test_t18_remembered_refusals_are_bounded() -> None:
    """T18: however many join an attempt with invented ids, only the latest few are remembered."""
    holder = cold()
    attempt = began(holder, "x", NOW)
    for k in range(UNKNOWN_LIMIT + 50):
        holder.succeeded(attempt, OLD, f"x{k}")
    ids = [key_id for key_id, _ in holder.state.unknown]
    assert len(ids) == UNKNOWN_LIMIT
    assert ids[-1] == f"x{UNKNOWN_LIMIT + 49}"


def test_remembered_refusal_of_one_id_is_one_entry() -> None:
    """Asking for the same unknown id again does not push others out."""
    holder = cold()
    attempt = began(holder, "x", NOW)
    for _ in range(3):
        holder.succeeded(attempt, OLD, "x")
    assert len(holder.state.unknown) == 1


def test_rotated_keys_arrive() -> None:
    """An unknown id leads to the new set, which replaces the old one."""
    holder = warm()
    at = NOW + timedelta(minutes=1)
    holder.succeeded(began(holder, "c", at), NEW, "c")
    assert holder.decide("c", at) == UseKeys(keys=NEW)
    assert not isinstance(holder.decide("a", at), UseKeys)


def test_late_answer_of_an_older_attempt() -> None:
    """An answer that comes after a newer one does not bring old keys back; nor does a late failure harm."""
    holder = cold()
    slow = began(holder, "a", NOW)
    quick = began(holder, "a", NOW + RULES.cool_down)
    holder.succeeded(quick, NEW, "b")
    holder.succeeded(slow, OLD, "a")
    holder.failed(slow, "late")
    assert (holder.state.keys, holder.state.fetched, holder.state.failure) == (NEW, quick, None)


def test_companion_fails_after_success() -> None:
    """One of those who shared an attempt gives up: what the others received stays."""
    holder = warm()
    attempt = holder.state.fetched
    assert attempt is not None
    before = holder.state
    holder.failed(attempt, "gave up")
    assert holder.state == before


def test_companion_succeeds_after_failure() -> None:
    """One of those who shared an attempt did get the keys: they count."""
    holder = cold()
    attempt = began(holder, "a", NOW)
    holder.failed(attempt, "gave up")
    holder.succeeded(attempt, OLD, "a")
    assert holder.decide("a", NOW) == UseKeys(keys=OLD)
    assert holder.state.failure is None


def test_attempt_that_nobody_ends() -> None:
    """A fetch whose caller vanished blocks nobody: others join it, and after the cool-down a new one begins."""
    holder = cold()
    lost = began(holder, "a", NOW)
    assert began(holder, "a", NOW + RULES.cool_down - MOMENT) is lost
    assert began(holder, "a", NOW + RULES.cool_down) is not lost


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=1)])
def test_clock_set_back(step: timedelta) -> None:
    """A clock that jumps back freezes neither the set nor the cool-down."""
    holder = warm()
    assert refresh_of(holder, "a", NOW - step) is not None
    holder = warm()
    assert isinstance(holder.decide("x", NOW - step), FetchKeys)


def test_location_is_remembered_for_a_while() -> None:
    """A discovered JWKS URL is used for an hour, or until asking there fails."""
    holder = cold()
    holder.discovered("https://issuer.example/jwks", NOW)
    assert holder.state.located(NOW + LOCATION_FOR - MOMENT) == "https://issuer.example/jwks"
    assert holder.state.located(NOW + LOCATION_FOR) is None
    holder.failed(began(holder, "a", NOW), "gone")
    assert holder.state.located(NOW) is None


def test_begin_without_a_token() -> None:
    """Fetching ahead of need obeys the same cool-down."""
    holder = cold()
    assert holder.begin(NOW) is not None
    assert holder.begin(NOW + RULES.cool_down - MOMENT) is None
    assert holder.begin(NOW + RULES.cool_down) is not None


def test_threads_begin_one_attempt() -> None:
    """Of many threads that find the cache cold at the same moment, all get the same attempt."""
    holder = cold()
    barrier = threading.Barrier(16)
    attempts: list[Attempt] = []

    def work() -> None:
        barrier.wait(10)
        attempts.append(began(holder, "a", NOW))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(attempts) == 16
    assert len(set(attempts)) == 1
