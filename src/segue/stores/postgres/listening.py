"""
Being told of revocations by the server (LISTEN/NOTIFY), so that a process need not wait for its next look at the feed.

A notice says only that there is something to read. Those that were sent while there was no connection are lost, so each
new one counts as a notice. House rule: this is a spur, never the source; a process that hears nothing still looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from segue.errors import StoreUnavailable
from segue.stores.postgres.async_connection import FAULTS, connect, refusal
from segue.stores.postgres.location import Location

if TYPE_CHECKING:
    from segue.stores.postgres.async_connection import AsyncConnection

CHANNEL = "segue_revocations"
"""Also written in `delete_sessions_by_….sql`."""
SHORTEST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds between attempts to connect."""


async def listen(location: Location, revoked: Callable[[], None], *, until: asyncio.Event) -> None:
    """Call *revoked* at every notice and every new connection, until the event is set or the task is cancelled."""
    pause = SHORTEST_PAUSE
    while not until.is_set():
        try:
            connection = await _listening(location, revoked)
        except StoreUnavailable:
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            continue
        pause = SHORTEST_PAUSE
        try:
            revoked()
            await _end_of(connection, until)
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


async def _end_of(connection: AsyncConnection, until: asyncio.Event) -> None:
    """Return when the connection is lost, or need not be kept."""
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    if connection.is_closed():
        return
    waits = [asyncio.ensure_future(each.wait()) for each in (ended, until)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
