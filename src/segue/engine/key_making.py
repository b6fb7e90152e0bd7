"""
New private keys for an engine, made on this machine.

House rule: an RSA key takes up to a third of a second, and an event loop does not wait for it; making one lets go of
the interpreter's lock, so another thread does it beside the requests.
"""

from __future__ import annotations

from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import PrivateKey, make_private_key


class LocalKeyMaker:
    """The `KeyMaker` port for blocking callers."""

    def make_private_key(self, algorithm: Algorithm) -> PrivateKey:
        """See the port."""
        return make_private_key(algorithm)


class AsyncLocalKeyMaker:
    """The `KeyMaker` port for an event loop."""

    async def make_private_key(self, algorithm: Algorithm) -> PrivateKey:
        """See the port."""
        import asyncio  # noqa: PLC0415 - programs without a loop need not load it

        return await asyncio.to_thread(make_private_key, algorithm)
