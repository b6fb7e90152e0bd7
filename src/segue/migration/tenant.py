"""
Which tenant a session is made in: the provider's, or the one that its proved claims name.

House rule: nothing that the caller says besides has a part in it (threat T23).
"""

from __future__ import annotations

import re

from segue.errors import ClaimsRefused
from segue.ids import TenantId
from segue.json import JsonObject
from segue.migration.policy import ProviderPolicy
from segue.migration.said import is_text

_TENANT = re.compile("[a-z0-9-]{1,64}")


def tenant_of(claims: JsonObject, provider: ProviderPolicy) -> TenantId:
    """
    The tenant for what *claims* prove.

    Raises:
        ClaimsRefused: they name none, or none of ours.
    """
    if provider.tenant_claim is None:
        return provider.tenant_id
    said = claims.get(provider.tenant_claim)
    if not is_text(said):
        raise ClaimsRefused(provider.tenant_claim)
    if provider.tenants:
        known = dict(provider.tenants)
        if said not in known:
            raise ClaimsRefused(provider.tenant_claim, "no tenant of ours")
        return known[said]
    if not _TENANT.fullmatch(said):
        raise ClaimsRefused(provider.tenant_claim, "not a tenant id")
    return TenantId(said)
