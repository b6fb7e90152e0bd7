"""
What becomes of a store when its process forks.

SQLite forbids to carry a connection across a fork, even to close it there: the child would believe in locks that only
its parent holds. A store that was made but not used before the fork has none, and works on both sides. House rule: one
that was used refuses in the child and says why; nothing is ever written on inherited locks.
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
from typing import Protocol
from weakref import WeakSet

REFUSAL = "this store was used before the process forked; open another one in each child"


class Forked(Protocol):
    """A store that wants to know."""

    def forked(self) -> tuple[sqlite3.Connection, ...]:
        """In the child: begin anew or refuse from now on; the connections that must not be touched again."""
        ...


_stores: WeakSet[Forked] = WeakSet()


def watch(store: Forked) -> None:
    """Call `forked` in every child, for as long as the store lives."""
    _stores.add(store)


def _in_child() -> None:
    for store in list(_stores):
        for connection in store.forked():
            # Never freed, because freeing closes.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


os.register_at_fork(after_in_child=_in_child)
