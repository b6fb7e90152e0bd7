"""What several commands share: the settings, the present instant, and text in columns."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from msgspec.structs import replace

from segue.adapters.core import HttpCore
from segue.clock import SystemClock
from segue.engine import Engine
from segue.errors import FetchFailed
from segue.migration.web import WebRequest, WebResponse
from segue.service.logs import printable
from segue.service.settings import Settings, load_settings, settings_path

ConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="The settings file; else $SEGUE_CONFIG, else segue.toml.", show_default=False
    ),
]


def settings_from(config: Path | None) -> Settings:
    """
    The settings that a command works with.

    Raises:
        ConfigurationError: they cannot be used.
    """
    return load_settings(settings_path(config, os.environ), os.environ)


def engine_on(settings: Settings) -> AbstractContextManager[Engine]:
    """An engine for the sessions, in the store or in the core; providers are left out, and none is asked anything."""
    config = replace(settings.config, providers=())
    core = None if settings.core is None else HttpCore(settings.core)
    return closing(Engine(config, store=settings.store.open(), core=core))


def engine_with_providers(settings: Settings) -> AbstractContextManager[Engine]:
    """The same for who has to know which providers are configured; nobody is asked anything either."""
    return closing(Engine(settings.config, store=settings.store.open(), web=_NoWeb()))


class _NoWeb:
    """Speaks to nobody."""

    def exchange(self, request: WebRequest) -> WebResponse:
        """See `Web.exchange`."""
        raise FetchFailed(request.place, "this command asks nobody")


def instant(text: str) -> datetime:
    """
    An instant with its time zone, as ISO 8601 writes it; a day alone begins at midnight in UTC.

    Raises:
        BadParameter: anything else.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no instant such as 2030-01-31T12:00:00Z") from None
    if read.tzinfo is None and len(text) > len("2030-01-31"):
        raise typer.BadParameter(f"{text!r} has no time zone; write it with one, such as {text}Z")
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def present() -> datetime:
    """The present instant."""
    return SystemClock().now()


def shown(instant: datetime) -> str:
    """An instant for people, to the second, in UTC."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def print_columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a head, each column as wide as its longest text; a pipe gets the same."""
    every = [[printable(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]
    for row in every:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
