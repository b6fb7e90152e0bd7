"""The keys for a token: every way to have them, and every step of it failing."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from segue.errors import ConfigurationError, FetchFailed, KeysUnavailable, KeyUnknown
from segue.flow import Ask, Flow, drive
from segue.migration.key_cache import UNKNOWN_FOR, CacheRules, KeyCache
from segue.migration.key_flows import keys_for, refresh_keys
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import KeyForm, KeySource, LiveKeys, PinnedKeys
from segue.migration.web import WebRequest, WebResponse
from tests.migration.key_material import certificate, jwks_bytes, key_set

if TYPE_CHECKING:
    from segue.tokens.jwk import KeySet

ISSUER = "https://issuer.example"
DOCUMENT = ISSUER + "/.well-known/openid-configuration"
JWKS = ISSUER + "/jwks"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULES = CacheRules()
DISCOVERY, DIRECT = LiveKeys(issuer=ISSUER), LiveKeys(issuer=ISSUER, jwks_url=JWKS)

Reply: TypeAlias = WebResponse | Exception
DOWN = FetchFailed("issuer.example", "connection failed")
FOUND = WebResponse(status=200, body=json.dumps({"issuer": ISSUER, "jwks_uri": JWKS}).encode())


def keys(*key_ids: str) -> WebResponse:
    """The provider's answer."""
    return WebResponse(status=200, body=jwks_bytes(*key_ids))


@dataclass
class Provider:
    """Gives the replies it was told to give, one after the other, and notes what it was asked."""

    replies: list[Reply]
    asked: list[WebRequest] = field(default_factory=list[WebRequest])

    def perform(self, step: Ask[object]) -> WebResponse:
        """Answer one ask."""
        assert (step.port, step.name) == ("Web", "exchange")
        (request,) = step.args
        assert isinstance(request, WebRequest)
        self.asked.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def urls(self) -> list[str]:
        """The addresses that were asked."""
        return [request.url for request in self.asked]


def holder() -> KeyCacheHolder:
    """A cold cache."""
    return KeyCacheHolder(KeyCache(rules=RULES), lock=threading.Lock())


def have(
    source: KeySource, cache: KeyCacheHolder, key_id: str | None, provider: Provider, now: datetime = NOW
) -> KeySet:
    """The keys for one token."""
    return drive(keys_for(source, cache, key_id, now), provider.perform)


def test_discovery_then_keys() -> None:
    """The first token costs two requests, the following cost none."""
    cache, provider = holder(), Provider([FOUND, keys("a", "b")])
    for key_id in ("a", "b", "a", None):
        assert have(DISCOVERY, cache, key_id, provider).find(key_id)
    assert provider.urls == [DOCUMENT, JWKS]
    assert [request.method for request in provider.asked] == ["GET", "GET"]


def test_jwks_url_without_discovery() -> None:
    """With a JWKS URL one request is enough."""
    cache, provider = holder(), Provider([keys("a")])
    assert have(DIRECT, cache, "a", provider).find("a")
    assert provider.urls == [JWKS]


def test_certificates_by_key_id() -> None:
    """Keys may be certificates by id, found at a URL; odd ones are left out; none at all is no answer."""
    source = LiveKeys(issuer=ISSUER, jwks_url=JWKS, form=KeyForm.CERTIFICATES)
    body = json.dumps({"a": certificate(), "odd": "-----BEGIN CERTIFICATE-----", "number": 7}).encode()
    cache, provider = holder(), Provider([WebResponse(status=200, body=body)])
    found = have(source, cache, "a", provider)
    assert found.key_ids == {"a"}
    assert [reason.partition(":")[0] for reason in found.skipped] == ["key 1 (odd)", "key 2 (number)"]
    for answer in (
        b"{}",
        b'{"a": "x"}',
        b'{"keys": []}',
        json.dumps(dict.fromkeys(map(str, range(300)))).encode(),
    ):
        with pytest.raises(KeysUnavailable):
            have(source, holder(), "a", Provider([WebResponse(status=200, body=answer)]))
    with pytest.raises(ConfigurationError, match="give jwks_url"):
        LiveKeys(issuer=ISSUER, form=KeyForm.CERTIFICATES)


def test_discovery_is_remembered() -> None:
    """An unknown id a minute later asks for the keys alone."""
    cache, provider = holder(), Provider([FOUND, keys("a"), keys("a", "c")])
    have(DISCOVERY, cache, "a", provider)
    assert have(DISCOVERY, cache, "c", provider, NOW + timedelta(minutes=1)).find("c")
    assert provider.urls == [DOCUMENT, JWKS, JWKS]


