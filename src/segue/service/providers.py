"""
A `[[provider]]` of the settings file as a `Provider`.

Relative paths start at the settings file's folder. House rule: what the library would refuse in the words of Python is
refused here in the words of the file; giving a check up is spelt `"any"`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from segue.errors import ConfigurationError
from segue.ids import TenantId
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY, Anyone
from segue.migration.endings import Ending
from segue.migration.key_sources import LiveKeys, live_part
from segue.migration.mapping import SAME_ID, FromClaim, ImportedTable, Prefixed, SameId
from segue.migration.provider import DEFAULT_ALGORITHMS, CredentialKind, Provider
from segue.migration.rollout import parse_rollout
from segue.migration.user_state import KEYS_ONLY, Introspection
from segue.profiles import PROFILES, Profile
from segue.service.endings import ending_from
from segue.service.private_files import read_private
from segue.service.profiled import values_of
from segue.service.provider_keys import keys_from, live_from
from segue.service.schema import (
    IntrospectionSection,
    ProviderKeysSection,
    ProviderSection,
)
from segue.tokens.algorithms import Algorithm

T = TypeVar("T")

ANY = "any"
"""Gives a check up, by name."""

_KINDS = {"access_token": CredentialKind.ACCESS_TOKEN, "id_token": CredentialKind.ID_TOKEN}


def providers_of(sections: tuple[ProviderSection, ...], folder: Path) -> tuple[Provider, ...]:
    """
    All providers of a file.

    Raises:
        ConfigurationError: one of them cannot be safe, or two could make one user id.
    """
    for first, second in itertools.permutations(sections, 2):
        # By claim or table our own ids are named: the same in both is meant.
        ours = [each for each in (first, second) if each.user_id_claim or each.user_ids == "imported"]
        if not ours and second.user_id_prefix.startswith(first.user_id_prefix):
            raise ConfigurationError(
                f"a user of provider {second.name} could get the id of one of {first.name}: give each provider a "
                "user_id_prefix, none of which begins with another"
            )
    return tuple(provider_of(section, folder) for section in sections)


def provider_of(section: ProviderSection, folder: Path) -> Provider:
    """
    One provider.

    Raises:
        ConfigurationError: it cannot be safe or cannot work.
    """
    if section.profile is not None:
        return _named(section, lambda: _by_profile(section, PROFILES[section.profile or ""], folder))
    if section.values:
        raise ConfigurationError(f"provider {section.name}: values belong to a profile; name it")
    if not section.issuers:
        raise ConfigurationError(
            f"provider {section.name}: issuers is empty; list the exact iss of its tokens, with or without a slash "
            "at the end, as it is there"
        )
    audiences = _binding(
        section.audiences, ANY_AUDIENCE, f"provider {section.name}: audiences", "your API's identifier"
    )
    parties = _binding(
        section.authorized_parties,
        ANY_PARTY,
        f"provider {section.name}: authorized_parties",
        "the client ids of your pages",
    )
    place = f"provider {section.name}: keys"
    policy: dict[str, Any] = {**_policy(section, folder)}
    return Provider(
        name=section.name,
        issuers=section.issuers,
        audiences=audiences,
        authorized_parties=parties,
        credential=_KINDS[section.credential],
        token_types=section.token_types,
        required_claims=tuple(sorted(section.required_claims.items())),
        user_claim=section.user_claim,
        session_claims=section.session_claims,
        keys=_named(
            section,
            lambda: keys_from(
                section.keys, place, folder, live=lambda: live_from(section.keys, section.issuers[0])
            ),
        ),
        algorithms=_algorithms(section),
        **policy,
    )


def _algorithms(section: ProviderSection) -> frozenset[Algorithm]:
    """A shared secret signs HS256, unless it is said."""
    if section.algorithms is not None:
        return section.algorithms
    shared = section.keys.secret is not None or section.keys.secret_file is not None
    return frozenset({Algorithm.HS256}) if shared else DEFAULT_ALGORITHMS


def _by_profile(section: ProviderSection, profile: Profile, folder: Path) -> Provider:
    """What the profile knows, with the file's values, keys and policy in it."""
    place = f"provider {section.name}: keys"
    known: dict[str, Any] = {
        "name": section.name,
        **values_of(profile, section.values, f"provider {section.name}"),
        **_policy(section, folder),
    }
    if section.algorithms is not None:
        known["algorithms"] = section.algorithms
    if section.keys == ProviderKeysSection() or not profile.keys_given:
        made = profile.make(**known)  # says what is missing, keys of a profile without any among it
        own = live_part(made.keys)
        if section.keys == ProviderKeysSection() or own is None:
            return made
        known["keys"] = keys_from(section.keys, place, folder, live=lambda: _tuned(own, section.keys, place))
    else:
        known["keys"] = keys_from(section.keys, place, folder, live=lambda: _nobody_to_ask(profile, place))
    return profile.make(**known)


