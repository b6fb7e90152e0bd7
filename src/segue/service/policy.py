"""
The policy that is really in effect: what is checked of a provider's tokens, and what was given up (threat T24).

`segue doctor` prints it as a table and `segue serve` as a line when it starts. House rule: what is given up is named,
also when it was given up by leaving something out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from segue.config import Config
from segue.http.anti_csrf import AntiCsrfMode
from segue.migration.key_sources import KeySource, LiveKeys, PinnedFallback, PinnedKeys
from segue.migration.mapping import FromClaim, ImportedTable, Prefixed, SameId
from segue.migration.provider import Anyone, Provider
from segue.migration.rollout import ON
from segue.service.durations import format_duration
from segue.sessions.revocations import StaleFeed

_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for one provider."""

    name: str
    rules: tuple[tuple[str, str], ...]
    """What is looked at, and what it must be."""
    given_up: tuple[str, ...]
    """What a token could get away with, one sentence each."""


def policy_of(provider: Provider) -> Policy:
    """The rules of a provider, in the words of the settings file."""
    return Policy(name=provider.name, rules=tuple(_rules(provider)), given_up=tuple(_given_up(provider)))


def summary_of(provider: Provider) -> str:
    """The same on one line, without what has its default."""
    policy = policy_of(provider)
    shown = [f"{label} {value}" for label, value in policy.rules if label in _SUMMARY]
    return "; ".join([f"provider {provider.name}: {', '.join(shown)}", *policy.given_up])


_STALE = {
    StaleFeed.REFUSE: "sessions are refused with 503",
    StaleFeed.ACCEPT: "GIVEN UP: revocations wait, sessions go on",
}
_SUMMARY = ("issuers", "keys", "audiences", "authorized parties")


def _rules(provider: Provider) -> Iterable[tuple[str, str]]:
    yield "issuers", _listed(provider.issuers)
    yield "keys", _keys(provider.keys)
    yield "credential", provider.credential.value
    yield "audiences", _binding(provider.audiences)
    yield "authorized parties", _binding(provider.authorized_parties)
    yield "algorithms", _listed(sorted(algorithm.value for algorithm in provider.algorithms))
    yield "token types", _listed(sorted(provider.token_types))
    if provider.required_claims:
        yield "required claims", _listed(f"{name} = {value}" for name, value in provider.required_claims)
    yield "user id", _user_id(provider)
    yield "tenant", provider.tenant_id if provider.tenant_claim is None else f"by {provider.tenant_claim}"
    yield (
        "issued at most",
        f"{format_duration(provider.maximum_age)} ago, clocks may differ by {provider.leeway.seconds}s",
    )
    yield "is the sign-in still good", _live_check(provider)
    if provider.issued_before is not None:
        yield "issued before", _instant(provider.issued_before)
    if provider.rollout != ON:
        yield "roll-out", f"{provider.rollout}, unless its switch is set otherwise"
    yield "migrated until", "no end" if provider.deadline is None else _instant(provider.deadline)
    yield (
        "session ends at the latest",
        f"{format_duration(provider.session_lifetime)} after the sign-in there",
    )
    yield "old session", _ending(provider)
    if provider.carried_claims:
        yield "carried claims", _listed(sorted(provider.carried_claims))


def _given_up(provider: Provider) -> Iterable[str]:
    if isinstance(provider.audiences, Anyone):
        yield "GIVEN UP: the audience is not checked; right only if the issuer serves this one application"
    if isinstance(provider.authorized_parties, Anyone):
        yield "GIVEN UP: the authorised party is not checked; right only if the issuer has no other client"
    if isinstance(provider.keys, PinnedKeys):
        yield "pinned keys: a key that the provider withdraws stays good here"
    if provider.live_check is not None:
        yield (
            "GIVEN UP: keys alone decide; who is blocked or signed out at the provider still migrates for "
            f"{format_duration(provider.maximum_age)} after his token was made"
        )
    if provider.maximum_age > _DAY:
        yield f"tokens are taken until {format_duration(provider.maximum_age)} after they were issued"
    if provider.revocation is None:
        yield "the old session is not ended at the provider; the ledger alone keeps its token from coming back"
    if provider.carried_claims:
        yield "carried claims stay as they are when they change at the provider"


