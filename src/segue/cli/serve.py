"""
`segue serve`: the browser routes for a real provider, as a process of their own.

House rule: the command line wins over the environment, and that over the file.
"""

from __future__ import annotations

import os
from typing import Annotated, Literal

import typer

from segue.cli.common import ConfigOption
from segue.service.environment import variable
from segue.service.serving import Worker
from segue.service.serving import serve as serve_until_told
from segue.service.settings import settings_path


def serve(
    config: ConfigOption = None,
    host: Annotated[
        str | None,
        typer.Option(
            help="Address to listen on; others than this machine's own need a proxy with TLS in front."
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that share the port.")
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None, typer.Option(help="How much is logged.")
    ] = None,
) -> None:
    """Serve the browser routes as a process of their own."""
    given = {"host": host, "port": port, "workers": workers, "log_level": log_level}
    overrides = {variable("server", key): str(value) for key, value in given.items() if value is not None}
    worker = Worker(settings_path(config, os.environ).absolute(), overrides)
    raise typer.Exit(0 if serve_until_told(worker) else 1)
