"""`segue db`: look after the database. House rule: forward only, and safe while others start at the same time."""

from __future__ import annotations

import typer

from segue.cli.common import ConfigOption, settings_from

db = typer.Typer(help="Look after the database.")


@db.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database, new or old, to the schema of this program."""
    store = settings_from(config).store
    before, after = store.upgrade()
    if before == after:
        typer.echo(f"{store.name} has schema {after} already")
    else:
        typer.echo(f"{store.name}: schema {before} is now {after}")


@db.callback()
def _db() -> None:
    """Keeps `upgrade` a command of its own while it is the only one."""
