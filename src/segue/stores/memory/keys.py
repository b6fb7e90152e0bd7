"""
`SigningKeyStore` over dictionaries.

House rule: compare and add happen under one hold of the lock.
"""

from __future__ import annotations

from msgspec.structs import replace

from segue.ids import AppId, whole_milliseconds
from segue.stores.memory.state import MemoryState, refuse_double
from segue.tokens.signing_keys import KeyKind, StoredSigningKey


class MemoryKeys(MemoryState):
    """Our own signing keys, sealed."""

    def load_signing_keys(self, app_id: AppId) -> tuple[StoredSigningKey, ...]:
        """See `SigningKeyStore.load_signing_keys`."""
        with self._lock:
            return tuple(self._oldest_first(app_id))

    def add_signing_key(self, app_id: AppId, key: StoredSigningKey, *, if_newest: str | None) -> bool:
        """See `SigningKeyStore.add_signing_key`."""
        with self._lock:
            if self._newest(app_id, key.kind) != if_newest:
                return False
            refuse_double(self._keys, (app_id, key.key_id))
            self._keys[app_id, key.key_id] = replace(key, created_at=whole_milliseconds(key.created_at))
            return True

    def reseal_signing_key(self, app_id: AppId, key_id: str, *, sealed: bytes, if_sealed: bytes) -> bool:
        """See `SigningKeyStore.reseal_signing_key`."""
        with self._lock:
            key = self._keys.get((app_id, key_id))
            if key is None or key.sealed_private != if_sealed:
                return False
            self._keys[app_id, key_id] = replace(key, sealed_private=sealed)
            return True

    def delete_signing_keys(self, app_id: AppId, key_ids: tuple[str, ...]) -> None:
        """See `SigningKeyStore.delete_signing_keys`."""
        with self._lock:
            for key_id in key_ids:
                self._keys.pop((app_id, key_id), None)

    def _oldest_first(self, app_id: AppId) -> list[StoredSigningKey]:
        keys = [key for (owner, _), key in self._keys.items() if owner == app_id]
        return sorted(keys, key=lambda key: (key.created_at, key.key_id))

    def _newest(self, app_id: AppId, kind: KeyKind) -> str | None:
        same = [key.key_id for key in self._oldest_first(app_id) if key.kind is kind]
        return same[-1] if same else None
