"""
The policy that is really in effect: what is checked of a provider's tokens, and what was given up (threat T24).

`segue doctor` prints it as a table and `segue serve` as a line when it starts. House rule: what is given up is named,
also when it was given up by leaving something out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from segue.config import Config
from segue.http.anti_csrf import AntiCsrfMode
from segue.migration.binding import Anyone
from segue.migration.cookie_provider import CookieProvider, OncePer
from segue.migration.endings import Reach
from segue.migration.endings.model import in_words
from segue.migration.key_sources import PinnedKeys
from segue.migration.kinds import AnyProvider
from segue.migration.mapping import FromClaim, ImportedTable, Prefixed, SameId
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.own_provider import OwnProvider
from segue.migration.policy import ProviderPolicy
from segue.migration.provider import Provider
from segue.migration.rollout import ON
from segue.migration.shared_secrets import SharedSecrets
from segue.service.durations import format_duration
from segue.service.kind_rules import instant_text, listed, rules_of_kind
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


def policy_of(provider: AnyProvider) -> Policy:
    """The rules of a provider, in the words of the settings file."""
    return Policy(name=provider.name, rules=tuple(_rules(provider)), given_up=tuple(_given_up(provider)))


def summary_of(provider: AnyProvider) -> str:
    """The same on one line, without what has its default."""
    policy = policy_of(provider)
    shown = [f"{label} {value}" for label, value in policy.rules if label in _SUMMARY]
    return "; ".join([f"provider {provider.name}: {', '.join(shown)}", *policy.given_up])


_STALE = {
    StaleFeed.REFUSE: "sessions are refused with 503",
    StaleFeed.ACCEPT: "GIVEN UP: revocations wait, sessions go on",
}
_NOT_ENDED = "not ended at the provider"
_SUMMARY = ("issuers", "keys", "cookies", "verified by", "audiences", "authorized parties")


def _rules(provider: AnyProvider) -> Iterable[tuple[str, str]]:
    yield "issuers", listed(provider.issuers)
    yield from rules_of_kind(provider)
    yield "user id", _user_id(provider)
    yield "tenant", provider.tenant_id if provider.tenant_claim is None else f"by {provider.tenant_claim}"
    yield (
        "issued at most",
        f"{format_duration(provider.maximum_age)} ago, clocks may differ by {provider.leeway.seconds}s",
    )
    yield "is the sign-in still good", _live_check(provider)
    if provider.issued_before is not None:
        yield "issued before", instant_text(provider.issued_before)
    if provider.rollout != ON:
        yield "roll-out", f"{provider.rollout}, unless its switch is set otherwise"
    yield "migrated until", "no end" if provider.deadline is None else instant_text(provider.deadline)
    yield (
        "session ends at the latest",
        f"{format_duration(provider.session_lifetime)} after the sign-in there",
    )
    yield "old session", _ending(provider)
    if provider.carried_claims:
        yield "carried claims", listed(sorted(provider.carried_claims))
    if provider.carried_roles:
        yield (
            "carried roles",
            listed(f"{role} for {format_duration(role.maximum_age)}" for role in provider.carried_roles),
        )


def _given_up(provider: AnyProvider) -> Iterable[str]:
    if isinstance(provider, Provider):
        yield from _given_up_of_jwts(provider)
    if isinstance(provider, OpaqueProvider) or (
        isinstance(provider, Provider) and not _binds_otherwise(provider)
    ):
        if isinstance(provider.audiences, Anyone):
            yield "GIVEN UP: the audience is not checked; right only if the issuer serves this one application"
        if isinstance(provider.authorized_parties, Anyone):
            yield "GIVEN UP: the authorised party is not checked; right only if the issuer has no other client"
    if isinstance(provider, CookieProvider | OwnProvider) and provider.once_per is OncePer.CREDENTIAL:
        yield "GIVEN UP: a credential without id and time of sign-in that is renewed buys another session each time"
    if isinstance(provider, Provider) and isinstance(provider.keys, PinnedKeys):
        yield "pinned keys: a key that the provider withdraws stays good here"
    if provider.live_check is not None:
        yield (
            "GIVEN UP: keys alone decide; who is blocked or signed out at the provider still migrates for "
            f"{format_duration(provider.maximum_age)} after his token was made"
        )
    if provider.maximum_age > _DAY:
        yield f"tokens are taken until {format_duration(provider.maximum_age)} after they were issued"
    if provider.ending is None:
        yield "the old session is not ended at the provider; the ledger alone keeps its token from coming back"
    elif provider.ending.reach is Reach.USER:
        yield (
            "a migration ends ALL sessions of its user at the provider: on devices that have not migrated yet "
            "the user has to sign in again"
        )
    if provider.carried_claims:
        yield "carried claims stay as they are when they change at the provider"
    for role in provider.carried_roles:
        yield (
            f"{role.session_claim} stays as it was at the provider for {format_duration(role.maximum_age)} after the "
            "old credential was made, whatever is taken away there"
        )


def _binds_otherwise(provider: Provider) -> bool:
    """A profile knows what binds its tokens, and a reason for the issuer alone is a rule of its own."""
    return provider.rules.profile is not None or provider.rules.issuer_only is not None


def _given_up_of_jwts(provider: Provider) -> Iterable[str]:
    if isinstance(provider.keys, SharedSecrets):
        yield "shared secret: whoever has it makes tokens for anybody"
        if provider.keys.short is not None:
            yield "GIVEN UP: a short secret is found by trying, from a single token"
    for unwanted in sorted(provider.rules.admitted, key=lambda each: each.value):
        yield f"GIVEN UP: {unwanted.value} are let in"


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
        ("token exchange", _exchange(config)),
        ("trusted origins", listed(sorted(config.trusted_origins)) or "none"),
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


def _exchange(config: Config) -> str:
    exchange = config.http.token_exchange
    if exchange is None:
        return "off"
    return listed(
        f"{client.client_id} ({'by its secret' if client.confidential else 'public'})"
        for client in exchange.clients
    )


def _ending(provider: AnyProvider) -> str:
    return _NOT_ENDED if provider.ending is None else f"ended there by {in_words(provider.ending)}"


def _live_check(provider: AnyProvider) -> str:
    asked: dict[str, object] = {
        _ASKED[type(provider)]: provider.asks_provider,
        "valid_since": provider.valid_since,
        "check_user": provider.check_user,
        "sign_ins_since": provider.sign_ins_since,
    }
    return listed(name for name, value in asked.items() if value) or "keys only: nobody is asked"


_ASKED: dict[type[ProviderPolicy], str] = {
    Provider: "introspection",
    CookieProvider: "the old application's store",
    OpaqueProvider: "introspection",
    OwnProvider: "the application",
}


def _user_id(provider: AnyProvider) -> str:
    match provider.map_user:
        case Prefixed(prefix=prefix):
            return f"{prefix!r} and the provider's {_subject(provider)}"
        case FromClaim(name=name):
            return f"the text of {name}"
        case SameId():
            return f"the provider's {_subject(provider)}"
        case ImportedTable():
            return "from the imported table"
        case _:
            return "by the application"


def _subject(provider: AnyProvider) -> str:
    if isinstance(provider, Provider) and provider.rules.subject is not None:
        return str(provider.rules.subject)
    return provider.user_claim if isinstance(provider, Provider | OpaqueProvider) else "user id"
