"""
Where the present `KeyCache` of one issuer is kept, for all threads and tasks of a process.

It decides nothing: each method computes the next state from the present one and swaps it while it holds a lock that
its owner gave it. House rule: the lock is never held across I/O, and reading takes none.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime

from segue.migration.key_cache import (
    Attempt,
    Decision,
    FetchKeys,
    KeyCache,
    KeyConfirmedUnknown,
    KeysSuppressed,
    UseKeys,
)
from segue.tokens.jwk import KeySet


class KeyCacheHolder:
    """The present state and its lock."""

    __slots__ = ("_lock", "_state")

    def __init__(self, state: KeyCache, *, lock: AbstractContextManager[object]) -> None:
        """
        Hold *state* and its successors.

        Args:
            state: to begin with.
            lock: held while a state is replaced, never across I/O; `threading.Lock()`, which serves tasks as well.
        """
        self._state = state
        self._lock = lock

    @property
    def state(self) -> KeyCache:
        """The present state."""
        return self._state

    def decide(self, key_id: str | None, now: datetime) -> Decision:
        """As `KeyCache.decide`, and a new attempt is written down at once."""
        decision = self._state.decide(key_id, now)
        match decision:
            case UseKeys(refresh=None) | KeyConfirmedUnknown() | KeysSuppressed():
                return decision  # most calls: nothing to write, no lock
            case _:
                return self._decide_and_begin(key_id, now)

    def _decide_and_begin(self, key_id: str | None, now: datetime) -> Decision:
        with self._lock:
            decision = self._state.decide(key_id, now)
            match decision:
                case UseKeys(refresh=Attempt() as attempt) | FetchKeys(attempt=attempt):
                    if attempt is not self._state.attempt:
                        self._state = self._state.begun(attempt)
                case _:
                    pass  # somebody else was faster
            return decision

    def begin(self, now: datetime) -> Attempt | None:
        """Begin an attempt without a token that asks for it; None while the cool-down runs."""
        with self._lock:
            if not self._state.may_begin(now):
                return None
            attempt = self._state.next_attempt(now)
            self._state = self._state.begun(attempt)
            return attempt

    def discovered(self, jwks_url: str, now: datetime) -> None:
        """As `KeyCache.discovered`."""
        with self._lock:
            self._state = self._state.discovered(jwks_url, now)

    def succeeded(self, attempt: Attempt, keys: KeySet, key_id: str | None) -> None:
        """As `KeyCache.succeeded`."""
        with self._lock:
            self._state = self._state.succeeded(attempt, keys, key_id)

    def failed(self, attempt: Attempt, failure: str) -> None:
        """As `KeyCache.failed`."""
        with self._lock:
            self._state = self._state.failed(attempt, failure)
