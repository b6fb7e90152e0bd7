"""
`segue core`: the core protocol for published back-end SDKs, as a process of its own.

House rule: the command line wins over the environment, and that over the file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from segue.service.core.deployment import CONFIG
from segue.service.core.serving import CoreWorker
from segue.service.core.serving import serve as serve_until_told


def core(
    *,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; any but this machine's own needs api_keys."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="An SQLite file, :memory:, or an address that begins with postgresql://."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="A YAML file with settings by the reference core's names."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that share the port.")
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None, typer.Option(help="How much is logged.")
    ] = None,
    development: Annotated[
        bool, typer.Option("--development", help="Lift lower bounds that protect production.")
    ] = False,
) -> None:
    """Serve back ends that use a SuperTokens SDK."""
    named = os.environ.get(CONFIG)
    file = config or (Path(named) if named else None)
    given = {
        "host": host,
        "port": None if port is None else str(port),
        "database": database,
        "workers": None if workers is None else str(workers),
        "log_level": log_level,
        "segue_development": "true" if development else None,
    }
    worker = CoreWorker(None if file is None else file.absolute(), Path.cwd(), given)
    raise typer.Exit(0 if serve_until_told(worker) else 1)
