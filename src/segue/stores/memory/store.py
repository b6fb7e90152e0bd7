"""
`MemoryStore`: all store ports in one process, without a file.
"""

from __future__ import annotations

from segue.stores.memory.apps import MemoryApps
from segue.stores.memory.identities import MemoryIdentities
from segue.stores.memory.index import MemoryIndex
from segue.stores.memory.keys import MemoryKeys
from segue.stores.memory.migration import MemoryMigrations
from segue.stores.memory.oversight import MemoryOversight
from segue.stores.memory.sessions import MemorySessions
from segue.stores.memory.users import MemoryUsers


class MemoryStore(
    MemorySessions,
    MemoryIndex,
    MemoryKeys,
    MemoryMigrations,
    MemoryIdentities,
    MemoryOversight,
    MemoryApps,
    MemoryUsers,
):
    """Sessions and all that goes with them in dictionaries; safe for threads, gone when the process ends."""

    def close(self) -> None:
        """Nothing is open."""
