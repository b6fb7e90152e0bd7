"""
What the parts of the memory store share: the dictionaries, the lock, and how a value is copied.

House rule: whoever touches a dictionary holds the lock.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from threading import Lock
from typing import TypeVar

from msgspec import structs

from segue.core.model import App, Removal, Tenant, UserIdMapping
from segue.errors import StoreUnavailable
from segue.ids import AppId, Digest, SessionHandle, TenantId, UserId, whole_milliseconds
from segue.json import JsonObject
from segue.migration.model import Claim, Delivery, DeliveryId, IdentityLink
from segue.migration.records import AttemptCount, AttemptRecord, Outcome
from segue.migration.rollout import Rollout
from segue.sessions.model import Revocation, Session
from segue.stores.sql.session_rows import session_from_row, session_to_row
from segue.stores.sql.values import json_from_text, json_to_text
from segue.tokens.signing_keys import StoredSigningKey

K = TypeVar("K")


class MemoryState:
    """Everything that is remembered."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: dict[tuple[AppId, SessionHandle], Session] = {}
        self._revocations: list[Revocation] = []
        self._last_revocation: int = 0
        self._keys: dict[tuple[AppId, str], StoredSigningKey] = {}
        self._claims: dict[tuple[AppId, Digest], Claim] = {}
        self._deliveries: dict[DeliveryId, Delivery] = {}
        self._identities: dict[tuple[AppId, Digest], IdentityLink] = {}
        self._attempts: dict[tuple[AppId, str], AttemptRecord] = {}
        self._attempt_counts: dict[tuple[AppId, Outcome], AttemptCount] = {}
        self._rollouts: dict[tuple[AppId, str], Rollout] = {}
        self._buckets: dict[str, datetime] = {}
        self._apps: dict[AppId, App] = {}
        self._tenants: dict[tuple[AppId, TenantId], Tenant] = {}
        self._removals: dict[tuple[AppId, TenantId | None], Removal] = {}
        self._mappings: dict[tuple[AppId, UserId], UserIdMapping] = {}
        self._external_ids: dict[tuple[AppId, UserId], UserId] = {}
        """The user id of an external one."""
        self._users: dict[tuple[AppId, UserId], None] = {}

    def _tell(self, app_id: AppId, handle: SessionHandle, revoked_at: datetime) -> None:
        """Append an entry to the revocation feed."""
        self._last_revocation += 1
        entry = Revocation(
            sequence=self._last_revocation, app_id=app_id, handle=handle, revoked_at=revoked_at
        )
        self._revocations.append(entry)

    def _forget_mapping(self, mapping: UserIdMapping) -> None:
        del self._mappings[mapping.app_id, mapping.user_id]
        del self._external_ids[mapping.app_id, mapping.external_id]


def copied(session: Session) -> Session:
    """The session as a database would return it: whole milliseconds, JSON that nobody else holds."""
    return session_from_row(session_to_row(session))


def kept_record(record: AttemptRecord) -> AttemptRecord:
    """A record in whole milliseconds."""
    end = None if record.old_ends_at is None else whole_milliseconds(record.old_ends_at)
    return structs.replace(record, at=whole_milliseconds(record.at), old_ends_at=end)


def copied_json(value: JsonObject) -> JsonObject:
    """An object that nobody else holds."""
    return json_from_text(json_to_text(value))


def refuse_double(known: Container[K], key: K) -> None:
    """
    As a primary key does.

    Raises:
        StoreUnavailable: the key is taken.
    """
    if key in known:
        raise StoreUnavailable("a row of this key is there already")
