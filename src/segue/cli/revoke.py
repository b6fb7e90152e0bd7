"""
`segue revoke`: end a session, all sessions of a user, or all that were minted from a provider in a window of time.

House rules: a handle of which there is no living session is a failure, because it may be a slip of the pen; a user
without sessions is none. What may be thousands of sessions is counted first and ended only with `--yes`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from segue.cli.common import ConfigOption, engine_on, instant, settings_from, shown
from segue.engine import Engine
from segue.errors import ConfigurationError
from segue.ids import SessionHandle, UserId
from segue.service.durations import format_duration
from segue.service.settings import Settings
from segue.sessions.model import ByProvenance, ByUser, Selection


def revoke(
    handle: Annotated[str | None, typer.Argument(help="The session's handle.", show_default=False)] = None,
    *,
    user: Annotated[
        str | None, typer.Option(help="End all sessions of this user instead.", show_default=False)
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(help="End all sessions that were minted from this issuer instead.", show_default=False),
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Of those: minted by this version of segue.", show_default=False)
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="Minted at this instant or later.", show_default=False)
    ] = None,
    before: Annotated[
        str | None, typer.Option(help="Minted before this instant.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="End them; otherwise they are counted.")] = False,
    config: ConfigOption = None,
) -> None:
    """End a session, all sessions of a user, or all that were minted from an issuer."""
    if sum(choice is not None for choice in (handle, user, issuer)) != 1:
        raise typer.BadParameter("give a handle, or --user and a user id, or --issuer and an issuer")
    if issuer is None and (version is not None or begin is not None or before is not None or yes):
        raise typer.BadParameter("--version, --from, --before and --yes belong to --issuer")
    settings = settings_from(config)
    if issuer is not None and settings.core is not None:
        raise ConfigurationError(
            "sessions live in a core, which cannot find them by --issuer; end them by handle, or with --user"
        )
    with engine_on(settings) as engine:
        if issuer is not None:
            _undo(engine, settings, _minted(issuer, version, begin, before), certain=yes)
        elif handle is not None:
            _end_one(engine, settings, SessionHandle(handle))
        else:
            _end(engine, settings, ByUser(user_id=UserId(user or "")))


def _minted(issuer: str, version: str | None, begin: str | None, before: str | None) -> ByProvenance:
    return ByProvenance(
        issuer=issuer,
        verifier_version=version,
        created_from=None if begin is None else instant(begin),
        created_before=None if before is None else instant(before),
    )


def _undo(engine: Engine, settings: Settings, minted: ByProvenance, *, certain: bool) -> None:
    if certain:
        _end(engine, settings, minted)
        return
    found = engine.count_minted(minted)
    typer.echo(f"{found.count} living session(s) of {found.users} user(s) were minted{_said(minted)}")
    if found.first_at is not None and found.last_at is not None:
        typer.echo(f"the first {shown(found.first_at)}, the last {shown(found.last_at)}")
    typer.echo("nothing was ended; --yes ends them")


def _said(minted: ByProvenance) -> str:
    parts: list[tuple[str, str | datetime | None]] = [
        ("from", minted.issuer),
        ("by version", minted.verifier_version),
        ("since", minted.created_from),
        ("before", minted.created_before),
    ]
    return "".join(
        f" {word} {shown(value) if isinstance(value, datetime) else value}"
        for word, value in parts
        if value is not None
    )


def _end_one(engine: Engine, settings: Settings, handle: SessionHandle) -> None:
    if not _end(engine, settings, handle, quiet=True):
        typer.echo("no living session has this handle", err=True)
        raise typer.Exit(1)
    _say(settings, 1)


def _end(
    engine: Engine, settings: Settings, chosen: Selection | SessionHandle, *, quiet: bool = False
) -> int:
    ended = len(engine.revoke(chosen))
    if not quiet:
        _say(settings, ended)
    return ended


def _say(settings: Settings, ended: int) -> None:
    typer.echo(
        f"ended {ended} session(s); who verifies access tokens without asking segue hears of it "
        f"within {format_duration(settings.config.lifetimes.access)}"
    )
