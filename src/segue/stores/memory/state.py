"""
What the parts of the memory store share: the dictionaries, the lock, and how a value is copied.

House rule: whoever touches a dictionary holds the lock.
"""

from __future__ import annotations

from collections.abc import Container
from threading import Lock
from typing import TypeVar

from segue.errors import StoreUnavailable
from segue.ids import AppId, Digest, SessionHandle
from segue.json import JsonObject
from segue.migration.model import Claim, Delivery, DeliveryId
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


def copied(session: Session) -> Session:
    """The session as a database would return it: whole milliseconds, JSON that nobody else holds."""
    return session_from_row(session_to_row(session))


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
