"""
`segue keys`: the keys that sign access tokens, and what to do when one may be known to others.

House rule: private keys are never shown, and revoking asks for the key's id, so that it is no slip of the pen.
"""

from __future__ import annotations

from typing import Annotated

import typer

from segue.cli.common import ConfigOption, engine_on, print_columns, settings_from, shown
from segue.tokens.signing_keys import SigningKey


def keys(
    revoke: Annotated[
        list[str] | None,
        typer.Option(help="Forget this key and make a new one; may be given again.", show_default=False),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Look at the signing keys, or revoke one that others may know."""
    settings = settings_from(config)
    with engine_on(settings) as engine:
        known = {key.key_id for key in engine.list_signing_keys()}
        unknown = [key_id for key_id in revoke or () if key_id not in known]
        if unknown:
            typer.echo(f"there is no key {unknown[0]}", err=True)
            raise typer.Exit(1)
        present = engine.revoke_signing_keys(tuple(revoke or ())) if revoke else engine.list_signing_keys()
    print_columns(("key", "algorithm", "since"), [_line(key) for key in present])
    if revoke:
        typer.echo("running processes refuse the revoked keys within half a minute; clients refresh silently")


def _line(key: SigningKey) -> tuple[str, str, str]:
    return key.key_id, key.algorithm.value, shown(key.created_at)
