"""
When to use the keys that we have, when to fetch, and when to say no: a state machine without I/O.

After a fetch the set is *fresh* for `max_age`; then it is still used but refreshed; when refreshing fails it is used
for `stale_for` more (the idea of RFC 5861 §4). A key id that the set does not have causes a fetch, but attempts begin
at least `cool_down` apart whatever ids are asked for, so a flood of invented ids costs one fetch per cool-down and
never slows an id that is known. Not finding an id in a set that was fetched for its sake is final; not being allowed
to look is "try again". House rules: nothing here reads a clock, and a state is never changed, only replaced.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from segue.tokens.jwk import KeySet

UNKNOWN_FOR = timedelta(seconds=5)
"""How long "this id is unknown" stays an answer."""
UNKNOWN_LIMIT = 256
"""How many such answers are remembered."""
LOCATION_FOR = timedelta(hours=1)
"""How long a discovered JWKS URL is used before it is discovered again."""


class CacheRules(msgspec.Struct, frozen=True, kw_only=True):
    """How long keys are used, and how often they are asked for."""

    max_age: timedelta = timedelta(minutes=5)
    stale_for: timedelta = timedelta(hours=24)
    cool_down: timedelta = timedelta(seconds=10)

    @property
    def retry_stale(self) -> timedelta:
        """Between attempts to refresh a set that is still good: a silent provider delays one caller in so long."""
        return max(self.cool_down, self.max_age / 5)


class Attempt(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One try to fetch the keys, which any number of callers may share; compared by identity."""

    number: int
    begun_at: datetime


class UseKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys at hand serve; whoever gets a *refresh* with them shall fetch on this occasion."""

    keys: KeySet
    refresh: Attempt | None = None


class FetchKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Fetch, or join those who are fetching in the same attempt."""

    attempt: Attempt


class KeyConfirmedUnknown(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer has just been asked and does not have this key: final."""


class KeysSuppressed(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer may not be asked again yet: try later."""

    failure: str | None
    """Why the last attempt failed, if it did."""


Decision: TypeAlias = UseKeys | FetchKeys | KeyConfirmedUnknown | KeysSuppressed


class KeyCache(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one issuer's keys, and of the attempts to learn them."""

    rules: CacheRules
    keys: KeySet | None = None
    """The last good set."""
    fetched: Attempt | None = None
    """The attempt that brought it."""
    attempt: Attempt | None = None
    """The last that was begun."""
    running: bool = False
    """Whether nobody has reported how it ended."""
    failure: str | None = None
    """Why the last attempt failed; None when it did not."""
    unknown: tuple[tuple[str, datetime], ...] = ()
    """Ids that a fetch did not find, and when; oldest first."""
    location: tuple[str, datetime] | None = None
    """The JWKS URL that discovery gave, and when."""

    def decide(self, key_id: str | None, now: datetime) -> Decision:
        """
        What to do for a token signed with the key *key_id*; None for a token that names none.

        A new attempt in the answer has to be written down with `begun` before anybody else decides.
        """
        keys = self.usable(now)
        if keys is not None and knows(keys, key_id):
            due = not self._fresh(now) and not self._begun_within(self.rules.retry_stale, now)
            return UseKeys(keys=keys, refresh=self.next_attempt(now) if due else None)
        if self.may_begin(now):
            return FetchKeys(attempt=self.next_attempt(now))
        if self.running and self.attempt is not None:
            return FetchKeys(attempt=self.attempt)
        if any(noted == key_id and now - at < UNKNOWN_FOR for noted, at in self.unknown):
            return KeyConfirmedUnknown()
        return KeysSuppressed(failure=self.failure)

    def usable(self, now: datetime) -> KeySet | None:
        """The last good set, unless it is too old even for a time of need."""
        rules = self.rules
        if self.fetched is None or now >= self.fetched.begun_at + rules.max_age + rules.stale_for:
            return None
        return self.keys

    def resting(self, now: datetime) -> bool:
        """Whether nothing is at hand and asking failed lately: who has other keys to use need not wait for us."""
        failed = self.usable(now) is None and self.failure is not None
        return failed and self._begun_within(self.rules.retry_stale, now)

    def located(self, now: datetime) -> str | None:
        """The JWKS URL, if discovery has told it lately."""
        if self.location is None or abs(now - self.location[1]) >= LOCATION_FOR:
            return None
        return self.location[0]

    def may_begin(self, now: datetime) -> bool:
        """Whether the cool-down is over."""
        return not self._begun_within(self.rules.cool_down, now)

    def next_attempt(self, now: datetime) -> Attempt:
        """The attempt that would follow."""
        return Attempt(number=self.attempt.number + 1 if self.attempt else 1, begun_at=now)

    def begun(self, attempt: Attempt) -> KeyCache:
        """Somebody fetches now."""
        return replace(self, attempt=attempt, running=True)

    def discovered(self, jwks_url: str, now: datetime) -> KeyCache:
        """Discovery told where the keys are."""
        return replace(self, location=(jwks_url, now))

    def succeeded(self, attempt: Attempt, keys: KeySet, key_id: str | None) -> KeyCache:
        """*attempt* brought *keys*; whoever reports wanted *key_id*. What an older attempt brings late is dropped."""
        if self.fetched is not None and attempt.number < self.fetched.number:
            return self
        unknown = tuple(entry for entry in self.unknown if attempt.begun_at - entry[1] < UNKNOWN_FOR)
        if key_id is not None and not knows(keys, key_id):
            others = (entry for entry in unknown if entry[0] != key_id)
            unknown = (*others, (key_id, attempt.begun_at))[-UNKNOWN_LIMIT:]
        done = replace(self, keys=keys, fetched=attempt, unknown=unknown)
        return replace(done, running=False, failure=None) if attempt is self.attempt else done

    def failed(self, attempt: Attempt, failure: str) -> KeyCache:
        """*attempt* brought nothing: the last good set stays, the place to ask is looked up anew."""
        if attempt is not self.attempt or attempt is self.fetched:
            return self
        return replace(self, running=False, failure=failure, location=None)

    def _fresh(self, now: datetime) -> bool:
        # Distance, not order, here and below: a clock that was set back must not freeze anything.
        return self.fetched is not None and abs(now - self.fetched.begun_at) < self.rules.max_age

    def _begun_within(self, span: timedelta, now: datetime) -> bool:
        return self.attempt is not None and abs(now - self.attempt.begun_at) < span


def knows(keys: KeySet, key_id: str | None) -> bool:
    """Whether a set has candidates for a token that names *key_id*, or none."""
    return bool(keys.find(key_id))
