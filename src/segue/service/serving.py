"""
The process of `segue serve`: one socket, one or several workers, an end without remains.

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
import sys
from collections.abc import Generator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from segue._version import __version__
from segue.adapters.asgi import Receive, Scope, Send
from segue.errors import ConfigurationError
from segue.service.app import Service
from segue.service.logs import set_up_logs
from segue.service.policy import summary_of
from segue.service.settings import Settings, load_settings

logger = logging.getLogger("segue")

_GRACE = 1
"""Seconds that running requests get at the end."""


@dataclass(frozen=True, slots=True)
class Worker:
    """
    Makes the application of a process; travels to it as a value.

    It carries where the settings are and not what they say, so that keys and secrets stay out of pipes.
    """

    path: Path
    overrides: dict[str, str] = field(default_factory=dict[str, str])
    """What the command line says over file and environment, by variable."""

    def settings(self) -> Settings:
        """What file, environment and command line say together."""
        return load_settings(self.path, os.environ | self.overrides)

    def __call__(self) -> _Watched:
        """The application; called once in each process that serves."""
        try:
            settings = self.settings()
        except ConfigurationError as error:
            set_up_logs("error")
            logger.error("cannot start: %s", error)  # noqa: TRY400 - facts, and no traceback for an operator
            sys.exit(STARTUP_FAILURE)
        set_up_logs(settings.server.log_level)
        return _Watched(Service(settings))


class _Watched:
    """The application, and an eye on the parent process: whatever ends it, its workers end too."""

    def __init__(self, app: Service) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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


def serve(worker: Worker) -> bool:
    """
    Listen and serve until a signal ends it; whether it could start.

    Raises:
        ConfigurationError: the settings cannot be served, or the address cannot be listened on.
    """
    settings = worker.settings()
    set_up_logs(settings.server.log_level)
    settings.store.open().close()  # a database that cannot be used is found before anything listens
    with contextlib.closing(_listening(settings.server.host, settings.server.port)) as listening:
        _announce(settings, listening)
        config = _uvicorn_config(worker, settings)
        started = _serve_alone(config, listening) if config.workers == 1 else _serve_many(config, listening)
    logger.info("ended")
    return started


def _serve_alone(config: uvicorn.Config, listening: socket.socket) -> bool:
    server = _Server(config)
    try:
        server.run(sockets=[listening])
    except SystemExit:
        return False  # the application has said why
    return True


def _serve_many(config: uvicorn.Config, listening: socket.socket) -> bool:
    supervisor = Multiprocess(config, sockets=[listening])
    supervisor.run()
    return not any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)


def _uvicorn_config(worker: Worker, settings: Settings) -> uvicorn.Config:
    server = settings.server
    return uvicorn.Config(
        worker,
        factory=True,
        workers=server.workers,
        interface="asgi3",
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(server.trusted_proxies),
        forwarded_allow_ips=list(server.trusted_proxies),
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


def _announce(settings: Settings, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    count = settings.server.workers
    workers = f", {count} workers" if count > 1 else ""
    http = settings.config.http
    logger.info("segue %s listens on http://%s:%s for %s%s", __version__, shown, port, http.issuer, workers)
    for provider in settings.config.providers:
        logger.info("%s", summary_of(provider))
    if not settings.config.providers:
        logger.warning("no provider is configured: nobody can be migrated")
    if not ip_address(host).is_loopback:
        logger.warning(
            "others on the network can connect to %s:%s, and there is no TLS here: put a proxy with TLS in front",
            shown,
            port,
        )
