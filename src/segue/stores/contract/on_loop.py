"""
An asynchronous store seen as a blocking one, so that one contract serves both.

House rule: the loop runs in a thread of its own, and callers in other threads meet on it as tasks do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from threading import Thread
from typing import cast

from segue.stores.ports import Store


@contextmanager
def blocking(make: Callable[[], object]) -> Generator[Store]:
    """
    Make an asynchronous store on a loop, run it there, and close it at the end.

    Args:
        make: called on the loop; what it returns has the ports' methods as coroutines, and a coroutine `close`.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="store-contract-loop")
    thread.start()
    try:
        store = _Blocking(loop, make)
        try:
            yield cast("Store", store)
        finally:
            store.close()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Blocking:
    def __init__(self, loop: asyncio.AbstractEventLoop, make: Callable[[], object]) -> None:
        self._loop = loop
        self._store = self._run(_made(make))

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._store, name)
        return lambda *args, **kwargs: self._run(method(*args, **kwargs))

    def _run(self, coroutine: Coroutine[object, object, object]) -> object:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


async def _made(make: Callable[[], object]) -> object:
    return make()
