"""
Records of attempts as rows of a SQL database, and back.

House rule: as for sessions, the order of columns is that of every statement that writes or returns a whole one.
"""

from __future__ import annotations

from typing import TypeAlias, cast

from segue.ids import TenantId, from_milliseconds, to_milliseconds
from segue.migration.records import AttemptCount, AttemptRecord, Outcome, Stage
from segue.stores.sql.statements import Row, SqlValue
from segue.stores.sql.values import optional_instant, optional_milliseconds

ATTEMPT_COLUMNS = 14

CountRow: TypeAlias = tuple[str, TenantId, str, str, str, int, int, int, int, int, int | None]


def record_to_row(record: AttemptRecord) -> tuple[SqlValue, ...]:
    """The parameters that write a record."""
    outcome = record.outcome
    return (
        record.app_id,
        record.operation_id,
        to_milliseconds(record.at),
        outcome.provider,
        outcome.tenant_id,
        outcome.mode,
        outcome.stage.value,
        outcome.code,
        int(outcome.retryable),
        int(outcome.verified),
        record.subject,
        optional_milliseconds(record.old_ends_at),
        record.milliseconds,
        record.count,
    )


def count_from_row(row: Row) -> AttemptCount:
    """The count of a row."""
    provider, tenant, mode, stage, code, retryable, verified, count, first, last, end = cast("CountRow", row)
    outcome = Outcome(
        provider=provider,
        tenant_id=tenant,
        mode=mode,
        stage=Stage(stage),
        code=code,
        retryable=bool(retryable),
        verified=bool(verified),
    )
    return AttemptCount(
        outcome=outcome,
        count=count,
        first_at=from_milliseconds(first),
        last_at=from_milliseconds(last),
        old_ends_at=optional_instant(end),
    )
