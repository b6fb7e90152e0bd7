"""
`segue provider`: how far the roll-out of each provider has come, and the switch that needs no restart.

House rule: what is set here stands above the settings file until it is taken away again, and the command says so.
"""

from __future__ import annotations

from typing import Annotated

import typer

from segue.cli.common import ConfigOption, engine_with_providers, print_columns, settings_from
from segue.migration.rollout import parse_rollout

_AS_CONFIGURED = "configured"


def provider(
    name: Annotated[str | None, typer.Argument(help="The provider.", show_default=False)] = None,
    rollout: Annotated[
        str | None,
        typer.Argument(
            help="off, shadow, a percentage such as 25%, on; or configured: what the settings file says.",
            show_default=False,
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Look at the roll-out of the providers, or set it while everything runs."""
    settings = settings_from(config)
    with engine_with_providers(settings) as engine:
        if name is not None and rollout is not None:
            engine.set_rollout(name, None if rollout == _AS_CONFIGURED else parse_rollout(rollout))
            typer.echo(f"{name}: {engine.rollouts()[name]}; running processes see it within a second")
            return
        effective = engine.rollouts()
    chosen = [each for each in settings.config.providers if name in {None, each.name}]
    if not chosen:
        raise typer.BadParameter(f"there is no provider {name}")
    print_columns(
        ("provider", "roll-out", "configured"),
        [(each.name, str(effective[each.name]), str(each.rollout)) for each in chosen],
    )
