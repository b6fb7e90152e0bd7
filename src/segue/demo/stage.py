"""
What the demo has on stage: the old provider's process and the present scene; both can be put back to the beginning.

House rule: at every instant there is a scene that answers; an old one is taken down after the new one stands.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx2

from segue.demo.scene import Scene, demo_config, opened_scene

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from segue.demo.process import ProviderProcess


class Stage:
    """The provider and the scene of a running demo."""

    def __init__(
        self, *, origin: str, provider: ProviderProcess, backend_secret: str, http: httpx2.AsyncClient
    ) -> None:
        self.provider = provider
        self.http = http
        """For asking the provider how it is."""
        self._origin = origin
        self._backend_secret = backend_secret
        self._one_at_a_time = asyncio.Lock()
        self._scene: Scene | None = None
        self._props = AsyncExitStack()

    @property
    def scene(self) -> Scene:
        """What is being played."""
        if self._scene is None:
            raise RuntimeError("the stage is not open")
        return self._scene

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, *, origin: str, provider: ProviderProcess, backend_secret: str
    ) -> AsyncGenerator[Self]:
        """A stage with its first scene; *provider* runs already."""
        # Loopback only: a proxy from the environment has no business here.
        async with httpx2.AsyncClient(trust_env=False) as http:
            stage = cls(origin=origin, provider=provider, backend_secret=backend_secret, http=http)
            try:
                await stage._raise_curtain()
                yield stage
            finally:
                await stage._props.aclose()

    async def start_again(self) -> None:
        """Forget everything: a provider with an empty memory, an engine with an empty database, the present time."""
        async with self._one_at_a_time:
            await self.provider.stop()
            await self.provider.start()
            await self._raise_curtain()

    async def _raise_curtain(self) -> None:
        config = demo_config(
            origin=self._origin, issuer=self.provider.issuer, backend_secret=self._backend_secret
        )
        async with AsyncExitStack() as props:
            directory = props.enter_context(tempfile.TemporaryDirectory(prefix="segue-demo-"))
            opened = opened_scene(config, database=Path(directory) / "sessions.sqlite3")
            self._scene = await props.enter_async_context(opened)
            previous, self._props = self._props, props.pop_all()
        await previous.aclose()
