"""
Sessions in memory: for tests, for trials, and as the plain statement of what a store does.

One lock, no indices: a question about many sessions looks at all of them. House rule: what goes in and what comes out
are copies, in the form that a database would have kept, so that code which works here works there.
"""

from __future__ import annotations

from segue.stores.memory.async_store import AsyncMemoryStore
from segue.stores.memory.store import MemoryStore

__all__ = ["AsyncMemoryStore", "MemoryStore"]
