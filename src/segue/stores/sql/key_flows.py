"""
The operations of `SigningKeyStore` as flows of statements.

House rule: one flow is one transaction; a private key passes here only sealed.
"""

from __future__ import annotations

from typing import TypeAlias, cast

from segue.flow import ask
from segue.ids import AppId, from_milliseconds, to_milliseconds
from segue.stores.sql.statements import Row, Statement, Statements
from segue.stores.sql.values import list_to_text
from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import KeyKind, StoredSigningKey

KeyRow: TypeAlias = tuple[str, str, str, int, bytes]


async def load_signing_keys(app_id: AppId) -> tuple[StoredSigningKey, ...]:
    """See `SigningKeyStore.load_signing_keys`."""
    rows = await ask(Statements.execute, Statement.LOAD_SIGNING_KEYS, (app_id,))
    return tuple(_key_from_row(row) for row in rows)


async def add_signing_key(app_id: AppId, key: StoredSigningKey, *, if_newest: str | None) -> bool:
    """See `SigningKeyStore.add_signing_key`."""
    parameters = (
        app_id,
        key.key_id,
        key.kind.value,
        key.algorithm.value,
        to_milliseconds(key.created_at),
        key.sealed_private,
        if_newest,
    )
    return bool(await ask(Statements.execute, Statement.ADD_SIGNING_KEY, parameters))


async def reseal_signing_key(app_id: AppId, key_id: str, *, sealed: bytes, if_sealed: bytes) -> bool:
    """See `SigningKeyStore.reseal_signing_key`."""
    parameters = (app_id, key_id, sealed, if_sealed)
    return bool(await ask(Statements.execute, Statement.RESEAL_SIGNING_KEY, parameters))


async def delete_signing_keys(app_id: AppId, key_ids: tuple[str, ...]) -> None:
    """See `SigningKeyStore.delete_signing_keys`."""
    await ask(Statements.execute, Statement.DELETE_SIGNING_KEYS, (app_id, list_to_text(key_ids)))


def _key_from_row(row: Row) -> StoredSigningKey:
    key_id, kind, algorithm, created_at, sealed_private = cast("KeyRow", row)
    return StoredSigningKey(
        key_id=key_id,
        kind=KeyKind(kind),
        algorithm=Algorithm(algorithm),
        created_at=from_milliseconds(created_at),
        sealed_private=sealed_private,
    )
