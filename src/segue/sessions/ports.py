"""
What the session flows need from a store.

House rule: every method is atomic and durable when it returns; none reads a clock, judges a token or sees one.
Any method may raise `StoreUnavailable`: the store is broken, not the token.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from segue.ids import AppId, Digest, SessionHandle
from segue.json import JsonObject
from segue.sessions.model import Position, Revocation, Rotation, Selection, Session
from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import PrivateKey, StoredSigningKey


class SessionStore(Protocol):
    """Where sessions live."""

    def create_session(self, session: Session) -> None:
        """Write a new session. Its handle is fresh randomness; a doubled one is `StoreUnavailable`."""
        ...

    def load_session(self, app_id: AppId, handle: SessionHandle) -> Session | None:
        """Never made, revoked and cleaned up are all None; one whose time is over is still returned."""
        ...

    def rotate_family(self, rotation: Rotation) -> Session | None:
        """
        Rotate in one statement, if nothing stands against it; the session as it then is, else None.

        Writes only if the family's `current` is `rotation.presented` and `expires_at > rotation.at`. Then `previous`,
        `current`, `secret_id`, `rotated_at` and `refreshed_at` follow the rotation, as does `static_key` if it gives
        one, `generation` grows by one and `expires_at` becomes `at + refresh_lifetime`, at most `absolute_expires_at`.
        """
        ...

    def replace_family(self, session: Session, *, if_current: Digest) -> bool:
        """
        Write the session's family, `refreshed_at`, `expires_at` and `static_key`, and nothing else of it.

        Only if the stored `current` still is *if_current*; whether it was.
        """
        ...

    def update_session(
        self,
        app_id: AppId,
        handle: SessionHandle,
        *,
        payload: JsonObject | None,
        data: JsonObject | None,
        if_payload: JsonObject | None = None,
    ) -> Session | None:
        """
        Replace payload or data or both; the session as it then is, or None if it is not there.

        With *if_payload* only if the stored payload still is that one, to the order of its names; otherwise nothing is
        written, and None.
        """
        ...


class SessionIndex(Protocol):
    """Sessions found by something else than their handle."""

    def list_sessions(
        self,
        app_id: AppId,
        selection: Selection,
        *,
        at: datetime,
        limit: int,
        after: Position | None = None,
    ) -> tuple[Session, ...]:
        """
        Those that live at the instant, newest first, and by handle within one millisecond; at most *limit*.

        *after* begins right after that place, so that a page goes on where the one before it ended.
        """
        ...

    def select_handles(self, app_id: AppId, selection: Selection, *, limit: int) -> tuple[SessionHandle, ...]:
        """Handles of stored sessions, also of those that are over, at most *limit*, in any order."""
        ...

    def delete_sessions(
        self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
    ) -> tuple[SessionHandle, ...]:
        """
        Delete them and append one entry to the revocation feed for each, in one transaction; the handles deleted.

        What the outbox holds for their first use is due at *at*: whoever ends a session ends the old one with it.

        A session whose time was already over at *at* is deleted too, with its entry, but not reported.
        """
        ...

    def revocations_after(self, sequence: int, *, limit: int) -> tuple[Revocation, ...]:
        """Entries of the feed with a greater sequence, in order; of all apps."""
        ...

    def last_revocation(self) -> int:
        """Sequence of the newest entry ever, 0 if there was none; does not fall when old entries are cleaned up."""
        ...

    def delete_expired(self, *, at: datetime, revocations_before: datetime, limit: int) -> int:
        """
        Delete sessions over at *at* and feed entries older than given, at most *limit* of each; how many went.

        A session whose end was moved to an earlier instant, by a clock that went back, may stay until the former one.
        """
        ...


class SigningKeyStore(Protocol):
    """Where our own signing keys live, sealed."""

    def load_signing_keys(self, app_id: AppId) -> tuple[StoredSigningKey, ...]:
        """All of the app's, oldest first."""
        ...

    def add_signing_key(self, app_id: AppId, key: StoredSigningKey, *, if_newest: str | None) -> bool:
        """
        Add a key if the newest key of its kind (dynamic or static, by `created_at`) still is the one named.

        *if_newest* None means: if there is none of its kind. False: another instance was faster; load again.
        """
        ...

    def reseal_signing_key(self, app_id: AppId, key_id: str, *, sealed: bytes, if_sealed: bytes) -> bool:
        """Replace the sealed private half of a key if it still is the one given; whether it was."""
        ...

    def delete_signing_keys(self, app_id: AppId, key_ids: tuple[str, ...]) -> None:
        """Forget keys; ids that are not there are ignored."""
        ...


class KeyMaker(Protocol):
    """Where new private keys come from: making an RSA key takes long enough to be somebody else's work."""

    def make_private_key(self, algorithm: Algorithm) -> PrivateKey:
        """A key that nobody else has or gets."""
        ...
