"""
What a version of the core protocol means: one record for each, and no comparison of versions anywhere else.

Source: core protocol §18. House rule: a difference between versions is a member here, named for what it does.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import cache

import msgspec

from segue.core.versions import CdiVersion, version_text
from segue.tokens.access import AccessVersion


class KeyChoice(Enum):
    """Whether a refresh says which kind of key signs from now on."""

    IGNORED = auto()
    OPTIONAL = auto()
    REQUIRED = auto()


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the protocol."""

    version: CdiVersion
    access_version: AccessVersion
    """Of the access tokens that it hands out."""
    answers_key_material: bool
    """Answers carry the public key, and an id of the refresh token that nobody else knows."""
    answers_key_list: bool
    """And all public keys beside it."""
    has_handshake: bool
    shows_sessions: bool
    """A session can be looked at by its handle."""
    maps_user_ids: bool
    protects_payload: bool
    """Payloads cannot have the token's own names; before, they stood apart."""
    chooses_check: bool
    """Each verification says whether the database is asked; before, configuration said it."""
    chooses_key: bool
    """Likewise for the kind of key, at creation."""
    key_at_refresh: KeyChoice
    has_tenants: bool
    has_recipe_user_id: bool
    keeps_tenants_out: bool
    """Paths of an app are not to be reached through a tenant."""
    rotates_at_once: bool
    """A refresh replaces the token; before, its successor's first use did. Verification writes nothing."""
    chooses_lifetime: bool
    """Of an access token, up to the configured one."""
    counts_approximately: bool

    @property
    def text(self) -> str:
        """As it stands in the header."""
        return version_text(self.version)


@cache
def dialect_of(version: CdiVersion) -> Dialect:
    """The record of a version that is served."""
    return Dialect(
        version=version,
        access_version=_access_version(version),
        answers_key_material=version < (2, 21),
        answers_key_list=(2, 9) <= version < (2, 21),
        has_handshake=version < (2, 21),
        shows_sessions=version >= (2, 8),
        maps_user_ids=version >= (2, 15),
        protects_payload=version >= (2, 21),
        chooses_check=version >= (2, 21),
        chooses_key=version >= (2, 21),
        key_at_refresh=_key_at_refresh(version),
        has_tenants=version >= (3, 0),
        has_recipe_user_id=version >= (4, 0),
        keeps_tenants_out=version >= (5, 0),
        rotates_at_once=version >= (5, 6),
        chooses_lifetime=version >= (5, 6),
        counts_approximately=version >= (5, 6),
    )


def _access_version(version: CdiVersion) -> AccessVersion:
    if version < (2, 21):
        return AccessVersion.V2
    if version < (3, 0):
        return AccessVersion.V3
    return AccessVersion.V4 if version < (4, 0) else AccessVersion.V5


def _key_at_refresh(version: CdiVersion) -> KeyChoice:
    if version < (3, 0):
        return KeyChoice.IGNORED
    return KeyChoice.OPTIONAL if version < (5, 0) else KeyChoice.REQUIRED
