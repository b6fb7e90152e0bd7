"""
What can be done for many callers in one statement, and what each of them is told.

A batch holds one item for each row that is to change; callers who want the same row ride along with the first of them.
What the statement does not settle for certain is left to each caller to ask alone. House rule: pure; a rider gets the
answer that he would have got right after his leader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar, cast

import msgspec

from segue.ids import AppId, SessionHandle, to_milliseconds
from segue.migration.model import Claim, Delivery
from segue.migration.records import AttemptRecord
from segue.sessions.model import Rotation, Session
from segue.stores.postgres.statements import Parameter, PostgresStatement
from segue.stores.sql.migration_rows import claim_from_row, claim_to_row, delivery_to_row
from segue.stores.sql.oversight_rows import ATTEMPT_COLUMNS, record_to_row
from segue.stores.sql.session_rows import session_from_row, session_to_row
from segue.stores.sql.statements import Row, SqlValue
from segue.stores.sql.values import optional_flag

CLAIM_COLUMNS = 11
SESSION_COLUMNS = 25
DELIVERY_COLUMNS = 14
"""With the claim that each belongs to."""
OWNER_COLUMNS = 2
"""App and claim, in front of what belongs to it."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")
RowKey: TypeAlias = tuple[str, str | bytes]
SessionKey: TypeAlias = tuple[AppId, SessionHandle]


class Settled(msgspec.Struct, Generic[Answer], frozen=True):
    """An answer; a class of its own because None is one too."""

    answer: Answer


class Kind(msgspec.Struct, Generic[Item, Answer], frozen=True, kw_only=True):
    """One sort of batch."""

    statement: PostgresStatement
    row: Callable[[Item], RowKey]
    """Which row the item is about; batches go in this order, so that two of them lock in the same order."""
    parameters: Callable[[Sequence[Item]], list[Parameter]]
    settle: Callable[[Sequence[Item], Sequence[Row]], Mapping[RowKey, Settled[Answer]]]
    """Answers by row, from what the statement returned; may leave some out."""
    ride: Callable[[Item, Answer, Item], Settled[Answer] | None]
    """The answer of one who came after (leader, his answer, rider), or None if that has to be asked."""


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """What `Ledger.claim_and_create` is given."""

    claim: Claim
    session: Session | None
    deliveries: tuple[Delivery, ...]
    record: AttemptRecord | None = None


# --- rotations ----------------------------------------------------------------------------------------------


def _rotation_parameters(rotations: Sequence[Rotation]) -> list[Parameter]:
    return [
        [each.app_id for each in rotations],
        [each.handle for each in rotations],
        [each.presented for each in rotations],
        [each.successor for each in rotations],
        [each.secret_id for each in rotations],
        [to_milliseconds(each.at) for each in rotations],
        [optional_flag(each.static_key) for each in rotations],
    ]


def _rotated(_: Sequence[Rotation], rows: Sequence[Row]) -> dict[RowKey, Settled[Session | None]]:
    """Only winners: the others may have met a row that was locked."""
    return {_session_key(row): Settled(session_from_row(row)) for row in rows}


def _rotated_after(
    leader: Rotation, answer: Session | None, rider: Rotation
) -> Settled[Session | None] | None:
    """Where the leader won, his token is no longer the current one."""
    return Settled(None) if answer is not None and rider.presented == leader.presented else None


ROTATIONS: Kind[Rotation, Session | None] = Kind(
    statement=PostgresStatement.ROTATE_FAMILIES,
    row=lambda rotation: (rotation.app_id, rotation.handle),
    parameters=_rotation_parameters,
    settle=_rotated,
    ride=_rotated_after,
)


# --- new sessions -------------------------------------------------------------------------------------------


def _session_parameters(sessions: Sequence[Session]) -> list[Parameter]:
    return _columns([session_to_row(each) for each in sessions], SESSION_COLUMNS)


def _created(_: Sequence[Session], rows: Sequence[Row]) -> dict[RowKey, Settled[None]]:
    return {key: Settled(None) for key in _keys(rows)}


