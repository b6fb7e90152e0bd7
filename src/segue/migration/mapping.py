"""
From a provider's identity to our user id, as far as configuration alone can say.

House rule: an identity is (issuer, subject); what is computed here is computed from verified claims and asks nobody,
so that it can be done again at every retry without effects.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from segue.errors import ConfigurationError, UserUnknown
from segue.ids import UserId
from segue.migration.model import Identity, digest_of

UNSTABLE = frozenset(
    {"email", "name", "nickname", "phone_number", "preferred_username", "unique_name", "upn"}
)
"""Claims that are changed and handed on to other people (OIDC Core §5.7)."""


class SameId(Enum):
    """Our user id is the provider's subject."""

    SAME = "same"


SAME_ID: Final = SameId.SAME
_LONGEST_ADDRESS = 254


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


CreateUser: TypeAlias = Callable[[Identity, UserId], str] | Callable[[Identity, UserId], Awaitable[str]]
"""
Makes the user of an identity that nobody here is yet, and returns his id.

Called by one caller at a time for one identity. The second argument is the same for the same identity always: taken as
the new user's id, or as the key of an insertion that may happen once, it makes a call after a crash harmless.
"""
FindByEmail: TypeAlias = Callable[[str], tuple[str, ...]] | Callable[[str], Awaitable[tuple[str, ...]]]
"""The ids of all users with this address."""


class ImportedTable(msgspec.Struct, frozen=True, kw_only=True):
    """
    Our user id stands in the table of identities, which is in the store.

    Who is not in it is refused, unless one of the two ways is opened; what comes of them is written into the table, so
    that it is asked once for each person.
    """

    find_by_email: FindByEmail | None = None
    """Trusts this provider's *verified* e-mail addresses to say who somebody is here (threat T7)."""
    create: CreateUser | None = None
    """Makes users just in time."""


def verified_email(identity: Identity) -> str | None:
    """The address that the provider has verified, if it says exactly that (OIDC Core §5.1)."""
    address = identity.claims.get("email")
    if identity.claims.get("email_verified") is not True or not isinstance(address, str):
        return None
    return address if 3 <= len(address) <= _LONGEST_ADDRESS and address.isprintable() else None


def proposed_user_id(identity: Identity) -> UserId:
    """A user id for an identity: random to look at, and the same whenever it is asked for."""
    return UserId(str(UUID(bytes=digest_of("user id", identity.issuer, identity.subject)[:16], version=4)))
