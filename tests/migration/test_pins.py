"""Pinned keys: their end, their ids, the fallback, and the alarm when the provider's own keys differ."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest

from segue.errors import ConfigurationError, FetchFailed, KeysUnavailable, KeyUnknown
from segue.flow import Ask, drive
from segue.migration.key_cache import KeyCache
from segue.migration.key_flows import keys_for, refresh_keys
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import LiveKeys, PinnedFallback, PinnedKeys
from segue.migration.minting import MigrationResult
from segue.migration.pins import PinDifference, check_pins, compare_keys
from segue.migration.web import WebResponse
from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import KeySet, parse_jwks, public_jwk
from tests.migration.issuer import ISSUER, LATE, NOW, key, provider, token
from tests.migration.key_material import jwks, jwks_bytes, key_set
from tests.migration.world import World, issuance, request

LIVE = LiveKeys(issuer=ISSUER, jwks_url=f"{ISSUER}/jwks")
DOWN = FetchFailed("old.example", "no answer in time")


class Keys:
    """A provider that gives these answers, one after the other, and the last one for ever."""

    def __init__(self, *answers: WebResponse | FetchFailed) -> None:
        self.answers = list(answers)
        self.asked = 0

    def perform(self, _step: Ask[Any]) -> WebResponse:
        """The next answer."""
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, FetchFailed):
            raise answer
        return answer


def published(*names: str) -> WebResponse:
    """These keys as a response."""
    return WebResponse(status=200, body=jwks_bytes(*names))


def holder() -> KeyCacheHolder:
    """An empty cache."""
    return KeyCacheHolder(KeyCache(rules=LIVE.rules), lock=nullcontext())


def fallback(*names: str, **changes: Any) -> PinnedFallback:
    """Live keys, and these for a time of need."""
    return PinnedFallback(live=LIVE, pinned=PinnedKeys(keys=key_set(*names), **changes))


def found(
    source: PinnedFallback, cache: KeyCacheHolder, web: Keys, key_id: str, now: datetime = NOW
) -> KeySet:
    """The keys for a token that names *key_id*."""
    return drive(keys_for(source, cache, key_id, now), web.perform)


# --- live with pinned fallback ---------------------------------------------------------------------------------------


def test_provider_silent_at_the_start() -> None:
    """While no set can be had the pinned keys serve, and only one caller a minute waits for the provider."""
    source, cache, web = fallback("a"), holder(), Keys(DOWN)
    for second in range(60):
        assert found(source, cache, web, "a", NOW + timedelta(seconds=second)).key_ids == {"a"}
    assert web.asked == 1
    assert found(source, cache, web, "a", NOW + timedelta(seconds=60)).key_ids == {"a"}
    assert web.asked == 2


def test_provider_back() -> None:
    """As soon as the provider answers, its own set counts."""
    source, cache, web = fallback("a"), holder(), Keys(DOWN, published("b"))
    found(source, cache, web, "a")
    assert found(source, cache, web, "b", NOW + timedelta(minutes=2)).key_ids == {"b"}


def test_t25_a_withdrawn_key_does_not_come_back_by_the_fallback() -> None:
    """With a set of the provider at hand a key that it lacks is refused, also while it may not be asked (T25)."""
    source, cache, web = fallback("a"), holder(), Keys(published("b"), DOWN)
    with pytest.raises(KeyUnknown):
        found(source, cache, web, "a")
    for second in (7, 30, 3600):
        with pytest.raises(KeysUnavailable):
            found(source, cache, web, "a", NOW + timedelta(seconds=second))


def test_key_that_nobody_knows_while_the_provider_is_down() -> None:
    """An id that is not pinned either is "try again", since only the provider could say."""
    with pytest.raises(KeysUnavailable):
        found(fallback("a"), holder(), Keys(DOWN), "c")


def test_t25_fallback_ends() -> None:
    """Pinned keys of a fallback have an end as well (T25)."""
    with pytest.raises(KeysUnavailable):
        found(fallback("a", not_after=NOW), holder(), Keys(DOWN), "a")
    with pytest.raises(ConfigurationError, match="without an end"):
        provider(keys=fallback("a"))


def test_warm_up_with_a_fallback() -> None:
    """A provider that is silent at the start is no trouble while the pinned keys serve."""
    assert drive(refresh_keys(fallback("a"), holder(), NOW), Keys(DOWN).perform)
    assert not drive(refresh_keys(fallback("a", not_after=NOW), holder(), NOW), Keys(DOWN).perform)


def test_t18_unknown_ids_never_slow_known_ones_in_a_fallback() -> None:
    """A flood of invented ids costs one exchange a cool-down, and no token with a known id asks for anything (T18)."""
    source, cache, web = fallback("a"), holder(), Keys(published("a"))
    found(source, cache, web, "a")
    for number in range(200):
        with pytest.raises((KeysUnavailable, KeyUnknown)):
            found(source, cache, web, f"invented-{number}", NOW + timedelta(seconds=number / 10))
        assert found(source, cache, Keys(DOWN), "a", NOW + timedelta(seconds=number / 10)).key_ids == {"a"}
    assert web.asked <= 3


# --- the end of a pin ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end",
    [{"issued_before": NOW}, {"deadline": LATE}, {"keys": PinnedKeys(keys=key_set("a"), not_after=LATE)}],
    ids=["issued_before", "deadline", "not_after"],
)
def test_t25_pinned_keys_need_an_end(end: dict[str, Any]) -> None:
    """Frozen keys without cut-over, deadline or end are refused when they are configured (T25, T24)."""
    endless = {"keys": PinnedKeys(keys=key_set("a"))}
    with pytest.raises(ConfigurationError, match="without an end"):
        provider(**endless)
    assert provider(**{**endless, **end}).live_check is not None


def test_t25_token_made_with_the_old_key_after_the_cut_over() -> None:
    """Whoever gets the old private key later can neither date his tokens later nor, in time, earlier (T25)."""
    rules = provider(issued_before=NOW - timedelta(minutes=1), maximum_age=timedelta(hours=1))
    world = World(providers=(rules,))
    with world.nothing_written(), pytest.raises(Exception, match="iat"):
        world.migrate()
    dated_back = token(
        iat=(NOW - timedelta(minutes=2)).timestamp(), exp=(NOW + timedelta(days=1)).timestamp()
    )
    with world.nothing_written(), pytest.raises(Exception, match="TOKEN_EXPIRED"):
        world.migrate(request(token=dated_back), by=issuance(now=NOW + timedelta(hours=1)))
    assert world.migrate(request(token=dated_back)).result is MigrationResult.MIGRATED


def test_key_ids_choose() -> None:
    """Only the listed ids of a pinned set count; what was left out on purpose raises no alarm."""
    pinned = PinnedKeys.from_jwks(jwks("a", "b"), key_ids=frozenset({"a"}))
    assert (pinned.keys.key_ids, pinned.left_out) == (frozenset({"a"}), frozenset({"b"}))
    assert not compare_keys(pinned.keys, key_set("a", "b"), left_out=pinned.left_out)


@pytest.mark.parametrize("key_ids", [frozenset({"c"}), frozenset({"a", "c"}), frozenset[str]()], ids=repr)
def test_key_ids_that_are_not_there(key_ids: frozenset[str]) -> None:
    """A list that names a key which was not pinned, or none at all, is a mistake."""
    with pytest.raises(ConfigurationError, match="key_ids"):
        PinnedKeys.from_jwks(jwks("a", "b"), key_ids=key_ids)


# --- the alarm -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("live", "difference"),
    [
        (("a", "b"), PinDifference()),
        (("a",), PinDifference(withdrawn=("b",))),
        (("a", "b", "c"), PinDifference(added=("c",))),
        (("c",), PinDifference(withdrawn=("a", "b"), added=("c",))),
    ],
    ids=["same", "withdrawn", "added", "rotated"],
)
def test_difference(live: tuple[str, ...], difference: PinDifference) -> None:
    """Whatever the provider publishes otherwise than it was pinned is named."""
    source = PinnedKeys(keys=key_set("a", "b"), compare_with=LIVE)
    report = drive(check_pins("old", source, None, NOW), Keys(published(*live)).perform)
    assert report is not None
    assert report.difference == difference
    assert bool(difference) == (str(difference) != "none")


def test_t25_another_key_under_an_old_id() -> None:
    """A key is what it is made of: the same id for another key is the loudest difference (T25)."""
    other = public_jwk(key().public_key(), key_id="a", algorithm=Algorithm.ES256)
    assert compare_keys(key_set("a"), parse_jwks({"keys": [{**other}]})) == PinDifference(replaced=("a",))


def test_nothing_to_compare_with() -> None:
    """A provider that gives no keys is reported as such, and pins that are not to be compared ask nobody."""
    source = PinnedKeys(keys=key_set("a"), compare_with=LIVE)
    report = drive(check_pins("old", source, None, NOW), Keys(DOWN).perform)
    assert report is not None
    assert (report.difference, report.failure is None) == (None, False)
    silent = Keys(DOWN)
    assert drive(check_pins("old", PinnedKeys(keys=key_set("a")), None, NOW), silent.perform) is None
    assert drive(check_pins("old", LIVE, holder(), NOW), silent.perform) is None
    assert silent.asked == 0
