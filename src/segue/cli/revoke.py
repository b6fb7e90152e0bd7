"""
`segue revoke`: end a session, or all sessions of a user.

House rule: a handle of which there is no living session is a failure, because it may be a slip of the pen; a user
without sessions is none.
"""

from __future__ import annotations

from typing import Annotated

import typer

from segue.cli.common import ConfigOption, engine_on, settings_from
from segue.ids import SessionHandle, UserId
from segue.service.durations import format_duration
from segue.sessions.model import ByUser


def revoke(
    handle: Annotated[str | None, typer.Argument(help="The session's handle.", show_default=False)] = None,
    user: Annotated[
        str | None, typer.Option(help="End all sessions of this user instead.", show_default=False)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """End a session, or all sessions of a user."""
    if (handle is None) == (user is None):
        raise typer.BadParameter("give a handle, or --user and a user id")
    settings = settings_from(config)
    chosen = SessionHandle(handle) if handle is not None else ByUser(user_id=UserId(user or ""))
    with engine_on(settings) as engine:
        ended = engine.revoke(chosen)
    if handle is not None and not ended:
        typer.echo("no living session has this handle", err=True)
        raise typer.Exit(1)
    lifetimes = settings.config.lifetimes
    typer.echo(
        f"ended {len(ended)} session(s); who verifies access tokens without asking segue hears of it "
        f"within {format_duration(lifetimes.access)}"
    )
