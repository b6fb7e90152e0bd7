"""
The providers of the settings file; a `[[provider]]`, whose credentials are JWTs, as a `Provider`.

Relative paths start at the settings file's folder. House rule: what the library would refuse in the words of Python is
refused here in the words of the file; giving a check up is spelt `"any"`.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, assert_never

from msgspec.structs import replace

from segue.errors import ConfigurationError
from segue.migration.back_channel import BackChannelLogout, LogoutReach
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY, Anyone
from segue.migration.introspection import Introspection
from segue.migration.key_sources import LiveKeys, live_part
from segue.migration.kinds import AnyProvider
from segue.migration.provider import DEFAULT_ALGORITHMS, CredentialKind, Provider
from segue.migration.user_state import KEYS_ONLY, KeysOnly
from segue.profiles import PROFILES, Profile
from segue.service.other_providers import cookie_provider_of, opaque_provider_of
from segue.service.profiled import values_of
from segue.service.provider_keys import keys_from, live_from
from segue.service.provider_policy import PolicyValues, binding, introspection_of, named, policy_values
from segue.service.schema import (
    AnyProviderSection,
    CookieProviderSection,
    OpaqueProviderSection,
    ProviderKeysSection,
    ProviderSection,
)
from segue.tokens.algorithms import Algorithm

_KINDS = {"access_token": CredentialKind.ACCESS_TOKEN, "id_token": CredentialKind.ID_TOKEN}


def providers_of(sections: tuple[AnyProviderSection, ...], folder: Path) -> tuple[AnyProvider, ...]:
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


def provider_of(section: AnyProviderSection, folder: Path) -> AnyProvider:
    """
    One provider of any kind.

    Raises:
        ConfigurationError: it cannot be safe or cannot work.
    """
    match section:
        case ProviderSection():
            return _believing(_jwt_provider_of(section, folder), section)
        case OpaqueProviderSection():
            return opaque_provider_of(section, folder)
        case CookieProviderSection():
            return cookie_provider_of(section, folder)
        case _:
            assert_never(section)


def _believing(made: Provider, section: ProviderSection) -> Provider:
    """Logout tokens are addressed to the clients that the pages sign in with, unless the file says otherwise."""
    believed = section.back_channel_logout
    if believed is None:
        return made
    parties = made.authorized_parties
    clients = frozenset[str]() if isinstance(parties, Anyone) else parties
    audiences = clients if believed.audiences is None else believed.audiences
    return named(
        section,
        lambda: replace(
            made,
            back_channel_logout=BackChannelLogout(audiences=audiences, reach=LogoutReach(believed.reach)),
        ),
    )


def _jwt_provider_of(section: ProviderSection, folder: Path) -> Provider:
    if section.profile is not None:
        return named(section, lambda: _by_profile(section, PROFILES[section.profile or ""], folder))
    if section.values:
        raise ConfigurationError(f"provider {section.name}: values belong to a profile; name it")
    if not section.issuers:
        raise ConfigurationError(
            f"provider {section.name}: issuers is empty; list the exact iss of its tokens, with or without a slash "
            "at the end, as it is there"
        )
    audiences = binding(
        section.audiences, ANY_AUDIENCE, f"provider {section.name}: audiences", "your API's identifier"
    )
    parties = binding(
        section.authorized_parties,
        ANY_PARTY,
        f"provider {section.name}: authorized_parties",
        "the client ids of your pages",
    )
    place = f"provider {section.name}: keys"
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
        keys=named(
            section,
            lambda: keys_from(
                section.keys, place, folder, live=lambda: live_from(section.keys, section.issuers[0])
            ),
        ),
        algorithms=_algorithms(section),
        **_policy_of(section, folder),
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
        **_policy_of(section, folder),
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


class _JwtPolicy(PolicyValues):
    live_check: KeysOnly | None
    introspection: Introspection | None


def _policy_of(section: ProviderSection, folder: Path) -> _JwtPolicy:
    return {
        **policy_values(section, folder),
        "live_check": None if section.live_check is None else KEYS_ONLY,
        "introspection": named(section, lambda: introspection_of(section, folder)),
    }
