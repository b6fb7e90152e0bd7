"""
Rules about claims in words: for `segue doctor`, and for the pages of the profiles.

House rule: every rule that is in effect has its line; what is given up is called so.
"""

from __future__ import annotations

from collections.abc import Iterator

from segue.migration.claim_rules import NO_RULES, ClaimRules, ClockUnit, IssuerClaim, TimeClaims, spelled


def ran_against(software: str | None) -> str:
    """What the tests of a profile stand on."""
    return "not run against the live service" if software is None else f"run against {software}"


def rules_in_words(rules: ClaimRules) -> Iterator[tuple[str, str]]:
    """A label and what holds, for each rule that is not the usual."""
    if rules.profile is not None:
        yield "profile", f"{rules.profile}, {ran_against(rules.run_against)}"
    if rules.issuer_claim is IssuerClaim.ABSENT:
        yield "issuer", "its tokens name none, and one that does is refused"
    if rules.issuer_only is not None:
        yield "bound by the issuer alone", rules.issuer_only
    if rules.client_claims != NO_RULES.client_claims:
        yield "client is named by", ", ".join(rules.client_claims)
    if rules.required:
        yield "must be there", ", ".join(map(str, rules.required))
    if rules.one_of:
        yield "must be", ", ".join(map(str, rules.one_of))
    for tie in rules.issuer_ties:
        yield f"of {tie.issuer}", f"{spelled(tie.path)} = {tie.value}"
    marks = [(mark.because, str(mark)) for mark in rules.refused]
    marks += [(mark.because, f"in the header {mark}") for mark in rules.refused_headers]
    for unwanted in dict.fromkeys(because for because, _ in marks):
        yield f"refused: {unwanted.value}", "; ".join(text for because, text in marks if because is unwanted)
    if rules.subject is not None:
        yield "subject", str(rules.subject)
    yield from _times(rules.times)
    for text in rules.unproven:
        yield "not proven", text


def _times(times: TimeClaims) -> Iterator[tuple[str, str]]:
    usual = NO_RULES.times
    if (times.issued, times.expires) != (usual.issued, usual.expires) or times.unit is not usual.unit:
        unit = "milliseconds" if times.unit is ClockUnit.MILLISECONDS else "seconds"
        yield "times", f"{times.issued} and {times.expires}, in {unit}"
    if times.authenticated != usual.authenticated:
        yield "signed in at", spelled(times.authenticated)
    if times.name_the_sign_in:
        yield "a sign-in without id is named by", spelled(times.authenticated)
    if times.ends is not None:
        yield "sign-in ends at", spelled(times.ends)
    if times.without_exp is not None:
        yield "without exp", f"taken for {times.without_exp.accepted_for} after they were issued"
    if times.lifetime is not None:
        yield "without iat", f"issued {times.lifetime} before exp"