def test_keys_have_moved() -> None:
    """When the keys are no longer where they were, the next attempt discovers them anew."""
    moved = ISSUER + "/new-jwks"
    elsewhere = WebResponse(status=200, body=json.dumps({"issuer": ISSUER, "jwks_uri": moved}).encode())
    cache, provider = holder(), Provider([FOUND, keys("a"), WebResponse(status=404), elsewhere, keys("c")])
    have(DISCOVERY, cache, "a", provider)
    later = NOW + timedelta(minutes=1)
    with pytest.raises(KeysUnavailable):
        have(DISCOVERY, cache, "c", provider, later)
    assert have(DISCOVERY, cache, "c", provider, later + RULES.cool_down).find("c")
    assert provider.urls[-2:] == [DOCUMENT, moved]


FAILURES: dict[str, Reply] = {
    "down": DOWN,
    "not found": WebResponse(status=404),
    "broken": WebResponse(status=500, body=jwks_bytes("a")),
    "no json": WebResponse(status=200, body=b"<html>"),
    "no keys": WebResponse(status=200, body=b"{}"),
    "keys of an odd type": WebResponse(status=200, body=b'{"keys": "a"}'),
    "empty set": WebResponse(status=200, body=b'{"keys": []}'),
    "all keys odd": WebResponse(status=200, body=b'{"keys": [{"kty": "oct", "k": "AAAA", "kid": "a"}, 7]}'),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("step", [0, 1], ids=["discovery", "keys"])
def test_cold_step_fails(failure: str, step: int) -> None:
    """Without keys every failure is "try again"; during the cool-down nobody is asked; after it all is well."""
    cache, provider = holder(), Provider([*[FOUND][:step], FAILURES[failure]])
    with pytest.raises(KeysUnavailable):
        have(DISCOVERY, cache, "a", provider)
    with pytest.raises(KeysUnavailable):
        have(DISCOVERY, cache, "a", provider, NOW + RULES.cool_down - timedelta(seconds=1))
    provider.replies = [FOUND, keys("a")]
    assert have(DISCOVERY, cache, "a", provider, NOW + RULES.cool_down).find("a")


@pytest.mark.parametrize("failure", FAILURES)
def test_last_good_set_survives(failure: str) -> None:
    """A failing refresh never takes good keys away: the known key serves, the unknown one is "try again"."""
    cache, provider = holder(), Provider([keys("a")])
    have(DIRECT, cache, "a", provider)
    later = NOW + RULES.max_age
    provider.replies = [FAILURES[failure]]
    assert have(DIRECT, cache, "a", provider, later).find("a")
    assert have(DIRECT, cache, "a", provider, later).find("a")
    provider.replies = [FAILURES[failure]]
    with pytest.raises(KeysUnavailable):
        have(DIRECT, cache, "x", provider, later + RULES.cool_down)
    assert have(DIRECT, cache, "a", provider, later + RULES.cool_down).find("a")
    assert provider.replies == []


def test_last_good_set_ends() -> None:
    """After `stale_for` without an answer the old keys serve no longer."""
    cache, provider = holder(), Provider([keys("a"), DOWN])
    have(DIRECT, cache, "a", provider)
    with pytest.raises(KeysUnavailable):
        have(DIRECT, cache, "a", provider, NOW + RULES.max_age + RULES.stale_for)


def test_refreshed_set_lacks_the_key() -> None:
    """A key that the issuer has withdrawn is refused with the refresh that shows it."""
    cache, provider = holder(), Provider([keys("a", "b"), keys("b")])
    have(DIRECT, cache, "a", provider)
    with pytest.raises(KeyUnknown):
        have(DIRECT, cache, "a", provider, NOW + RULES.max_age)


def test_unknown_is_final_suppressed_is_not() -> None:
    """T18: an id that was looked for is refused for good; one that may not be looked for yet is "try again"."""
    cache, provider = holder(), Provider([keys("a")])
    with pytest.raises(KeyUnknown):
        have(DIRECT, cache, "x", provider)
    with pytest.raises(KeyUnknown):
        have(DIRECT, cache, "x", provider)
    with pytest.raises(KeysUnavailable):
        have(DIRECT, cache, "y", provider)
    assert have(DIRECT, cache, "a", provider).find("a")
    assert provider.urls == [JWKS]


def test_t4_key_id_reaches_no_request() -> None:
    """T4: the token's key id is compared, never sent: requests are the same whatever it says."""
    seen: set[WebRequest] = set()
    for key_id in ("a", "../../etc/passwd", "' OR 1=1", "http://evil.example/"):
        provider = Provider([FOUND, keys("a", "b")])
        try:
            have(DISCOVERY, holder(), key_id, provider)
        except KeyUnknown as refused:
            assert key_id not in str(refused)  # noqa: PT017 - only some of them are refused
        seen.update(replace(asked, flight=None) for asked in provider.asked)
    assert {request.url for request in seen} == {DOCUMENT, JWKS}
    assert len(seen) == 2


def test_t6_document_of_another_issuer_brings_no_keys() -> None:
    """T6: keys that another issuer's document points to are not even asked for."""
    other = WebResponse(
        status=200, body=json.dumps({"issuer": "https://evil.example", "jwks_uri": JWKS}).encode()
    )
    cache, provider = holder(), Provider([other])
    with pytest.raises(KeysUnavailable):
        have(DISCOVERY, cache, "a", provider)
    assert provider.urls == [DOCUMENT]


def test_failure_is_told_to_the_operator() -> None:
    """The state says why the last attempt failed, until one succeeds."""
    cache, provider = holder(), Provider([DOWN, keys("a")])
    with pytest.raises(KeysUnavailable, match="connection failed"):
        have(DIRECT, cache, "a", provider)
    assert "connection failed" in (cache.state.failure or "")
    have(DIRECT, cache, "a", provider, NOW + RULES.cool_down)
    assert cache.state.failure is None


def test_pinned_keys_ask_nobody() -> None:
    """Pinned keys need no provider; an id they do not have is final."""
    source, nobody = PinnedKeys(keys=key_set("a")), Provider([])
    assert have(source, holder(), "a", nobody).find("a")
    assert have(source, holder(), None, nobody).find(None)
    with pytest.raises(KeyUnknown):
        have(source, holder(), "x", nobody)


def test_t25_pinned_keys_end() -> None:
    """T25: from `not_after` on, pinned keys verify nothing, whoever may hold their private halves."""
    source, nobody = PinnedKeys(keys=key_set("a"), not_after=NOW), Provider([])
    assert have(source, holder(), "a", nobody, NOW - timedelta(seconds=1)).find("a")
    with pytest.raises(KeyUnknown, match="until 2026-03-01"):
        have(source, holder(), "a", nobody, NOW)


def test_refresh_ahead_of_need() -> None:
    """Keys can be had before a token comes; a second call at once asks nobody; a failure harms nothing."""
    cache, provider = holder(), Provider([FOUND, keys("a")])
    assert drive(refresh_keys(DISCOVERY, cache, NOW), provider.perform)
    assert drive(refresh_keys(DISCOVERY, cache, NOW), provider.perform)
    assert have(DISCOVERY, cache, "a", provider).find("a")
    provider.replies = [DOWN]
    assert drive(refresh_keys(DISCOVERY, cache, NOW + timedelta(minutes=4)), provider.perform)
    assert len(provider.asked) == 3


def test_refresh_of_a_provider_that_is_down() -> None:
    """Starting up while the provider is down is no error, and says that there are no keys yet."""
    assert not drive(refresh_keys(DISCOVERY, holder(), NOW), Provider([DOWN]).perform)


def test_refresh_of_pinned_keys() -> None:
    """Pinned keys are at hand until they end."""
    source = PinnedKeys(keys=key_set("a"), not_after=NOW)
    assert drive(refresh_keys(source, holder(), NOW - timedelta(seconds=1)), Provider([]).perform)
    assert not drive(refresh_keys(source, holder(), NOW), Provider([]).perform)


def test_failed_attempt_while_an_older_one_brought_the_key() -> None:
    """Whose own attempt fails is served by an older and slower one that came back meanwhile."""
    cache = holder()
    first, second = (keys_for(DIRECT, cache, "a", NOW + timedelta(seconds=later)) for later in (0, 10))
    first.send(None)
    second.send(None)
    with pytest.raises(StopIteration):
        first.send(keys("a"))
    with pytest.raises(StopIteration) as served:
        second.throw(DOWN)
    assert served.value.value.key_ids == {"a"}


# --- any schedule ----------------------------------------------------------------------------------------------------


@dataclass
class Waiting:
    """A flow that has asked and has no reply yet."""

    flow: Flow[KeySet]
    key_id: str | None
    flight: object
    started: datetime


@dataclass
class World:
    """
    One provider, one cache, any number of callers; time and replies come in any order.

    What is promised is checked against what the provider did and when, not against the cache's own notes.
    """

    now: datetime = NOW
    up: bool = True
    offered: frozenset[str] = frozenset("ab")
    cache: KeyCacheHolder = field(default_factory=holder)
    waiting: list[Waiting] = field(default_factory=list[Waiting])
    fetches: dict[object, datetime] = field(default_factory=dict[object, datetime])
    outcomes: dict[object, Reply] = field(default_factory=dict[object, Reply])
    good: tuple[datetime, frozenset[str]] | None = None
    looked_for: dict[str | None, datetime] = field(default_factory=dict["str | None", datetime])

    def call(self, key_id: str | None) -> None:
        """A token with this key id comes in."""
        flow = keys_for(DIRECT, self.cache, key_id, self.now)
        self.step(Waiting(flow=flow, key_id=key_id, flight=None, started=self.now), None)

    def reply(self, place: int) -> None:
        """The exchange that one of the callers waits for ends; equal flights get the same answer."""
        if not self.waiting:
            return
        caller = self.waiting.pop(place % len(self.waiting))
        answer = self.outcomes.setdefault(caller.flight, keys(*sorted(self.offered)) if self.up else DOWN)
        self.step(caller, answer)

    def step(self, caller: Waiting, answer: Reply | None) -> None:
        """Let a caller go on to its next question or its end."""
        before = self.good
        self.note(caller, answer)
        try:
            ask = caller.flow.throw(answer) if isinstance(answer, Exception) else caller.flow.send(answer)
        except StopIteration as done:
            found: KeySet = done.value
            assert found.find(caller.key_id)
        except KeyUnknown:
            asked = self.looked_for.get(caller.key_id)
            assert asked is not None, "refused for good, although nobody looked"
            assert answer is not None or self.now - asked < UNKNOWN_FOR
        except KeysUnavailable:
            assert not self.knew(before, caller), "a known key was not served"
        else:
            request = ask.args[0]
            assert not (self.knew(before, caller) and self.is_fresh(before, caller)), (
                "a fresh key had to wait"
            )
            self.fetches.setdefault(request.flight, self.now)
            self.waiting.append(Waiting(caller.flow, caller.key_id, request.flight, caller.started))

    def note(self, caller: Waiting, answer: Reply | None) -> None:
        """Write down what an answer brought, before the cache sees it."""
        if isinstance(answer, WebResponse):
            begun = self.fetches[caller.flight]
            offered = frozenset(entry["kid"] for entry in json.loads(answer.body)["keys"])
            if self.good is None or begun >= self.good[0]:
                self.good = (begun, offered)
            if caller.key_id not in offered:
                self.looked_for[caller.key_id] = begun

    def knew(self, good: tuple[datetime, frozenset[str]] | None, caller: Waiting) -> bool:
        """Whether the key was in the last good set, and that not too old, when the token came."""
        if good is None or (caller.key_id is not None and caller.key_id not in good[1]):
            return False
        return good[0] <= caller.started < good[0] + RULES.max_age + RULES.stale_for

    def is_fresh(self, good: tuple[datetime, frozenset[str]] | None, caller: Waiting) -> bool:
        """Whether that set was fresh."""
        return good is not None and caller.started < good[0] + RULES.max_age


SECONDS = st.sampled_from([0.0, 0.5, 4.9, 5.0, 9.9, 10.0, 30.0, 60.0, 299.0, 301.0, 3600.0, 86_700.0])
KEY_IDS = st.sampled_from(["a", "b", "c", "x1", "x2", "x3", None])
EVENTS = st.one_of(
    st.tuples(st.just("call"), KEY_IDS),
    st.tuples(st.just("call"), KEY_IDS),
    st.tuples(st.just("reply"), st.integers(0, 7)),
    st.tuples(st.just("pass"), SECONDS),
    st.tuples(st.just("up"), st.booleans()),
    st.tuples(st.just("offer"), st.sampled_from(["ab", "bc", "c"])),
)


@given(st.lists(EVENTS, max_size=60))
def test_any_schedule(events: list[tuple[str, object]]) -> None:
    """
    T18: whoever comes when with whichever key, and however long the provider takes.

    Attempts begin a cool-down apart; a known key is served as long as the set may be used, at once while it is fresh;
    nobody is refused for good unless the provider was asked.
    """
    world = World()
    for event in events:
        match event:
            case ("call", str() | None as key_id):
                world.call(key_id)
            case ("reply", int(place)):
                world.reply(place)
            case ("pass", float(seconds)):
                world.now += timedelta(seconds=seconds)
            case ("up", bool(up)):
                world.up = up
            case ("offer", str(key_ids)):
                world.offered = frozenset(key_ids)
            case _:
                raise AssertionError(event)
    while world.waiting:
        world.reply(0)
    begun = sorted(world.fetches.values())
    assert all(later - earlier >= RULES.cool_down for earlier, later in pairwise(begun))
