"""`segue db`: look after the database. House rule: forward only, and safe while others start at the same time."""

from __future__ import annotations

import typer

from segue.cli.common import ConfigOption, settings_from
from segue.stores.sqlite import upgrade_schema

db = typer.Typer(help="Look after the database.")


@db.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database, new or old, to the schema of this program."""
    store = settings_from(config).store
    change = upgrade_schema(store.path, busy_timeout=store.busy_timeout)
    if change.before == change.after:
        typer.echo(f"{store.path} has schema {change.after} already")
    else:
        typer.echo(f"{store.path}: schema {change.before} is now {change.after}")


@db.callback()
def _db() -> None:
    """Keeps `upgrade` a command of its own while it is the only one."""
