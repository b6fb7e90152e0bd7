"""Two asynchronous engines on one store, and tokens that both accept: one remembers them, the other sees each anew."""

from __future__ import annotations

import asyncio

from benchmarks import scene
from segue import AsyncEngine
from segue.http.message import HttpRequest
from segue.stores.memory import AsyncMemoryStore

TOKENS = 100


def engines() -> tuple[AsyncEngine, AsyncEngine, list[str]]:
    """The engine that remembers, the one that does not, and live RS256 tokens."""
    store = AsyncMemoryStore()
    hot = AsyncEngine(scene.config(), store=store)
    cold = AsyncEngine(scene.config(remembered=1), store=store)

    async def made() -> list[str]:
        return [(await hot.create_session(scene.somebody(number))).access.text for number in range(TOKENS)]

    return hot, cold, asyncio.run(made())


def key_set(engine: AsyncEngine) -> bytes:
    """The public keys of an engine, as a peer fetches them."""
    request = HttpRequest(method="GET", path="/auth/jwt/jwks.json", headers=())
    return asyncio.run(engine.respond(request)).body
