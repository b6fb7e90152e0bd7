"""
What is remembered of every attempt to migrate, and how many came to what.

A record is one attempt, or several alike that came too fast to be kept apart; its operation id makes writing it twice
the same as writing it once. House rule: no token and no raw id of a person; whom it was about is a keyed digest.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from segue.ids import AppId, TenantId, to_milliseconds
from segue.migration.model import DeliveryState


class Stage(StrEnum):
    """How far an attempt came: where it was refused, or `done`."""

    REQUEST = "request_parse"
    LIMITS = "limits"
    TOKEN = "token_validate"  # noqa: S105 - the name of a stage
    ROLLOUT = "rollout"
    USER = "state_inspect"
    MAPPING = "mapping"
    SESSION = "session_create"
    DONE = "done"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What attempts that are counted together have in common."""

    provider: str = ""
    """Configured name; empty where none was recognised."""
    tenant_id: TenantId = TenantId("")
    """Of the verified credential; empty where there was none."""
    mode: str = ""
    """Of the roll-out at that moment: `off`, `shadow`, `on`; empty without a provider."""
    stage: Stage
    code: str
    """`MIGRATED`, `REPEATED`, `ALREADY`, or the code of the error. In shadow: what would have become of it."""
    retryable: bool = False
    verified: bool = False
    """The token was good: its user is still with the old provider."""


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, or several alike."""

    operation_id: str
    """Begins with its instant, so that newer ones sort behind older ones."""
    app_id: AppId
    at: datetime
    outcome: Outcome
    subject: str | None = None
    """Keyed digest of the person at the provider."""
    old_ends_at: datetime | None = None
    """When the old session ends by itself at the latest."""
    milliseconds: int = 0
    """That it took until it was written."""
    count: int = 1


class AttemptCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many attempts came to the same."""

    outcome: Outcome
    count: int
    first_at: datetime
    last_at: datetime
    old_ends_at: datetime | None
    """The latest of theirs."""


class DeliveryCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many old sessions of a provider are in the same state for the same reason."""

    provider: str
    state: DeliveryState
    error: str | None
    """Stable code of the last failure; None: there was none."""
    count: int


class MintedCount(msgspec.Struct, frozen=True, kw_only=True):
    """Living sessions that were minted of old ones."""

    count: int
    users: int
    first_at: datetime | None
    last_at: datetime | None


def operation_id(now: datetime, randomness: bytes) -> str:
    """An id that sorts by time: 12 hexadecimal digits of milliseconds, then *randomness*."""
    return f"{to_milliseconds(now):012x}{randomness.hex()}"


def operations_before(instant: datetime) -> str:
    """What is smaller than this is an operation of an earlier time."""
    return f"{to_milliseconds(instant):012x}"
