"""`segue sessions`: the living sessions of a user. House rule: no token is shown; the store has none."""

from __future__ import annotations

from typing import Annotated

import typer

from segue.cli.common import ConfigOption, engine_on, print_columns, settings_from, shown
from segue.ids import TenantId, UserId
from segue.sessions.model import SessionView

sessions = typer.Typer(help="Look at the sessions of a user.")


@sessions.command("list")
def list_sessions(
    user: Annotated[str, typer.Argument(help="Your id of the user.")],
    tenant: Annotated[str | None, typer.Option(help="Only in this tenant.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 100,
    config: ConfigOption = None,
) -> None:
    """List the living sessions of a user, newest first."""
    settings = settings_from(config)
    with engine_on(settings) as engine:
        only = None if tenant is None else TenantId(tenant)
        found = engine.list_sessions(UserId(user), tenant_id=only, limit=limit + 1)
    if not found:
        typer.echo("no living session")
        return
    head = ("handle", "tenant", "created", "last refreshed", "ends", "from", "device")
    print_columns(head, [_row(session) for session in found[:limit]])
    if len(found) > limit:
        typer.echo(f"and more; --limit {10 * limit} shows them")


def _row(session: SessionView) -> tuple[str, ...]:
    return (
        session.handle,
        session.tenant_id,
        shown(session.created_at),
        "-" if session.refreshed_at is None else shown(session.refreshed_at),
        shown(session.expires_at),
        session.provenance.provider if session.provenance is not None else "-",
        session.device.label or "-",
    )


@sessions.callback()
def _sessions() -> None:
    """Keeps `list` a command of its own while it is the only one."""
