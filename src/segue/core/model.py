"""
What apps, tenants and mapped user ids are.

An *app* has its own users, sessions, keys and settings, and *tenants* among which its sessions are divided; nothing
crosses from app to app. House rule: the public app and every app's public tenant exist without a row, which they only
get when they are configured.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from typing import ClassVar

import msgspec

from segue.discreet import Discreet
from segue.ids import AppId, TenantId, UserId
from segue.json import JsonObject

LONGEST_USER_ID = 128
"""Characters of a user id of either kind that can be mapped; the reference takes 36 of ours and 128 of theirs."""


class App(Discreet, frozen=True, kw_only=True):
    """One app of the core."""

    unshown: ClassVar = frozenset({"config"})

    app_id: AppId
    config: JsonObject
    """Its settings, by the names of the reference; may hold secrets."""
    created_at: datetime


class Tenant(Discreet, frozen=True, kw_only=True):
    """One tenant of an app."""

    unshown: ClassVar = frozenset({"config"})

    app_id: AppId
    tenant_id: TenantId
    config: JsonObject
    """The members of the protocol's own answer about a tenant; may hold secrets."""
    created_at: datetime


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """An app, or one tenant of it, that is removed but not yet emptied."""

    app_id: AppId
    tenant_id: TenantId | None = None
    """None: the whole app."""
    removed_at: datetime
    """Tells it from a later removal of one made anew under the same id."""


class Put(Enum):
    """What became of an app or tenant that was put."""

    CREATED = auto()
    CHANGED = auto()
    """It was there; the settings were merged into its own."""
    REMOVED = auto()
    """One of this id is removed but not yet emptied; nothing was written."""


class UserIdMapping(msgspec.Struct, frozen=True, kw_only=True):
    """A user's id, and the one by which the application knows the user; each is mapped at most once in an app."""

    app_id: AppId
    user_id: UserId
    external_id: UserId
    """Sessions of a mapped user carry this one."""
    info: str | None = None
    """Whatever the application wants to remember of it."""


class Imported(Enum):
    """What became of one mapping of many."""

    ADDED = auto()
    THERE = auto()
    """The same pair was there, with this info or with any if none is given."""
    USER_ID_TAKEN = auto()
    """Conflict: the user id is mapped to another external id."""
    EXTERNAL_ID_TAKEN = auto()
    """Conflict: the external id belongs to another user id; also where both are taken."""
    OTHER_INFO = auto()
    """Conflict: the same pair was there, with other info, which stays."""


CONFLICTS = frozenset({Imported.USER_ID_TAKEN, Imported.EXTERNAL_ID_TAKEN, Imported.OTHER_INFO})
"""What is there was left as it was, and the mapping was not added."""
