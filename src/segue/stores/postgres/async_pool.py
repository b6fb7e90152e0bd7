"""
Connections of asyncpg for one event loop: at most so many, opened when needed, the last used first.

asyncpg has a pool of its own; it resets a connection each time it comes back, which is another round trip, and costs
more of our time than a statement does. House rule: a connection that leaves an operation in doubt is closed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from segue.errors import StoreUnavailable
from segue.flow import Flow, T
from segue.stores.postgres.async_connection import FAULTS, connect, fetch, in_transaction
from segue.stores.postgres.faults import ATTEMPTS, RETRIED, is_lost, sqlstate
from segue.stores.postgres.location import IDLE_LIMIT, Location
from segue.stores.postgres.statements import AnyStatement, Parameter
from segue.stores.sql.statements import Row

if TYPE_CHECKING:
    from segue.stores.postgres.async_connection import AsyncConnection


class AsyncPool:
    """Belongs to the loop on which it is used first."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._free = asyncio.Semaphore(location.pool_size)
        self._idle: deque[tuple[AsyncConnection, float]] = deque()
        self._closed = False

    async def execute(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        """Run one statement as a transaction of its own; one that met a deadlock is run again."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._execute(statement, parameters)
            except StoreUnavailable as error:
                if sqlstate(error.__cause__) not in RETRIED:
                    raise
        return await self._execute(statement, parameters)

    async def read(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        """Run one statement that writes nothing; once more if the connection is found to be gone."""
        try:
            return await self.execute(statement, parameters)
        except StoreUnavailable as error:
            if not is_lost(error):
                raise
        return await self.execute(statement, parameters)

    async def transact(self, make: Callable[[], Flow[T]]) -> T:
        """Run a flow of several statements as one transaction; one that met a deadlock is run again."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._transact(make)
            except StoreUnavailable as error:
                if sqlstate(error.__cause__) not in RETRIED:
                    raise
        return await self._transact(make)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection]:
        """One that nobody else uses meanwhile."""
        connection = await self._take()
        sound = False
        try:
            yield connection
            sound = True
        finally:
            self._give_back(connection, sound=sound)

    async def close(self) -> None:
        """Close those that are idle; the others close when they come back."""
        self._closed = True
        while self._idle:
            connection, _ = self._idle.pop()
            try:
                await connection.close(timeout=self._location.connect_timeout.total_seconds())
            except FAULTS:
                connection.terminate()

    async def _execute(self, statement: AnyStatement, parameters: Sequence[Parameter]) -> list[Row]:
        connection = await self._take()
        sound = False
        try:
            rows = await fetch(connection, statement, parameters)
            sound = True
        except ValueError:
            sound = True
            raise
        except StoreUnavailable as error:
            sound = sqlstate(error.__cause__) is not None
            raise
        finally:
            self._give_back(connection, sound=sound)
        return rows

    async def _transact(self, make: Callable[[], Flow[T]]) -> T:
        async with self.connection() as connection:
            return await in_transaction(connection, make)

    async def _take(self) -> AsyncConnection:
        await self._enter()
        try:
            return self._usable() or await connect(self._location)
        except BaseException:
            self._free.release()
            raise

    async def _enter(self) -> None:
        if self._free.locked():
            try:
                async with asyncio.timeout(self._location.acquire_timeout.total_seconds()):
                    await self._free.acquire()
            except TimeoutError as error:
                raise StoreUnavailable("all connections to PostgreSQL are busy") from error
        else:
            await self._free.acquire()
        if self._closed:
            self._free.release()
            raise StoreUnavailable("the store is closed")

    def _usable(self) -> AsyncConnection | None:
        while self._idle:
            connection, _ = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    def _give_back(self, connection: AsyncConnection, *, sound: bool) -> None:
        now = asyncio.get_running_loop().time()
        if sound and not self._closed and not connection.is_closed():
            self._idle.append((connection, now))
        else:
            connection.terminate()
        while self._idle and self._idle[0][1] < now - IDLE_LIMIT.total_seconds():
            self._idle.popleft()[0].terminate()
        self._free.release()