CREATIONS: Kind[Session, None] = Kind(
    statement=PostgresStatement.CREATE_SESSIONS,
    row=lambda session: (session.app_id, session.handle),
    parameters=_session_parameters,
    settle=_created,
    ride=lambda _leader, _answer, _rider: None,  # it is there by now, and the server will say so
)


# --- reading ------------------------------------------------------------------------------------------------


def _key_parameters(keys: Sequence[SessionKey]) -> list[Parameter]:
    return [[app_id for app_id, _ in keys], [handle for _, handle in keys]]


def _loaded(keys: Sequence[SessionKey], rows: Sequence[Row]) -> dict[RowKey, Settled[Row | None]]:
    found = {_session_key(row): row for row in rows}
    return {key: Settled(found.get(key)) for key in keys}


LOADS: Kind[SessionKey, Row | None] = Kind(
    statement=PostgresStatement.LOAD_SESSIONS,
    row=lambda key: key,
    parameters=_key_parameters,
    settle=_loaded,
    ride=lambda _leader, answer, _rider: Settled(answer),  # a row, of which each makes a session of his own
)


# --- migrations ---------------------------------------------------------------------------------------------


def migration_parameters(migrations: Sequence[Migration]) -> list[Parameter]:
    """What `claim_and_create` takes: claims, sessions or nothing, deliveries and records with the claim of each."""
    nothing: tuple[SqlValue, ...] = (None,) * SESSION_COLUMNS
    sessions = [nothing if each.session is None else session_to_row(each.session) for each in migrations]
    deliveries = [
        (each.claim.app_id, each.claim.claim_id, *delivery_to_row(delivery))
        for each in migrations
        for delivery in each.deliveries
    ]
    records = [
        (each.claim.app_id, each.claim.claim_id, *record_to_row(each.record))
        for each in migrations
        if each.record is not None
    ]
    return [
        *_columns([claim_to_row(each.claim) for each in migrations], CLAIM_COLUMNS),
        *_columns(sessions, SESSION_COLUMNS),
        *_columns(deliveries, DELIVERY_COLUMNS),
        *_columns(records, OWNER_COLUMNS + ATTEMPT_COLUMNS),
    ]


def settling_parameters(
    claim: Claim,
    deliveries: tuple[Delivery, ...],
    record: AttemptRecord | None,
    *,
    if_handle: SessionHandle,
) -> list[Parameter]:
    """What `settle_claim` takes: the claim, the handle that it must still name, deliveries and record."""
    records = [] if record is None else [record_to_row(record)]
    return [
        *claim_to_row(claim),
        if_handle,
        *_columns([delivery_to_row(each) for each in deliveries], DELIVERY_COLUMNS - OWNER_COLUMNS),
        *_columns(records, ATTEMPT_COLUMNS),
    ]


def _migrated(_: Sequence[Migration], rows: Sequence[Row]) -> dict[RowKey, Settled[Claim | None]]:
    """Only who was first: the claim in the way of another one has to be read."""
    return {key: Settled(None) for key in _keys(rows)}


def _migrated_after(leader: Migration, answer: Claim | None, _: Migration) -> Settled[Claim | None]:
    """The leader's claim, in the form in which the store keeps it, or the one in his way."""
    return Settled(claim_from_row(claim_to_row(leader.claim)) if answer is None else answer)


MIGRATIONS: Kind[Migration, Claim | None] = Kind(
    statement=PostgresStatement.CLAIM_AND_CREATE,
    row=lambda migration: (migration.claim.app_id, migration.claim.claim_id),
    parameters=migration_parameters,
    settle=_migrated,
    ride=_migrated_after,
)


def _columns(rows: Sequence[Sequence[SqlValue]], width: int) -> list[Parameter]:
    """Rows turned into one list a column, of which there are *width* also where there is no row."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _session_key(row: Row) -> RowKey:
    return cast("RowKey", (row[0], row[2]))


def _keys(rows: Sequence[Row]) -> list[RowKey]:
    return [cast("RowKey", tuple(row)) for row in rows]
