"""
One connection of asyncpg: how it is made, how a statement or a transaction runs on it, and what its errors mean here.

House rule: every fault leaves as `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import asyncpg

from segue.errors import ConfigurationError, StoreUnavailable
from segue.flow import Ask, Flow, T, drive_async
from segue.stores.postgres.faults import unavailable, unfit
from segue.stores.postgres.location import APPLICATION_NAME, GRACE, Location
from segue.stores.postgres.schema import PostgresScripts
from segue.stores.postgres.statements import TEXTS, AnyStatement, Parameter
from segue.stores.sql.statements import Row

if TYPE_CHECKING:
    AsyncConnection: TypeAlias = asyncpg.Connection[asyncpg.Record]

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""`TimeoutError` is an `OSError`."""


async def connect(location: Location) -> AsyncConnection:
    """
    A new connection.

    Raises:
        StoreUnavailable: refused, or not there in time.
    """
    settings = {"application_name": APPLICATION_NAME}
    if location.server_timeout is not None:
        settings["statement_timeout"] = location.server_timeout
    try:
        return await asyncpg.connect(
            location.dsn,
            timeout=location.connect_timeout.total_seconds(),
            command_timeout=(location.statement_timeout + GRACE).total_seconds(),
            # A pooler gives every transaction another connection, where the name of a statement means nothing.
            statement_cache_size=0 if location.transaction_pooler else 100,
            server_settings=settings,
        )
    except asyncpg.ClientConfigurationError as error:
        raise ConfigurationError(f"the address of the PostgreSQL database: {error}") from None
    except FAULTS as error:
        raise refusal(error) from error


def refusal(error: Exception) -> StoreUnavailable:
    """See `segue.stores.postgres.faults.unavailable`."""
    said = error.as_dict().get("message") if isinstance(error, asyncpg.PostgresError) else None
    return unavailable(error, said)


async def fetch(
    connection: AsyncConnection, statement: AnyStatement, parameters: Sequence[Parameter]
) -> list[Row]:
    """
    Run one statement.

    Raises:
        StoreUnavailable: the server refused or does not answer.
        ValueError: a value that it cannot keep.
    """
    try:
        rows = await connection.fetch(TEXTS[statement], *parameters)
    except (asyncpg.DataError, asyncpg.exceptions.DataError):
        raise unfit() from None
    except FAULTS as error:
        raise refusal(error) from error
    return cast("list[Row]", rows)


async def in_transaction(connection: AsyncConnection, make: Callable[[], Flow[T]]) -> T:
    """Run a flow in one transaction; return when it is durable."""

    async def perform(step: Ask[object]) -> object:
        if step.port == PostgresScripts.__name__:
            (script,) = step.args
            return await connection.execute(script)
        return await fetch(connection, *step.args)

    try:
        async with connection.transaction():
            return await drive_async(make(), perform)
    except FAULTS as error:  # of BEGIN, COMMIT or a script
        raise refusal(error) from error
