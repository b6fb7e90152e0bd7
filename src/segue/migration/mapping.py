"""
From a provider's identity to our user id, as far as configuration alone can say.

House rule: an identity is (issuer, subject); what is computed here is computed from verified claims and asks nobody,
so that it can be done again at every retry without effects.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from segue.errors import ConfigurationError, UserUnknown
from segue.migration.model import Identity

UNSTABLE = frozenset(
    {"email", "name", "nickname", "phone_number", "preferred_username", "unique_name", "upn"}
)
"""Claims that are changed and handed on to other people (OIDC Core §5.7)."""


class SameId(Enum):
    """Our user id is the provider's subject."""

    SAME = "same"


SAME_ID: Final = SameId.SAME


class Prefixed(msgspec.Struct, frozen=True):
    """Our user id is the provider's subject with a text of its own in front."""

    prefix: str

    def __call__(self, identity: Identity) -> str:
        """Our user id of a verified identity."""
        return self.prefix + identity.subject


class FromClaim(msgspec.Struct, frozen=True):
    """
    Our user id is the text of a claim, as where the provider was told our ids when its users were imported.

    Raises:
        ConfigurationError: a claim that may be somebody else's tomorrow.
    """

    name: str

    def __post_init__(self) -> None:
        if not self.name or self.name in UNSTABLE:
            raise ConfigurationError(
                f"{self.name!r} may be somebody else's tomorrow; name the claim in which the provider keeps our id"
            )

    def __call__(self, identity: Identity) -> str:
        """Our user id of a verified identity."""
        found = identity.claims.get(self.name)
        if not isinstance(found, str) or not found:
            raise UserUnknown(f"the token has no text in {self.name}")
        return found
