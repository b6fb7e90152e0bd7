"""
A `[[provider]]` of the settings file as a `Provider`.

Relative paths start at the settings file's folder. House rule: what the library would refuse in the words of Python is
refused here in the words of the file; giving a check up is spelt `"any"`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from segue.errors import ConfigurationError
from segue.ids import TenantId
from segue.json import JsonObject, parse_object
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY, Anyone
from segue.migration.endings import Ending
from segue.migration.key_cache import CacheRules
from segue.migration.key_sources import KeySource, LiveKeys, PinnedFallback, PinnedKeys
from segue.migration.mapping import SAME_ID, FromClaim, ImportedTable, Prefixed, SameId
from segue.migration.provider import DEFAULT_ALGORITHMS, CredentialKind, Provider
from segue.migration.rollout import parse_rollout
from segue.migration.user_state import KEYS_ONLY, Introspection
from segue.service.endings import ending_from
from segue.service.private_files import read_private
from segue.service.schema import (
    IntrospectionSection,
    ProviderKeysSection,
    ProviderSection,
)

T = TypeVar("T")

ANY = "any"
"""Gives a check up, by name."""

_KINDS = {"access_token": CredentialKind.ACCESS_TOKEN, "id_token": CredentialKind.ID_TOKEN}
_RULES = CacheRules()


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
    return Provider(
        name=section.name,
        issuers=section.issuers,
        keys=_named(section, lambda: _keys(section, folder)),
        audiences=audiences,
        authorized_parties=parties,
        credential=_KINDS[section.credential],
        algorithms=DEFAULT_ALGORITHMS if section.algorithms is None else section.algorithms,
        token_types=section.token_types,
        required_claims=tuple(sorted(section.required_claims.items())),
        user_claim=section.user_claim,
        session_claims=section.session_claims,
        leeway=section.leeway.span,
        maximum_age=section.maximum_age.span,
        session_lifetime=section.session_lifetime.span,
        live_check=None if section.live_check is None else KEYS_ONLY,
        introspection=_named(section, lambda: _introspection(section, folder)),
        sign_ins_since=section.sign_ins_since,
        issued_before=section.issued_before,
        deadline=section.deadline,
        rollout=_named(section, lambda: parse_rollout(section.rollout)),
        tenant_id=TenantId(section.tenant),
        tenant_claim=section.tenant_claim,
        tenants=tuple((said, TenantId(meant)) for said, meant in sorted(section.tenants.items())),
        map_user=_named(section, lambda: _mapping(section)),
        carried_claims=section.carried_claims,
        revocation=_named(section, lambda: _revocation(section, folder)),
    )


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


def _keys(section: ProviderSection, folder: Path) -> KeySource:
    keys, place = section.keys, f"provider {section.name}: keys"
    pins = [name for name in ("file", "inline", "pem") if getattr(keys, name) is not None]
    if len(pins) > 1:
        raise ConfigurationError(f"{place}: give one of {' and '.join(pins)}")
    if not pins:
        _refuse(keys, _OF_PINS, place, "belongs to pinned keys: file, inline or pem")
        if keys.use_pinned != "always":
            raise ConfigurationError(f"{place}: use_pinned needs pinned keys: file, inline or pem")
        return _live(section)
    _require_pins(keys, pins[0], place)
    if keys.use_pinned == "as_fallback":
        return PinnedFallback(live=_live(section), pinned=_pinned(keys, folder, None))
    return _pinned(keys, folder, _live(section) if keys.compare else None)


_OF_PINS = ("key_id", "key_ids", "pinned_at", "not_after", "compare")
_OF_LIVE = ("discovery_url", "jwks_url", "allowed_hosts", "max_age", "stale_for", "cool_down")


def _require_pins(keys: ProviderKeysSection, pin: str, place: str) -> None:
    if keys.use_pinned == "always" and not keys.compare:
        _refuse(
            keys,
            _OF_LIVE,
            place,
            f"belongs to live keys; with {pin} nobody is asked, unless compare or use_pinned says so",
        )
    if keys.use_pinned == "as_fallback" and keys.compare:
        raise ConfigurationError(
            f"{place}: the pinned keys of a fallback are compared anyway; leave compare out"
        )
    if keys.key_id is not None and keys.pem is None:
        raise ConfigurationError(f"{place}: key_id belongs to pem; a JWK set names its keys itself")
    if keys.key_ids is not None and keys.pem is not None:
        raise ConfigurationError(f"{place}: key_ids choose from a JWK set; pem has one key")


def _refuse(keys: ProviderKeysSection, names: tuple[str, ...], place: str, why: str) -> None:
    for name in names:
        if getattr(keys, name):
            raise ConfigurationError(f"{place}: {name} {why}")


def _live(section: ProviderSection) -> LiveKeys:
    keys = section.keys
    return LiveKeys(
        issuer=section.issuers[0],
        discovery_url=keys.discovery_url,
        jwks_url=keys.jwks_url,
        allowed_hosts=keys.allowed_hosts,
        max_age=_RULES.max_age if keys.max_age is None else keys.max_age.span,
        stale_for=_RULES.stale_for if keys.stale_for is None else keys.stale_for.span,
        cool_down=_RULES.cool_down if keys.cool_down is None else keys.cool_down.span,
    )


def _pinned(keys: ProviderKeysSection, folder: Path, compared: LiveKeys | None) -> PinnedKeys:
    pinned_at, not_after = keys.pinned_at, keys.not_after
    if keys.pem is not None:
        return PinnedKeys.from_pem(
            keys.pem, key_id=keys.key_id, pinned_at=pinned_at, not_after=not_after, compare_with=compared
        )
    if keys.file is not None:
        path = folder / keys.file
        return PinnedKeys.from_file(
            path,
            key_ids=keys.key_ids,
            pinned_at=pinned_at or pinned_when(path),
            not_after=not_after,
            compare_with=compared,
        )
    inline: JsonObject = keys.inline or {}
    return PinnedKeys.from_jwks(
        inline, key_ids=keys.key_ids, pinned_at=pinned_at, not_after=not_after, compare_with=compared
    )


def pinned_when(path: Path) -> datetime | None:
    """When `segue pin` wrote a file; None of any other."""
    try:
        written = parse_object(path.read_bytes()).get("pinned_at")
        return datetime.fromisoformat(written) if isinstance(written, str) else None
    except (OSError, ValueError):
        return None  # whether the file is any good is for `PinnedKeys` to say


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
