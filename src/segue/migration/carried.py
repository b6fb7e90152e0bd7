"""
Which roles of the old sign-in the new session may show, and until when.

Roles that are taken away at the provider must not live on here (threat T11). So none is copied unless somebody says
which, and for how long after the credential was made: then it is gone, unless the application has said meanwhile what
holds (`fetch_claim`). House rules: no refresh moves that end; what a credential says of the strength of a sign-in is
never ours; where a credential does not say when it was made, nothing is carried.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from segue.errors import ConfigurationError
from segue.ids import whole_milliseconds
from segue.json import JsonObject, JsonValue
from segue.migration.claim_rules import ClaimPath, find, spelled
from segue.migration.model import Identity
from segue.sessions.claims import carried_entry
from segue.tokens.access import PROTECTED

LONGEST: Final = timedelta(hours=24)
"""Roles that are believed for longer need somebody who is asked for the present ones."""
STRENGTH: Final = frozenset({"acr", "amr", "auth_time", "st-mfa", "st-ev"})
"""How and when somebody signed in, and what he proved: of a session of ours only a sign-in here can say it."""
_MAX_VALUES = 64
_MAX_TEXT = 256


class CarriedRole(msgspec.Struct, frozen=True, kw_only=True):
    """
    A claim of the provider that becomes a claim of our sessions, for a while.

    Raises:
        ConfigurationError: what cannot be safe or cannot work; the text says how to mend it.
    """

    claim: ClaimPath
    """The provider's: its name, or the names on the way to it inside of others, `("realm_access", "roles")`."""
    session_claim: str
    """Ours, `{"v": value, "t": milliseconds}` in the payload: `roles`, or `st-role` where SuperTokens SDKs look."""
    maximum_age: timedelta
    """So long after the credential was made it counts; at most a day."""

    def __post_init__(self) -> None:
        names = (self.claim,) if isinstance(self.claim, str) else self.claim
        if not names or not all(names):
            raise ConfigurationError(
                f"carried role {self.session_claim!r}: claim names nothing of the provider's"
            )
        if not self.session_claim or self.session_claim in PROTECTED | STRENGTH | {"iss"}:
            raise ConfigurationError(
                f"carried role {spelled(self.claim)}: {self.session_claim!r} is no name for it: access tokens and "
                "sign-ins here say that by themselves; choose another session_claim, such as roles"
            )
        if not timedelta(0) < self.maximum_age <= LONGEST:
            raise ConfigurationError(
                f"carried role {spelled(self.claim)}: maximum_age must be positive and at most 24 hours; give the "
                "engine claims (fetch_claim) to have the present roles after that"
            )

    def __str__(self) -> str:
        return f"{spelled(self.claim)} as {self.session_claim}"


def require_distinct(roles: Iterable[CarriedRole], copied: frozenset[str]) -> None:
    """
    Refuse two sources of one claim.

    Raises:
        ConfigurationError: one would overwrite the other.
    """
    taken = set(copied)
    for role in roles:
        if role.session_claim in taken:
            raise ConfigurationError(
                f"{role.session_claim!r} is filled twice by carried_roles and carried_claims; give each its own name"
            )
        taken.add(role.session_claim)


def carried_roles(
    identity: Identity, roles: tuple[CarriedRole, ...], *, now: datetime
) -> dict[str, JsonValue]:
    """
    The entries of the new session's payload.

    Args:
        identity: verified.
        roles: as configured.
        now: aware UTC instant; a credential from a clock that goes before ours was made now.
    """
    if not identity.dated:
        return {}
    made_at = whole_milliseconds(min(identity.issued_at, now))
    return {
        role.session_claim: carried_entry(value, fetched_at=made_at, until=made_at + role.maximum_age)
        for role in roles
        if now < made_at + role.maximum_age and (value := _value(identity.claims, role.claim)) is not None
    }


def _value(claims: JsonObject, path: ClaimPath) -> JsonValue:
    """A text, or a list of texts; what has another form, or does not end, is no role."""
    value = find(claims, path)
    if isinstance(value, str):
        return value if _is_role(value) else None
    if isinstance(value, list) and len(value) <= _MAX_VALUES and all(map(_is_role, value)):
        return list(value)
    return None


def _is_role(value: JsonValue) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT
