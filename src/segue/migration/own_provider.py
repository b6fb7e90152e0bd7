"""
A previous provider whose credentials the application verifies itself, as configured.

House rule: what the application's function returns is held to the same policy as everything else: age, cut-off, tenant,
user id, roll-out; it decides what a credential proves, never whether that is enough.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, cast

from segue.errors import ConfigurationError
from segue.migration.cookie_provider import OncePer
from segue.migration.cookies.model import OldSession
from segue.migration.credential import Credential
from segue.migration.named_issuer import NamedIssuerPolicy

VerifyCredential: TypeAlias = (
    Callable[[Credential], OldSession] | Callable[[Credential], Awaitable[OldSession]]
)
"""
Proves a credential or raises one of the `TokenRefused`; any other exception means that nothing is known, and a
retry may help. Awaitable only under `AsyncEngine`. `segue.migration.contract` holds one to the rules.
"""


class CredentialVerifier(Protocol):
    """The application's verifiers, as the flows ask for them."""

    def verify_credential(self, provider: str, credential: Credential) -> OldSession:
        """See `VerifyCredential`; what it answers is not believed to be an `OldSession` before that was looked at."""
        ...


class OwnProvider(NamedIssuerPolicy, frozen=True, kw_only=True):
    """
    A previous provider with a verifier of the application's own.

    Raises:
        ConfigurationError: what cannot be safe or cannot work; the text says how to mend it.
    """

    verify: VerifyCredential
    cookie_names: frozenset[str] = frozenset()
    """The cookies that it reads; none: it reads a bearer token."""
    once_per: OncePer = OncePer.PERSON

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_collections(("cookie_names", self.cookie_names, frozenset))
        if not callable(cast("object", self.verify)):
            raise ConfigurationError(f"{self.name}: verify must be a function that proves a credential")

    @property
    def asks_provider(self) -> bool:
        """The application is asked about every credential."""
        return True
