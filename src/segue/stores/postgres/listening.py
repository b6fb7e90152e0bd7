"""
Being told of revocations by the server (LISTEN/NOTIFY), so that a process need not wait for its next look at the feed.

A notice says only that there is something to read. Those that were sent while there was no connection are lost, so each
new one counts as a notice. A connection that died without a word (a firewall that forgot it, a machine without power)
is found out by asking it now and then. House rule: this is a spur, never the source; a process that hears nothing still
looks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from segue.errors import StoreUnavailable
from segue.stores.postgres.async_connection import FAULTS, connect, refusal
from segue.stores.postgres.location import Location

if TYPE_CHECKING:
    from segue.stores.postgres.async_connection import AsyncConnection

logger = logging.getLogger("segue")

CHANNEL = "segue_revocations"
"""Also written in `delete_sessions.sql`."""
SHORTEST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds between attempts to connect."""
HEARTBEAT = timedelta(seconds=15)
"""How often a silent connection is asked whether it is there."""


async def listen(
    location: Location,
    revoked: Callable[[], None],
    *,
    until: asyncio.Event,
    heartbeat: timedelta = HEARTBEAT,
) -> None:
    """Call *revoked* at every notice and every new connection, until the event is set or the task is cancelled."""
    if location.transaction_pooler:
        logger.info("revocations are polled for: behind a transaction pooler PostgreSQL cannot tell of them")
        return
    pause = SHORTEST_PAUSE
    while not until.is_set():
        try:
            connection = await _listening(location, revoked)
        except StoreUnavailable as error:
            if pause == SHORTEST_PAUSE:
                logger.warning("PostgreSQL cannot tell of revocations now, they are polled for: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            continue
        if pause != SHORTEST_PAUSE:
            logger.info("PostgreSQL tells of revocations again")
        pause = SHORTEST_PAUSE
        try:
            revoked()
            await _end_of(connection, until, heartbeat=heartbeat)
        finally:
            connection.terminate()


async def _listening(location: Location, revoked: Callable[[], None]) -> AsyncConnection:
    def told(*_: object) -> None:
        revoked()

    connection = await connect(location)
    try:
        await connection.add_listener(CHANNEL, told)
    except FAULTS as error:
        connection.terminate()
        raise refusal(error) from error
    return connection


async def _end_of(connection: AsyncConnection, until: asyncio.Event, *, heartbeat: timedelta) -> None:
    """Return when the connection is lost, or need not be kept."""
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    waits = [asyncio.ensure_future(each.wait()) for each in (ended, until)]
    try:
        while not connection.is_closed():
            done, _ = await asyncio.wait(
                waits, timeout=heartbeat.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                return
            await connection.execute("SELECT 1")  # not an empty query: asyncpg fails on the answer to one
    except FAULTS:
        return
    finally:
        for each in waits:
            each.cancel()
