"""
The process of `segue serve`: its settings, the application of each worker, and what is said at the start.

House rule: what a worker is told is where the settings are, never what they say.
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from uvicorn.config import STARTUP_FAILURE

from segue._version import __version__
from segue.errors import ConfigurationError
from segue.service.app import Service
from segue.service.logs import set_up_logs
from segue.service.metrics import METRICS, shared_metrics
from segue.service.policy import summary_of
from segue.service.process import LOOPBACK, Listening, Watched, run
from segue.service.remote_core import named
from segue.service.settings import Settings, load_settings

logger = logging.getLogger("segue")


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

    def __call__(self) -> Watched:
        """The application; called once in each process that serves."""
        try:
            settings = self.settings()
        except ConfigurationError as error:
            set_up_logs("error")
            logger.error("cannot start: %s", error)  # noqa: TRY400 - facts, and no traceback for an operator
            sys.exit(STARTUP_FAILURE)
        set_up_logs(settings.server.log_level)
        return Watched(Service(settings))


def serve(worker: Worker) -> bool:
    """
    Listen and serve until a signal ends it; whether it could start.

    Raises:
        ConfigurationError: the settings cannot be served, or the address cannot be listened on.
    """
    settings = worker.settings()
    set_up_logs(settings.server.log_level)
    settings.store.open().close()  # a database that cannot be used is found before anything listens
    server = settings.server
    listening = Listening(
        host=server.host,
        port=server.port,
        workers=server.workers,
        trusted_proxies=server.trusted_proxies,
        metrics_port=server.metrics_port,
    )
    with shared_metrics(server):
        return run(worker, listening, announce=lambda address: _announce(settings, address))


def _announce(settings: Settings, address: str) -> None:
    if settings.server.metrics_port is not None:
        logger.info("metrics on http://%s:%s%s", LOOPBACK, settings.server.metrics_port, METRICS)
    count = settings.server.workers
    workers = f", {count} workers" if count > 1 else ""
    logger.info("segue %s listens on %s for %s%s", __version__, address, settings.config.http.issuer, workers)
    if settings.core is not None:
        logger.info("sessions live in the core at %s", named(settings.core))
    for provider in settings.config.providers:
        logger.info("%s", summary_of(provider))
    if not settings.config.providers:
        logger.warning("no provider is configured: nobody can be migrated")
