"""
RSA keys made ahead of need.

A key takes a tenth of a second or more, and a new app needs two. They are made in a thread of its own, which lets go
of the interpreter's lock meanwhile, until a few are in stock; whoever takes one has it replaced. House rule: a key is
handed out once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import PrivateKey, make_private_key

STOCK = 12
"""Keys; six apps that are made at once wait for none."""
_PATIENCE = 2.0
"""Seconds that a key may take to be finished when the process ends."""


class KeyPool:
    """The `KeyMaker` port for an event loop, with RSA keys in stock."""

    def __init__(
        self, *, stock: int = STOCK, make: Callable[[Algorithm], PrivateKey] = make_private_key
    ) -> None:
        """
        Args:
            stock: keys that are made ahead.
            make: makes one; called in the pool's thread.
        """
        self._make = make
        self._room = threading.Semaphore(stock)
        self._stopped = threading.Event()
        self._ready: asyncio.Queue[PrivateKey] = asyncio.Queue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to make keys, for the running event loop."""
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, args=(loop,), name="segue-keys", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Make no more keys; returns when the thread has ended."""
        self._stopped.set()
        self._room.release()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _PATIENCE)

    async def make_private_key(self, algorithm: Algorithm) -> PrivateKey:
        """See the port. Those who come first are served first."""
        if algorithm is not Algorithm.RS256 or self._thread is None:
            return await asyncio.to_thread(self._make, algorithm)
        key = await self._ready.get()
        self._room.release()
        return key

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            self._room.acquire()
            if self._stopped.is_set():
                return
            key = self._make(Algorithm.RS256)
            try:
                loop.call_soon_threadsafe(self._ready.put_nowait, key)
            except RuntimeError:  # the loop has ended without us
                return
