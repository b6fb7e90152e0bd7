"""
Whom a token speaks of: the provider's own user id, and what names the sign-in (RFC 7519 §4.1.2).

House rule: pure; what is there in another form is refused, never taken for absent.
"""

from __future__ import annotations

from segue.errors import ClaimsRefused
from segue.json import JsonObject
from segue.migration.claim_rules import MISSING, ClaimPath, SubjectRule, find, spelled
from segue.migration.provider import Provider
from segue.migration.said import is_text


def session_id_of(claims: JsonObject, provider: Provider) -> str | None:
    """
    What names the sign-in, the first of `session_claims` that is there; None: nothing does.

    Raises:
        ClaimsRefused: what is there is no short text.
    """
    return next(
        (found for path in provider.session_claims if (found := find_text(claims, path)) is not None), None
    )


def subject_of(claims: JsonObject, provider: Provider) -> str:
    """
    The provider's own user id: one person, for good.

    Raises:
        ClaimsRefused: there is none, or not of the provider's form.
    """
    rule = provider.rules.subject
    if rule is None:
        return _required_text(claims, provider.user_claim)
    own = next((found for path in rule.claims if (found := _id_text(claims, path, rule)) is not None), None)
    if own is None:
        raise ClaimsRefused(spelled(rule.claims[0]))
    if rule.pattern is not None and not rule.pattern.fullmatch(own):
        raise ClaimsRefused(spelled(rule.claims[0]), "not of the form of the provider's user ids")
    return ":".join([*(_required_text(claims, path) for path in rule.scope), own])


def _id_text(claims: JsonObject, path: ClaimPath, rule: SubjectRule) -> str | None:
    value = find(claims, path)
    if rule.whole_numbers and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    return find_text(claims, path)


def _required_text(claims: JsonObject, path: ClaimPath) -> str:
    text = find_text(claims, path)
    if text is None:
        raise ClaimsRefused(spelled(path))
    return text


def find_text(claims: JsonObject, path: ClaimPath) -> str | None:
    """
    The text at a path; None: it is not there, or null.

    Raises:
        ClaimsRefused: there, but no short text.
    """
    value = claims.get(path) if isinstance(path, str) else find(claims, path)
    if value is None or value is MISSING:
        return None
    if not is_text(value):
        raise ClaimsRefused(spelled(path))
    return value
