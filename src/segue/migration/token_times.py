"""
When a token was issued, when its user signed in, and how long both count (RFC 7519 §4.1.4 to §4.1.6).

House rules: pure; what is there and no time is refused, never taken for absent; bounds are computed from our own time,
since a stranger's number may lie at the end of the calendar.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from segue.errors import ClaimsRefused, TokenExpired, TokenNotActive
from segue.json import JsonObject, JsonValue
from segue.migration.claim_rules import NO_RULES, ClaimPath, Moments, find_each, spelled
from segue.migration.provider import Provider
from segue.migration.said import instant_of

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def times_of(
    claims: JsonObject, provider: Provider, *, now: datetime
) -> tuple[datetime, datetime, datetime | None]:
    """
    When a token was issued, when its user signed in, and when it ends, if it does.

    Raises:
        TokenExpired: over, or older than `maximum_age`.
        TokenNotActive: issued, valid or signed in only in the future.
        ClaimsRefused: a time that has to be there is not, or is none; or it was issued after the cut-over.
    """
    rules = provider.rules.times
    unit = rules.unit.value
    issued_at, expires_at = _instant(claims, rules.issued, unit), _instant(claims, rules.expires, unit)
    if expires_at is None and rules.without_exp is None:
        raise ClaimsRefused(rules.expires)
    if issued_at is None:
        # A token's end less its whole life is when it was made; who knows neither knows no age.
        if expires_at is None or rules.lifetime is None:
            raise ClaimsRefused(rules.issued)
        issued_at = max(expires_at, _EPOCH + rules.lifetime) - rules.lifetime
    # Nobody can be given a token before he signs in: a later auth_time would only stretch the session (threat T10).
    signed_in_at = authenticated_at(claims, provider) or issued_at
    not_before = _instant(claims, "nbf", unit) or issued_at
    # Computed from our own time, which is no stranger's number: theirs may lie at the end of the calendar.
    earliest = now - provider.leeway
    if expires_at is not None and earliest >= expires_at:
        raise TokenExpired(rules.expires)
    if earliest - provider.maximum_age >= issued_at:
        raise TokenExpired(rules.issued)
    if expires_at is None and rules.without_exp and earliest - rules.without_exp.accepted_for >= issued_at:
        raise TokenExpired(rules.issued)
    latest = now + provider.leeway
    for name, instant in (
        (rules.issued, issued_at),
        ("nbf", not_before),
        (rules.authenticated, signed_in_at),
    ):
        if instant > latest:
            raise TokenNotActive(spelled(name))
    if provider.issued_before is not None and issued_at >= provider.issued_before:
        raise ClaimsRefused(rules.issued)
    return issued_at, min(signed_in_at, issued_at), expires_at


def authenticated_at(claims: JsonObject, provider: Provider) -> datetime | None:
    """
    When the user signed in: the earliest time that is there.

    Raises:
        ClaimsRefused: what is there is no time.
    """
    rules = provider.rules.times
    if rules is NO_RULES.times:
        return _instant(claims, "auth_time", 1)
    return min(_moments(claims, rules.authenticated, provider), default=None)


def sign_in_ends(claims: JsonObject, provider: Provider, *, now: datetime) -> datetime | None:
    """
    When the sign-in itself ends, where its tokens say so.

    Raises:
        TokenExpired: it has ended.
        ClaimsRefused: what is there is no time.
    """
    path = provider.rules.times.ends
    if path is None:
        return None
    ends = min(_moments(claims, path, provider), default=None)
    if ends is not None and now - provider.leeway >= ends:
        raise TokenExpired(spelled(path))
    return ends


def _moments(claims: JsonObject, path: ClaimPath, provider: Provider) -> list[datetime]:
    """The times at a path; null is refused where a plain claim holds it."""
    rules = provider.rules.times
    if isinstance(path, str) and rules.moments is Moments.NUMBERS:
        single = _instant(claims, path, rules.unit.value)
        return [] if single is None else [single]
    numbers = rules.moments is Moments.NUMBERS
    return [
        _number_instant(value, path, rules.unit.value) if numbers else _text_instant(value, path)
        for value in find_each(claims, path)
    ]


def _instant(claims: JsonObject, name: str, unit: int) -> datetime | None:
    """A NumericDate (RFC 7519 §2); None if it is not there."""
    return _number_instant(claims[name], name, unit) if name in claims else None


def _number_instant(value: JsonValue, path: ClaimPath, unit: int) -> datetime:
    instant = instant_of(value, per_second=unit)
    if instant is None:
        raise ClaimsRefused(spelled(path))
    return instant


def _text_instant(value: JsonValue, path: ClaimPath) -> datetime:
    """RFC 3339, with its offset."""
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # a day that no calendar has
    raise ClaimsRefused(spelled(path))
