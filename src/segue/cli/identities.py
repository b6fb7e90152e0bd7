"""
`segue identities import`: write down who a provider's people are here, before they come.

House rule: who is in the table stays the user that he is; what differs is counted, and named by its line alone.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from segue.cli.common import ConfigOption, present, settings_from
from segue.errors import ConfigurationError
from segue.ids import UserId
from segue.migration.kinds import AnyProvider
from segue.migration.model import IdentityLink, LinkOrigin, subject_digest
from segue.service.importing import read_identities

_SHOWN = 20

identities = typer.Typer(no_args_is_help=True, help="Who a provider's people are here.")


@identities.callback()
def _identities() -> None:
    """Keeps `import` a subcommand, although it is alone."""


@identities.command("import")
def import_identities(
    provider: Annotated[str, typer.Argument(help="The provider's name in the settings.", metavar="PROVIDER")],
    file: Annotated[Path, typer.Argument(help="CSV with a heading, or JSON lines: subject and user_id.")],
    issuer: Annotated[
        str | None,
        typer.Option(help="Which of the provider's issuers, if it has several.", show_default=False),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write a list of subjects and user ids into the table of identities."""
    settings = settings_from(config)
    known = {each.name: each for each in settings.config.providers}
    if provider not in known:
        raise ConfigurationError(f"no provider {provider} is configured")
    chosen = _issuer(known[provider], issuer)
    written, differing = 0, list[int]()
    with closing(settings.store.open()) as store, file.open(encoding="utf-8-sig", newline="") as lines:
        for each in read_identities(lines):
            link = IdentityLink(
                app_id=settings.config.app_id,
                subject_digest=subject_digest(chosen, each.subject),
                provider=provider,
                issuer=chosen,
                user_id=UserId(each.user_id),
                origin=LinkOrigin.IMPORTED,
                linked_at=present(),
            )
            if store.link_identity(link) == each.user_id:
                written += 1
            else:
                differing.append(each.line)
    typer.echo(f"{written} identities of {chosen} are in the table")
    if differing:
        named = ", ".join(map(str, differing[:_SHOWN])) + (" …" if len(differing) > _SHOWN else "")
        typer.echo(f"{len(differing)} have another user there, who stays: lines {named}", err=True)
        raise typer.Exit(1)


def _issuer(provider: AnyProvider, wanted: str | None) -> str:
    if wanted is None:
        first, *others = provider.issuers
        if others:
            raise ConfigurationError(f"{provider.name} has several issuers; say which with --issuer")
        return first
    if wanted not in provider.issuers:
        raise ConfigurationError(f"{provider.name} has no issuer {wanted}")
    return wanted
