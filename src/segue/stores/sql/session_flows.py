"""
The operations of `SessionStore` as flows of statements.

House rule: one flow is one transaction; the statement compares and swaps, and no verdict is passed here.
"""

from __future__ import annotations

from segue.flow import ask
from segue.ids import AppId, Digest, SessionHandle, to_milliseconds
from segue.json import JsonObject
from segue.sessions.model import Rotation, Session
from segue.stores.sql.session_rows import family_to_row, session_from_row, session_to_row
from segue.stores.sql.statements import Row, Statement, Statements
from segue.stores.sql.values import json_to_text, optional_flag


async def create_session(session: Session) -> None:
    """See `SessionStore.create_session`."""
    await ask(Statements.execute, Statement.CREATE_SESSION, session_to_row(session))


async def load_session(app_id: AppId, handle: SessionHandle) -> Session | None:
    """See `SessionStore.load_session`."""
    return _only(await ask(Statements.execute, Statement.LOAD_SESSION, (app_id, handle)))


async def rotate_family(rotation: Rotation) -> Session | None:
    """See `SessionStore.rotate_family`."""
    parameters = (
        rotation.app_id,
        rotation.handle,
        rotation.presented,
        rotation.successor,
        rotation.secret_id,
        to_milliseconds(rotation.at),
        optional_flag(rotation.static_key),
    )
    return _only(await ask(Statements.execute, Statement.ROTATE_FAMILY, parameters))


async def replace_family(session: Session, *, if_current: Digest) -> bool:
    """See `SessionStore.replace_family`."""
    parameters = (session.app_id, session.handle, if_current, *family_to_row(session))
    return bool(await ask(Statements.execute, Statement.REPLACE_FAMILY, parameters))


async def update_session(
    app_id: AppId,
    handle: SessionHandle,
    *,
    payload: JsonObject | None,
    data: JsonObject | None,
    if_payload: JsonObject | None,
) -> Session | None:
    """See `SessionStore.update_session`."""
    texts = (None if value is None else json_to_text(value) for value in (payload, data, if_payload))
    parameters = (app_id, handle, *texts)
    return _only(await ask(Statements.execute, Statement.UPDATE_SESSION, parameters))


def _only(rows: list[Row]) -> Session | None:
    return session_from_row(rows[0]) if rows else None
