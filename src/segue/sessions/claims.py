"""
Claims that a route demands of a session: "e-mail verified", "has the role editor", "a second factor, an hour ago".

A claim is an entry of the payload, `{"v": value, "t": milliseconds when it was fetched}`, the form that SuperTokens
front ends read too. A validator says when the value is too old to be trusted and what it must be. One that came from
somewhere else than the application, such as a previous provider's token, has an end of its own beside it: from then on
it is not there, until the application has given the present value. House rule: judging is plain code on the payload;
fetching a value is one ask, and the value of a claim is never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

import msgspec

from segue.flow import ask
from segue.ids import TenantId, UserId, from_milliseconds, to_milliseconds
from segue.json import JsonObject, JsonValue
from segue.tokens.access import AccessClaims

_UNTIL = "segueUntil"
"""Beside `v` and `t`, in milliseconds: from then on the claim is not there. A name that nobody else writes."""


class ClaimSource(Protocol):
    """Where the application's claims come from."""

    def fetch_claim(self, claim: str, *, user_id: UserId, tenant_id: TenantId) -> JsonValue:
        """The present value of a claim; None: there is nothing to say, what the session has stays."""
        ...


class ClaimFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A validator that said no."""

    id: str
    reason: JsonValue = None
    """None: it gave none."""

    def as_json(self) -> dict[str, JsonValue]:
        """The member of `claimValidationErrors`."""
        return {"id": self.id} if self.reason is None else {"id": self.id, "reason": self.reason}


class ClaimValidator(Protocol):
    """What a route demands of one claim."""

    @property
    def claim(self) -> str:
        """Its name in the payload."""
        ...

    def wants_fetch(self, payload: JsonObject, *, now: datetime) -> bool:
        """Whether the value has to be fetched before it can be judged."""
        ...

    def judge(self, payload: JsonObject, *, now: datetime) -> ClaimFailure | None:
        """What is wrong with the claim; None: nothing."""
        ...


class Rule(Enum):
    """What a value must be. The wire names the expectation by the second word of each value."""

    HAS_VALUE = ("has_value", "expectedValue")
    INCLUDES = ("includes", "expectedToInclude")
    EXCLUDES = ("excludes", "expectedToNotInclude")
    INCLUDES_ALL = ("includes_all", "expectedToInclude")
    INCLUDES_ANY = ("includes_any", "expectedToIncludeAtLeastOneOf")
    EXCLUDES_ALL = ("excludes_all", "expectedToNotInclude")


class ClaimRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule for the value of one claim, and how old that value may be."""

    claim: str
    rule: Rule
    expected: JsonValue
    """A value, or for the rules about several of them a list."""
    max_age: timedelta | None = None
    """None: a value once fetched is good for ever."""
    id: str | None = None
    """What the client sees when it fails; None: the claim's name."""

    def wants_fetch(self, payload: JsonObject, *, now: datetime) -> bool:
        """Missing, or older than `max_age`."""
        return claim_value(payload, self.claim, now=now) is None or self._is_too_old(payload, now)

    def judge(self, payload: JsonObject, *, now: datetime) -> ClaimFailure | None:
        """Missing, too old, wrong: in this order."""
        reason = self._reason(payload, now)
        return None if reason is None else ClaimFailure(id=self.id or self.claim, reason=reason)

    def _reason(self, payload: JsonObject, now: datetime) -> JsonValue:
        value, expectation = claim_value(payload, self.claim, now=now), self.rule.value[1]
        if value is None:
            return {"message": "value does not exist", expectation: self.expected}
        if self.max_age is not None and self._is_too_old(payload, now):
            age = now - (fetched_at(payload, self.claim) or from_milliseconds(0))
            return {
                "message": "expired",
                "ageInSeconds": age // timedelta(seconds=1),
                "maxAgeInSeconds": self.max_age // timedelta(seconds=1),
            }
        if not holds(self.rule, value, self.expected):
            return {"message": "wrong value", expectation: self.expected, "actualValue": value}
        return None

    def _is_too_old(self, payload: JsonObject, now: datetime) -> bool:
        if self.max_age is None:
            return False
        fetched = fetched_at(payload, self.claim)
        return fetched is None or now - fetched > self.max_age


