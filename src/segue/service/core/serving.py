"""
The process of `segue core`: its deployment, the application of each worker, and what is said at the start.

House rule: what a worker is told is where the settings are, never what they say.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from uvicorn.config import STARTUP_FAILURE

from segue._version import __version__
from segue.errors import ConfigurationError
from segue.service.core.app import CoreApp
from segue.service.core.deployment import Deployment, load_deployment
from segue.service.logs import set_up_logs
from segue.service.process import Listening, Watched, run

logger = logging.getLogger("segue")


@dataclass(frozen=True, slots=True)
class CoreWorker:
    """Makes the application of a process; travels to it as a value."""

    file: Path | None
    folder: Path
    given: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """What the command line says."""

    def deployment(self) -> Deployment:
        """
        What command line, environment and file say together.

        Raises:
            ConfigurationError: it cannot be safe or cannot work.
        """
        return load_deployment(self.file, os.environ, self.given, folder=self.folder)

    def __call__(self) -> Watched:
        """The application; called once in each process that serves."""
        try:
            deployment = self.deployment()
        except ConfigurationError as error:
            set_up_logs("error")
            logger.error("cannot start: %s", error)  # noqa: TRY400 - facts, and no traceback for an operator
            sys.exit(STARTUP_FAILURE)
        set_up_logs(deployment.log_level)
        return Watched(CoreApp(deployment))


def serve(worker: CoreWorker) -> bool:
    """
    Listen and serve until a signal ends it; whether it could start.

    Raises:
        ConfigurationError: the settings cannot be served, or the address cannot be listened on.
    """
    deployment = worker.deployment()
    set_up_logs(deployment.log_level)
    if deployment.store is not None:
        deployment.store.open().close()  # a database that cannot be used is found before anything listens
    listening = Listening(host=deployment.host, port=deployment.port, workers=deployment.workers)
    return run(worker, listening, announce=lambda address: _announce(deployment, address))


def _announce(deployment: Deployment, address: str) -> None:
    count = deployment.workers
    workers = f", {count} workers" if count > 1 else ""
    logger.info("segue core %s listens on %s%s%s", __version__, address, deployment.base_path, workers)
    logger.info("the database is %s", deployment.database)
    if deployment.development:
        logger.warning("this is for development: bounds that protect production are lifted")
    if deployment.ignored:
        logger.warning("settings that mean nothing here: %s", ", ".join(deployment.ignored))
