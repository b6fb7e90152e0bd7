"""
The operations of `AttemptLog`, `Rollouts` and `Limiter` as flows of statements.

House rule: one flow is one transaction, so that folding neither loses nor doubles a record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from segue.flow import ask
from segue.ids import AppId, from_milliseconds, to_milliseconds
from segue.migration.buckets import Spending
from segue.migration.model import DeliveryState
from segue.migration.records import AttemptCount, AttemptRecord, DeliveryCount, MintedCount, operations_before
from segue.migration.rollout import Rollout, parse_rollout
from segue.sessions.model import ByProvenance
from segue.stores.sql.oversight_rows import count_from_row, record_to_row
from segue.stores.sql.statements import Statement, Statements
from segue.stores.sql.values import EARLIEST, LATEST, optional_instant

_MILLISECOND = timedelta(milliseconds=1)


async def add_attempts(records: tuple[AttemptRecord, ...]) -> None:
    """See `AttemptLog.add_attempts`."""
    for record in records:
        await ask(Statements.execute, Statement.ADD_ATTEMPT, record_to_row(record))


async def count_attempts(app_id: AppId) -> tuple[AttemptCount, ...]:
    """See `AttemptLog.count_attempts`."""
    rows = await ask(Statements.execute, Statement.COUNT_ATTEMPTS, (app_id,))
    return tuple(count_from_row(row) for row in rows)


async def fold_attempts(app_id: AppId, *, before: datetime, limit: int) -> int:
    """See `AttemptLog.fold_attempts`."""
    parameters = (app_id, operations_before(before), limit)
    await ask(Statements.execute, Statement.FOLD_ATTEMPTS, parameters)
    return len(await ask(Statements.execute, Statement.DELETE_FOLDED_ATTEMPTS, parameters))


async def count_deliveries_by_provider(app_id: AppId) -> tuple[DeliveryCount, ...]:
    """See `AttemptLog.count_deliveries_by_provider`."""
    rows = await ask(Statements.execute, Statement.COUNT_DELIVERIES_BY_PROVIDER, (app_id,))
    counted = sorted(cast("list[tuple[str, str, str, int]]", rows))  # databases sort by languages
    return tuple(
        DeliveryCount(provider=provider, state=DeliveryState(state), error=error or None, count=count)
        for provider, state, error, count in counted
    )


async def count_minted(app_id: AppId, minted: ByProvenance, *, at: datetime) -> MintedCount:
    """See `AttemptLog.count_minted`."""
    parameters = (
        app_id,
        minted.issuer,
        minted.verifier_version,
        EARLIEST if minted.created_from is None else to_milliseconds(minted.created_from),
        LATEST if minted.created_before is None else to_milliseconds(minted.created_before),
        to_milliseconds(at),
    )
    rows = await ask(Statements.execute, Statement.COUNT_MINTED, parameters)
    count, users, first, last = cast("tuple[int, int, int | None, int | None]", rows[0])
    return MintedCount(
        count=count, users=users, first_at=optional_instant(first), last_at=optional_instant(last)
    )


async def load_rollouts(app_id: AppId) -> dict[str, Rollout]:
    """See `Rollouts.load_rollouts`."""
    rows = await ask(Statements.execute, Statement.LOAD_ROLLOUTS, (app_id,))
    return {provider: parse_rollout(text) for provider, text in cast("list[tuple[str, str]]", rows)}


async def set_rollout(app_id: AppId, provider: str, rollout: Rollout | None, *, at: datetime) -> None:
    """See `Rollouts.set_rollout`."""
    if rollout is None:
        await ask(Statements.execute, Statement.DELETE_ROLLOUT, (app_id, provider))
        return
    parameters = (app_id, provider, str(rollout), to_milliseconds(at))
    await ask(Statements.execute, Statement.SET_ROLLOUT, parameters)


async def spend(spending: Spending, *, at: datetime) -> datetime:
    """See `Limiter.spend`."""
    cost, capacity = spending.cost // _MILLISECOND, spending.capacity // _MILLISECOND
    parameters = (spending.bucket, cost, capacity, to_milliseconds(at))
    rows = await ask(Statements.execute, Statement.SPEND, parameters)
    return from_milliseconds(cast("list[tuple[int]]", rows)[0][0])


async def delete_buckets(*, empty_before: datetime, limit: int) -> int:
    """See `Limiter.delete_buckets`."""
    return len(
        await ask(Statements.execute, Statement.DELETE_BUCKETS, (to_milliseconds(empty_before), limit))
    )
