"""
The kinds of previous providers, and which of them a credential is for.

House rule: a credential's own form or a name chooses, never a trial: keys, secrets and endpoints are not tried one
after the other (threat T6).
"""

from __future__ import annotations

import itertools
from typing import TypeAlias

from segue.errors import ConfigurationError
from segue.migration.claim_rules import IssuerClaim
from segue.migration.cookie_provider import CookieProvider
from segue.migration.mapping import SAME_ID, Prefixed
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.own_provider import OwnProvider
from segue.migration.provider import Provider

AnyProvider: TypeAlias = Provider | CookieProvider | OpaqueProvider | OwnProvider


def choose_by_issuer(providers: tuple[AnyProvider, ...], issuer: str | None) -> Provider | None:
    """
    The provider of JWTs that has this exact issuer; keys are never tried one after the other (threat T6).

    A token that names none is of the one provider whose tokens do so, if one is configured.
    """
    jwts = (each for each in providers if isinstance(each, Provider))
    if issuer is None:
        return next((each for each in jwts if _is_nameless(each)), None)
    return next((each for each in jwts if issuer in each.issuers and not _is_nameless(each)), None)


def _is_nameless(provider: Provider) -> bool:
    return provider.rules.issuer_claim is IssuerClaim.ABSENT


def require_distinct(providers: tuple[AnyProvider, ...]) -> None:
    """
    Refuse providers that could be taken for one another.

    Raises:
        ConfigurationError: a name, an issuer or a cookie twice, several providers of tokens without `iss`, or several
            whose subjects would share one id space.
    """
    values = {
        "provider name": [provider.name for provider in providers],
        "issuer": [issuer for provider in providers for issuer in provider.issuers],
        "cookie": [name for provider in providers for name in cookie_names(provider)],
    }
    for label, each in values.items():
        doubled = sorted({value for value in each if each.count(value) > 1})
        if doubled:
            raise ConfigurationError(f"{label} {doubled[0]!r} is configured twice")
    nameless = [each.name for each in providers if isinstance(each, Provider) and _is_nameless(each)]
    if len(nameless) > 1:
        raise ConfigurationError(
            f"the tokens of {', '.join(nameless)} name no issuer and could not be told apart: one such provider is "
            "taken at a time; let the other application put an iss into its tokens, or move its users later"
        )
    same = [provider.name for provider in providers if provider.map_user is SAME_ID]
    if len(same) > 1:
        raise ConfigurationError(
            f"providers {', '.join(same)} would all use their subjects as user ids, so that one's user could become "
            "another's; give all but one of them map_user"
        )
    _require_apart([each.map_user.prefix for each in providers if isinstance(each.map_user, Prefixed)])


def _require_apart(prefixes: list[str]) -> None:
    """An equal prefix can be meant: one old application whose people come with cookies and with tokens."""
    for first, second in itertools.permutations(prefixes, 2):
        if first != second and second.startswith(first):
            raise ConfigurationError(
                f"Prefixed({second!r}) begins with Prefixed({first!r}): who chooses his id at one provider could "
                "become another's user; choose prefixes of which none begins with another"
            )


def cookie_names(provider: AnyProvider) -> frozenset[str]:
    """The cookies that are read for a provider."""
    return provider.cookie_names if isinstance(provider, CookieProvider | OwnProvider) else frozenset()
