"""The stock of keys: made ahead, handed out once, bounded, ended."""

from __future__ import annotations

import asyncio
import threading

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from segue.service.core.key_pool import KeyPool
from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import PrivateKey, make_private_key


class Maker:
    """Makes real keys of a quick kind, and counts."""

    def __init__(self) -> None:
        self.made = 0
        self.threads: set[int] = set()
        self.may = threading.Event()
        self.may.set()

    def __call__(self, _algorithm: Algorithm) -> PrivateKey:
        """One more."""
        self.may.wait(10)
        self.made += 1
        self.threads.add(threading.get_ident())
        return make_private_key(Algorithm.EdDSA)


def test_keys_are_handed_out_once() -> None:
    """However many ask at once, each gets a key of its own, made in another thread."""

    async def story() -> None:
        maker = Maker()
        pool = KeyPool(stock=3, make=maker)
        pool.start()
        keys = await asyncio.gather(*(pool.make_private_key(Algorithm.RS256) for _ in range(10)))
        await pool.stop()
        assert len({id(key) for key in keys}) == 10
        assert maker.threads.isdisjoint({threading.get_ident()})
        assert maker.made <= 10 + 3 + 1

    asyncio.run(story())


def test_pool_that_was_never_started() -> None:
    """Without a thread a key is made where it is asked for."""

    async def story() -> None:
        pool = KeyPool(make=Maker())
        maker_key = await pool.make_private_key(Algorithm.RS256)
        assert isinstance(maker_key, Ed25519PrivateKey)
        await pool.stop()

    asyncio.run(story())


def test_end_of_the_pool() -> None:
    """When the pool has stopped its thread is gone, however full the stock is."""

    async def story() -> None:
        before = set(threading.enumerate())
        pool = KeyPool(stock=2, make=Maker())
        pool.start()
        await pool.make_private_key(Algorithm.RS256)
        await pool.stop()
        left = [each for each in set(threading.enumerate()) - before if each.name == "segue-keys"]
        assert left == []

    asyncio.run(story())


def test_stop_while_a_key_is_made() -> None:
    """A key that is half made does not hold up the end for long, and nobody gets it."""

    async def story() -> None:
        maker = Maker()
        maker.may.clear()
        pool = KeyPool(stock=1, make=maker)
        pool.start()
        stopping = asyncio.create_task(pool.stop())
        await asyncio.sleep(0)
        maker.may.set()
        await asyncio.wait_for(stopping, 5)

    asyncio.run(story())
