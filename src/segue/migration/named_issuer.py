"""
Providers whose credentials do not say who issued them: the configuration does.

A signed cookie, a row in a table, an opaque token name no issuer that could be believed before they are looked at. Yet
a person is (issuer, subject) everywhere: in the ledger, in the table of identities, in the report. House rule: the name
stays as it is while old credentials live, or a sign-in that was migrated could be migrated again.
"""

from __future__ import annotations

from segue.errors import ConfigurationError
from segue.migration.policy import ProviderPolicy


class NamedIssuerPolicy(ProviderPolicy, frozen=True, kw_only=True):
    """Policy of a provider that is given its issuer's name."""

    issuer: str | None = None
    """What the ledger and the table of identities know its people by; None: the provider's name."""

    def __post_init__(self) -> None:
        super().__post_init__()
        issuer = self.issuer
        if issuer is not None and not (
            0 < len(issuer) <= 512 and issuer.isprintable() and issuer == issuer.strip()
        ):
            raise ConfigurationError(f"{self.name}: issuer must be 1 to 512 visible characters, or left out")

    @property
    def issuers(self) -> tuple[str, ...]:
        """As of a provider whose tokens name theirs."""
        return (self.issuer or self.name,)