def http_rules(config: Config) -> tuple[tuple[str, str], ...]:
    """What holds for our own sessions on HTTP."""
    http, lifetimes = config.http, config.lifetimes
    cookies = f"SameSite={http.same_site}{', Secure' if http.secure else ', not Secure'}, HttpOnly"
    proof = {
        AntiCsrfMode.NONE: "SameSite alone",
        AntiCsrfMode.VIA_CUSTOM_HEADER: "a custom header",
        AntiCsrfMode.VIA_TOKEN: "a token",
    }[http.anti_csrf_mode]
    ends = [f"{format_duration(lifetimes.sliding)} after the last refresh"]
    if lifetimes.absolute is not None:
        ends.append(f"{format_duration(lifetimes.absolute)} after the sign-in at the latest")
    return (
        ("API", f"{http.api_domain}{http.routes_path}"),
        ("website", http.website_domain),
        ("trusted origins", _listed(sorted(config.trusted_origins)) or "none"),
        (
            "tokens ride",
            {"any": "as the client asks"}.get(http.token_transfer.value, http.token_transfer.value),
        ),
        (
            "cookies",
            f"{cookies}, {'of ' + http.cookie_domain if http.cookie_domain else 'of the host alone'}",
        ),
        ("proof against other sites", proof),
        ("access tokens", f"{format_duration(lifetimes.access)}, {config.signing_algorithm.value}"),
        ("a revocation is felt", f"within {format_duration(config.revocation_lag)}"),
        ("while the store does not answer", _STALE[config.stale_feed]),
        ("sessions end", ", ".join(ends)),
    )


def _keys(source: KeySource) -> str:
    match source:
        case PinnedKeys():
            return _pinned(source)
        case LiveKeys():
            return f"live from {source.jwks_url}" if source.jwks_url else f"live by {source.document_url}"
        case PinnedFallback():
            return f"{_keys(source.live)}; while it does not answer, {_pinned(source.pinned)}"
        case _:
            assert_never(source)


def _pinned(source: PinnedKeys) -> str:
    count = f"{len(source.keys)} pinned key{'s' if len(source.keys) != 1 else ''}"
    since = f" since {_instant(source.pinned_at)}" if source.pinned_at else ""
    until = f" until {_instant(source.not_after)}" if source.not_after else ""
    compared = ", compared with the live ones" if source.compare_with else ""
    return f"{count} ({_listed(sorted(source.keys.key_ids)) or 'no key id'}){since}{until}{compared}"


def _ending(provider: Provider) -> str:
    if provider.revocation is None:
        return "not ended at the provider"
    when = provider.revocation.when.value.replace("_", " ")
    return f"revoked at the provider, {when}"


def _live_check(provider: Provider) -> str:
    asked = {
        "introspection": provider.introspection,
        "valid_since": provider.valid_since,
        "check_user": provider.check_user,
        "sign_ins_since": provider.sign_ins_since,
    }
    return _listed(name for name, value in asked.items() if value) or "keys only: nobody is asked"


def _binding(values: frozenset[str] | Anyone) -> str:
    return "any" if isinstance(values, Anyone) else _listed(sorted(values))


def _user_id(provider: Provider) -> str:
    match provider.map_user:
        case Prefixed(prefix=prefix):
            return f"{prefix!r} and the provider's {provider.user_claim}"
        case FromClaim(name=name):
            return f"the text of {name}"
        case SameId():
            return f"the provider's {provider.user_claim}"
        case ImportedTable():
            return "from the imported table"
        case _:
            return "by the application"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