def _tuned(own: LiveKeys, keys: ProviderKeysSection, place: str) -> LiveKeys:
    """The profile's place to ask, with the file's times."""
    for name in ("discovery_url", "jwks_url", "allowed_hosts"):
        if getattr(keys, name):
            raise ConfigurationError(f"{place}: {name} is what the profile knows; leave it out")
    spans = {
        name: span.span for name in ("max_age", "stale_for", "cool_down") if (span := getattr(keys, name))
    }
    return replace(own, **spans)


def _nobody_to_ask(profile: Profile, place: str) -> LiveKeys:
    raise ConfigurationError(
        f"{place}: {profile.title} publishes no keys that could be asked for; give secret_file, or pem or file"
    )


def _policy(section: ProviderSection, folder: Path) -> dict[str, object]:
    """What does not depend on what the credentials are."""
    return {
        "leeway": section.leeway.span,
        "maximum_age": section.maximum_age.span,
        "session_lifetime": section.session_lifetime.span,
        "live_check": None if section.live_check is None else KEYS_ONLY,
        "introspection": _named(section, lambda: _introspection(section, folder)),
        "sign_ins_since": section.sign_ins_since,
        "issued_before": section.issued_before,
        "deadline": section.deadline,
        "rollout": _named(section, lambda: parse_rollout(section.rollout)),
        "tenant_id": TenantId(section.tenant),
        "tenant_claim": section.tenant_claim,
        "tenants": tuple((said, TenantId(meant)) for said, meant in sorted(section.tenants.items())),
        "map_user": _named(section, lambda: _mapping(section)),
        "carried_claims": section.carried_claims,
        "revocation": _named(section, lambda: _revocation(section, folder)),
    }


def _mapping(section: ProviderSection) -> SameId | Prefixed | FromClaim | ImportedTable:
    if section.user_ids == "imported":
        if section.user_id_claim or section.user_id_prefix:
            raise ConfigurationError("user_ids are imported; leave user_id_claim and user_id_prefix out")
        return ImportedTable()
    if section.user_id_claim is None:
        return Prefixed(section.user_id_prefix) if section.user_id_prefix else SAME_ID
    if section.user_id_prefix:
        raise ConfigurationError("user_id_claim names the whole user id; leave user_id_prefix out")
    return FromClaim(section.user_id_claim)


def _named(section: ProviderSection, make: Callable[[], T]) -> T:
    """What *make* returns; what it refuses, with the provider's name in front."""
    try:
        return make()
    except ConfigurationError as error:
        text = ": ".join(map(str, error.args))
        known = text.startswith(f"provider {section.name}:")
        raise ConfigurationError(text if known else f"provider {section.name}: {text}") from error


def _binding(
    given: tuple[str, ...] | str, surrender: Anyone, place: str, example: str
) -> frozenset[str] | Anyone:
    if given == ANY:
        return surrender
    if isinstance(given, str):
        raise ConfigurationError(f'{place} must be a list, or "{ANY}" to give the check up')
    if not given or ANY in given:
        raise ConfigurationError(
            f'{place} names nobody, so that another application\'s tokens would do: list {example}, or write "{ANY}" '
            "without brackets to give the check up"
        )
    return frozenset(given)


def _revocation(section: ProviderSection, folder: Path) -> Ending | None:
    if section.revocation is None:
        return None
    return ending_from(section.revocation, f"provider {section.name}: revocation", folder)


def _introspection(section: ProviderSection, folder: Path) -> Introspection | None:
    asked = section.introspection
    if asked is None:
        return None
    secret = _client_secret(asked, f"provider {section.name}: introspection", folder)
    return Introspection(url=asked.url, client_id=asked.client_id, client_secret=secret or "")


def _client_secret(section: IntrospectionSection, place: str, folder: Path) -> str | None:
    if section.client_secret_file is None:
        return section.client_secret
    if section.client_secret is not None:
        raise ConfigurationError(f"{place}: give client_secret or client_secret_file, not both")
    return read_private(folder / section.client_secret_file).strip()
