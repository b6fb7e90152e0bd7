"""
What every kind of provider says alike in the settings file: ages, ends, tenant, user ids, the end of the old session.

House rule: what is refused is refused with the provider's name in front; giving a check up is spelt `"any"`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypedDict, TypeVar

from segue.errors import ConfigurationError
from segue.ids import TenantId
from segue.migration.binding import Anyone
from segue.migration.carried import CarriedRole
from segue.migration.endings import Ending
from segue.migration.introspection import Introspection
from segue.migration.mapping import SAME_ID, FromClaim, ImportedTable, Prefixed, SameId
from segue.migration.rollout import Rollout, parse_rollout
from segue.service.endings import ending_from
from segue.service.private_files import read_private
from segue.service.schema import (
    AnyProviderSection,
    CarriedRoleSection,
    IntrospectionSection,
    OpaqueProviderSection,
    ProviderSection,
)

T = TypeVar("T")

ANY = "any"
"""Gives a check up, by name."""


class PolicyValues(TypedDict):
    """Members of `ProviderPolicy`."""

    leeway: timedelta
    maximum_age: timedelta
    session_lifetime: timedelta
    sign_ins_since: datetime | None
    issued_before: datetime | None
    deadline: datetime | None
    rollout: Rollout
    tenant_id: TenantId
    tenant_claim: str | None
    tenants: tuple[tuple[str, TenantId], ...]
    map_user: SameId | Prefixed | FromClaim | ImportedTable
    carried_claims: frozenset[str]
    carried_roles: tuple[CarriedRole, ...]
    revocation: Ending | None


def policy_values(section: AnyProviderSection, folder: Path) -> PolicyValues:
    """What does not depend on what the credentials are."""
    return {
        "leeway": section.leeway.span,
        "maximum_age": section.maximum_age.span,
        "session_lifetime": section.session_lifetime.span,
        "sign_ins_since": section.sign_ins_since,
        "issued_before": section.issued_before,
        "deadline": section.deadline,
        "rollout": named(section, lambda: parse_rollout(section.rollout)),
        "tenant_id": TenantId(section.tenant),
        "tenant_claim": section.tenant_claim,
        "tenants": tuple((said, TenantId(meant)) for said, meant in sorted(section.tenants.items())),
        "map_user": named(section, lambda: _mapping(section)),
        "carried_claims": section.carried_claims,
        "carried_roles": named(section, lambda: tuple(map(_carried, section.carried_roles))),
        "revocation": named(section, lambda: _revocation(section, folder)),
    }


def _carried(section: CarriedRoleSection) -> CarriedRole:
    return CarriedRole(
        claim=section.claim, session_claim=section.session_claim, maximum_age=section.maximum_age.span
    )


def _mapping(section: AnyProviderSection) -> SameId | Prefixed | FromClaim | ImportedTable:
    if section.user_ids == "imported":
        if section.user_id_claim or section.user_id_prefix:
            raise ConfigurationError("user_ids are imported; leave user_id_claim and user_id_prefix out")
        return ImportedTable()
    if section.user_id_claim is None:
        return Prefixed(section.user_id_prefix) if section.user_id_prefix else SAME_ID
    if section.user_id_prefix:
        raise ConfigurationError("user_id_claim names the whole user id; leave user_id_prefix out")
    return FromClaim(section.user_id_claim)


def named(section: AnyProviderSection, make: Callable[[], T]) -> T:
    """What *make* returns; what it refuses, with the provider's name in front."""
    try:
        return make()
    except ConfigurationError as error:
        text = ": ".join(map(str, error.args))
        known = text.startswith(f"provider {section.name}:")
        raise ConfigurationError(text if known else f"provider {section.name}: {text}") from error


def binding(
    given: tuple[str, ...] | str, surrender: Anyone, place: str, example: str
) -> frozenset[str] | Anyone:
    """
    For whom credentials must have been made.

    Raises:
        ConfigurationError: nobody is named.
    """
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


def _revocation(section: AnyProviderSection, folder: Path) -> Ending | None:
    if section.revocation is None:
        return None
    return ending_from(section.revocation, f"provider {section.name}: revocation", folder)


def introspection_of(section: ProviderSection | OpaqueProviderSection, folder: Path) -> Introspection | None:
    """
    Where the provider is asked about its tokens, and as whom.

    Raises:
        ConfigurationError: it cannot be asked, or the secret is not there.
    """
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
