"""
Run the demo: two processes, two ports, one end.

House rule: whatever ends the demo (Ctrl-C, SIGTERM, an error) ends the old provider's process and removes the
database with it.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from segue.demo.app import demo_app
from segue.demo.ports import listen_on_localhost, require_free
from segue.demo.process import ProviderProcess
from segue.demo.stage import Stage

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncGenerator, Generator

    from starlette.types import ASGIApp

GRACE = 2
"""Seconds that running requests get at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A demo that answers."""

    app: str
    """Where the page is."""
    issuer: str
    """Where the old provider is."""
    provider_pid: int


@asynccontextmanager
async def running_demo(*, port: int, provider_port: int, backend_secret: str) -> AsyncGenerator[Running]:
    """
    The demo, while the context lasts.

    Args:
        port: of the page; 0 takes a free one.
        provider_port: of the old provider; 0 takes a free one.
        backend_secret: what the application's back end shows the provider.

    Raises:
        PortTaken: another program listens on one of them.
        ProviderFailed: the provider's process did not come up.
    """
    require_free(provider_port)
    sockets = listen_on_localhost(port)
    origin = f"http://localhost:{sockets[0].getsockname()[1]}"
    provider = ProviderProcess(app_origins=(origin,), backend_secret=backend_secret, port=provider_port)
    try:
        await provider.start()
        opened = Stage.opened(origin=origin, provider=provider, backend_secret=backend_secret)
        async with opened as stage, _serving(demo_app(stage), sockets):
            yield Running(app=origin, issuer=provider.issuer, provider_pid=provider.pid or 0)
    finally:
        await provider.stop()
        for listening in sockets:
            listening.close()


async def until_told_to_end() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()


class _Server(uvicorn.Server):
    """A server that says when it is ready and leaves signals to the demo."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def _serving(app: ASGIApp, sockets: list[socket.socket]) -> AsyncGenerator[None]:
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=GRACE
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=sockets))
    try:
        await server.ready.wait()
        yield
    finally:
        server.should_exit = True
        await serving
