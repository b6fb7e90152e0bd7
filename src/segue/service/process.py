"""
A process that serves HTTP: one socket, one or several workers, an end without remains.

uvicorn parses HTTP and watches over the workers; which address is listened on is decided here, once. House rules:
loopback unless somebody wrote another address; a worker ends when the process that started it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Generator
from dataclasses import dataclass
from ipaddress import ip_address

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from segue.adapters.asgi import ASGIApp, Receive, Scope, Send
from segue.errors import ConfigurationError

logger = logging.getLogger("segue")

_GRACE = 1
"""Seconds that running requests get at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where, and by how many processes."""

    host: str
    port: int
    workers: int = 1
    trusted_proxies: tuple[str, ...] = ()
    metrics_port: int | None = None
    """A second one, on this machine alone."""


LOOPBACK = "127.0.0.1"


class Watched:
    """An application, and an eye on the parent process: whatever ends it, its workers end too."""

    def __init__(self, app: ASGIApp) -> None:
        """*app*: what is served."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the whole life of the application."""
        parent = multiprocessing.parent_process()
        if scope["type"] == "lifespan" and parent is not None:
            asyncio.get_running_loop().add_reader(parent.sentinel, os.kill, os.getpid(), signal.SIGTERM)
        await self._app(scope, receive, send)


class _Server(uvicorn.Server):
    """Ends on SIGINT and SIGTERM, and then counts as ended well."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run(make: Callable[[], Watched], listening: Listening, *, announce: Callable[[str], None]) -> bool:
    """
    Listen and serve until a signal ends it; whether it could start.

    Args:
        make: the application; called in each process that serves, to which it travels as a value.
        listening: where.
        announce: called once with the address that is listened on.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(contextlib.closing(_listening(listening.host, listening.port)))
        sockets = [listener]
        if listening.metrics_port is not None:
            private = _listening(LOOPBACK, listening.metrics_port)
            sockets.append(stack.enter_context(contextlib.closing(private)))
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        announce(f"http://{shown}:{port}")
        if not ip_address(host).is_loopback:
            logger.warning(
                "others on the network can connect to %s:%s, and there is no TLS here: "
                "put a proxy with TLS in front",
                shown,
                port,
            )
        config = _uvicorn_config(make, listening)
        started = _serve_alone(config, sockets) if config.workers == 1 else _serve_many(config, sockets)
    logger.info("ended")
    return started


def _serve_alone(config: uvicorn.Config, sockets: list[socket.socket]) -> bool:
    server = _Server(config)
    try:
        server.run(sockets=sockets)
    except SystemExit:
        return False  # the application has said why
    return True


def _serve_many(config: uvicorn.Config, sockets: list[socket.socket]) -> bool:
    supervisor = Multiprocess(config, sockets=sockets)
    supervisor.run()
    return not any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)


def _uvicorn_config(make: Callable[[], Watched], listening: Listening) -> uvicorn.Config:
    return uvicorn.Config(
        make,
        factory=True,
        workers=listening.workers,
        interface="asgi3",
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(listening.trusted_proxies),
        forwarded_allow_ips=list(listening.trusted_proxies),
        timeout_graceful_shutdown=_GRACE,
    )


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server((str(address[0]), port), family=family)
    except socket.gaierror:
        raise ConfigurationError(f"server.host: nobody knows the address of {host}") from None
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another address with --host and --port"
        ) from None
    # Accepted connections inherit it; else an answer's second part may wait for the client's delayed ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
