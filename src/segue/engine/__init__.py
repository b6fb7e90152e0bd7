"""
The engine: sessions and migration for a Python program, for blocking callers and for event loops.

`Engine` and `AsyncEngine` are the same operations driven in two ways; each method is one line. House rule: no rule
lives here, and a test keeps the two alike.
"""

from segue.engine.asynchronous import AsyncEngine
from segue.engine.blocking import Engine

__all__ = ["AsyncEngine", "Engine"]
