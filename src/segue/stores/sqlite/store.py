"""
`SqliteStore`: the store for blocking callers, in as many threads as they like.

House rule: nothing is open until the first use, so that a store can be made before a server forks its workers.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from segue.flow import Flow, T
from segue.stores.sql.methods import SqlStore
from segue.stores.sqlite.connection import Synchronous, locate
from segue.stores.sqlite.forks import REFUSAL, watch
from segue.stores.sqlite.group_writer import GroupWriter
from segue.stores.sqlite.readers import Readers
from segue.stores.sqlite.schema import prepare_file


class SqliteStore(SqlStore):
    """Sessions and all that goes with them in one SQLite file; implements all nine store ports."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: Synchronous = "FULL",
        busy_timeout: timedelta = timedelta(seconds=5),
        upgrade: bool = True,
    ) -> None:
        """
        Args:
            path: of the file; made if it is not there. Its folder must be.
            synchronous: FULL survives a power cut; NORMAL may then lose the last moments, and never tears the file.
            busy_timeout: how long to wait while another process writes.
            upgrade: bring an older schema to the present one; otherwise it is refused.

        Raises:
            ConfigurationError: a file that cannot work, or of a schema that this program cannot work on.
            StoreUnavailable: another process holds the file for too long.
        """
        self._location = locate(path, synchronous=synchronous, busy_timeout=busy_timeout)
        prepare_file(self._location, upgrade=upgrade)
        self._readers = Readers(self._location)
        self._writer = GroupWriter(self._location)
        watch(self)

    def close(self) -> None:
        """Finish what is being written and close the file; every method then raises `StoreUnavailable`."""
        self._writer.close()
        self._readers.close()

    def forked(self) -> tuple[sqlite3.Connection, ...]:
        """See `segue.stores.sqlite.forks`."""
        inherited = (*self._readers.connections(), *self._writer.connections())
        refusal = REFUSAL if inherited or self._readers.used else None
        self._readers = Readers(self._location, refusal=refusal)
        self._writer = GroupWriter(self._location, refusal=refusal)
        return inherited

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, make: Callable[[], Flow[T]]) -> T:
        return self._readers.run(make)

    def _write(self, make: Callable[[], Flow[T]]) -> T:
        return self._writer.run(make)

    def _transact(self, make: Callable[[], Flow[T]]) -> T:
        return self._write(make)
