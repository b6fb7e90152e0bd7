"""
For whom a credential must have been made: the audience and the client that were named when it was given out.

House rule: a check is given up by name, never by leaving it out (threats T1, T24).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, cast

from segue.errors import ConfigurationError


class Anyone(Enum):
    """A check that is given up, by name."""

    AUDIENCE = "any audience"
    PARTY = "any authorised party"


ANY_AUDIENCE: Final = Anyone.AUDIENCE
"""Accept tokens for whatever audience: only where the issuer serves this one application (threat T1)."""
ANY_PARTY: Final = Anyone.PARTY
"""Accept tokens that the issuer gave to any client: only where it has no other client (threat T1)."""
_SURRENDERS = {ANY_AUDIENCE: "ANY_AUDIENCE", ANY_PARTY: "ANY_PARTY"}


def require_binding(
    name: str,
    *,
    audiences: frozenset[str] | Anyone,
    authorized_parties: frozenset[str] | Anyone,
    issuer_only: str | None = None,
) -> None:
    """
    Refuse a binding that binds nothing.

    Args:
        name: of the provider.
        audiences: as configured.
        authorized_parties: as configured.
        issuer_only: why the issuer and its keys alone bind a token to this application; None: they do not.

    Raises:
        ConfigurationError: nobody is named, or both checks are given up without a reason.
    """
    bindings: tuple[tuple[str, frozenset[str] | Anyone, Anyone], ...] = (
        ("audiences", audiences, ANY_AUDIENCE),
        ("authorized_parties", authorized_parties, ANY_PARTY),
    )
    for label, values, surrender in bindings:
        wrong = values is not surrender if isinstance(values, Anyone) else not _names_something(values)
        if wrong:
            raise ConfigurationError(
                f"{name}: {label} names nobody, so another application's tokens would do; "
                f"give a frozenset of yours, letter by letter, or say {_SURRENDERS[surrender]}"
            )
    if audiences is ANY_AUDIENCE and authorized_parties is ANY_PARTY and not issuer_only:
        raise ConfigurationError(
            f"{name}: ANY_AUDIENCE and ANY_PARTY together accept every token of the issuer; name one of them"
        )


def _names_something(values: object) -> bool:
    """Whether it is a set of exact texts. A lone text is none: Python would take it for a set of letters."""
    if not isinstance(values, frozenset):
        return False
    names = cast("frozenset[object]", values)
    return bool(names) and all(
        isinstance(name, str) and name and "*" not in name and name == name.strip() for name in names
    )