def holds(rule: Rule, value: JsonValue, expected: JsonValue) -> bool:
    """Whether a value is what a rule demands; about lists, a value that is no list never is."""
    if rule is Rule.HAS_VALUE:
        return _same(value, expected)
    return isinstance(value, list) and _LIST_RULES[rule](value, expected)


def _includes(values: list[JsonValue], one: JsonValue) -> bool:
    return any(_same(one, value) for value in values)


def _several(expected: JsonValue) -> list[JsonValue]:
    return expected if isinstance(expected, list) else [expected]


def _same(one: JsonValue, other: JsonValue) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)  # in JSON, true is not 1


_LIST_RULES: Mapping[Rule, Callable[[list[JsonValue], JsonValue], bool]] = {
    Rule.INCLUDES: _includes,
    Rule.EXCLUDES: lambda values, one: not _includes(values, one),
    Rule.INCLUDES_ALL: lambda values, all_of: all(_includes(values, one) for one in _several(all_of)),
    Rule.INCLUDES_ANY: lambda values, any_of: any(_includes(values, one) for one in _several(any_of)),
    Rule.EXCLUDES_ALL: lambda values, none_of: not any(_includes(values, one) for one in _several(none_of)),
}


def claim_value(payload: JsonObject, claim: str, *, now: datetime) -> JsonValue:
    """The value of a claim in a payload; None: there is none, or its end is over."""
    entry = payload.get(claim)
    return entry.get("v") if isinstance(entry, Mapping) and not _is_over(entry, now) else None


def fetched_at(payload: JsonObject, claim: str) -> datetime | None:
    """When the value of a claim was fetched, or None."""
    entry = payload.get(claim)
    at = entry.get("t") if isinstance(entry, Mapping) else None
    if not isinstance(at, int | float) or isinstance(at, bool):
        return None
    try:
        return from_milliseconds(int(at))
    except (OverflowError, OSError, ValueError):
        return None


def claim_entry(value: JsonValue, *, now: datetime) -> dict[str, JsonValue]:
    """A claim as it stands in a payload."""
    return {"v": value, "t": to_milliseconds(now)}


def carried_entry(value: JsonValue, *, fetched_at: datetime, until: datetime) -> dict[str, JsonValue]:
    """A claim that somebody else told, at that time, and that is not there any more from its end on."""
    return {"v": value, "t": to_milliseconds(fetched_at), _UNTIL: to_milliseconds(until)}


def without_ended(payload: JsonObject, *, now: datetime) -> JsonObject:
    """A payload as an access token made now shows it: without claims whose end is over."""
    ended = [
        name
        for name, entry in payload.items()
        if isinstance(entry, Mapping) and _UNTIL in entry and _is_over(entry, now)
    ]
    return {name: entry for name, entry in payload.items() if name not in ended} if ended else payload


def _is_over(entry: Mapping[str, JsonValue], now: datetime) -> bool:
    if _UNTIL not in entry:
        return False
    until = entry[_UNTIL]
    # Fails closed: an end that cannot be read has passed.
    return isinstance(until, bool) or not isinstance(until, int | float) or to_milliseconds(now) >= until


async def refetch(
    validators: tuple[ClaimValidator, ...], claims: AccessClaims, *, now: datetime
) -> dict[str, JsonValue]:
    """Fetch what the validators want fetched; the entries of the payload that change."""
    changes: dict[str, JsonValue] = {}
    for validator in validators:
        if not validator.wants_fetch({**claims.payload, **changes}, now=now):
            continue
        value = await ask(
            ClaimSource.fetch_claim, validator.claim, user_id=claims.user_id, tenant_id=claims.tenant_id
        )
        if value is not None:
            changes[validator.claim] = claim_entry(value, now=now)
    return changes


def failures(
    validators: tuple[ClaimValidator, ...], payload: JsonObject, *, now: datetime
) -> tuple[ClaimFailure, ...]:
    """All that is wrong, in the order of the validators."""
    found = (validator.judge(payload, now=now) for validator in validators)
    return tuple(failure for failure in found if failure is not None)
