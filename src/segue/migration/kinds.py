"""
The kinds of previous providers, and which of them a credential is for.

House rule: a credential's own form or a name chooses, never a trial: keys, secrets and endpoints are not tried one
after the other (threat T6).
"""

from __future__ import annotations

from typing import TypeAlias

from segue.errors import ConfigurationError
from segue.migration.cookie_provider import CookieProvider
from segue.migration.mapping import SAME_ID
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.own_provider import OwnProvider
from segue.migration.provider import Provider

AnyProvider: TypeAlias = Provider | CookieProvider | OpaqueProvider | OwnProvider


def choose_by_issuer(providers: tuple[AnyProvider, ...], issuer: str) -> Provider | None:
    """The provider of JWTs that has this exact issuer; keys are never tried one after the other (threat T6)."""
    return next((each for each in providers if isinstance(each, Provider) and issuer in each.issuers), None)


def require_distinct(providers: tuple[AnyProvider, ...]) -> None:
    """
    Refuse providers that could be taken for one another.

    Raises:
        ConfigurationError: a name, an issuer or a cookie twice, or several providers whose subjects would share one id
            space.
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
    same = [provider.name for provider in providers if provider.map_user is SAME_ID]
    if len(same) > 1:
        raise ConfigurationError(
            f"providers {', '.join(same)} would all use their subjects as user ids, so that one's user could become "
            "another's; give all but one of them map_user"
        )


def cookie_names(provider: AnyProvider) -> frozenset[str]:
    """The cookies that are read for a provider."""
    return provider.cookie_names if isinstance(provider, CookieProvider | OwnProvider) else frozenset()
