"""
`segue init`: write a settings file that explains itself, and a new deployment secret.

House rule: a secret that is there is never replaced; whoever lost it would have signed everybody out.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from segue.errors import ConfigurationError
from segue.profiles import PROFILES, ValueKind
from segue.service.private_files import require_private, write_private
from segue.service.reading import nearest
from segue.service.template import API_DOMAIN, WEBSITE_DOMAIN, Answers, render_settings

_SECRET_BYTES = 48


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("segue.toml"),
    *,
    issuer: Annotated[
        str | None, typer.Option(help="The iss of the provider's tokens, to the letter.")
    ] = None,
    audience: Annotated[
        str | None, typer.Option(help="What stands in their aud: your API's identifier.")
    ] = None,
    client_id: Annotated[str | None, typer.Option(help="The client that your pages sign in with.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="A known provider, such as auth0; see docs/howto/providers/.")
    ] = None,
    value: Annotated[
        list[str] | None, typer.Option(help="One of the profile's values: domain=acme.eu.auth0.com.")
    ] = None,
    api_domain: Annotated[str, typer.Option(help="Where browsers reach this service.")] = API_DOMAIN,
    website_domain: Annotated[str, typer.Option(help="Where your pages come from.")] = WEBSITE_DOMAIN,
    secret_in_file: Annotated[
        bool, typer.Option("--secret-in-file", help="Keep the secret in the settings file itself.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a settings file that is there.")] = False,
) -> None:
    """Write a commented settings file and a new secret."""
    if path.exists() and not force:
        raise ConfigurationError(f"{path} is there already; --force replaces it and keeps the secret file")
    values = _values(profile, value or [])
    if profile is not None and (issuer or audience or client_id):
        raise ConfigurationError(
            "with --profile, give --value name=text instead of --issuer, --audience and --client-id"
        )
    secret_path = path.with_name(f"{path.stem}.secret")
    answers = Answers(
        issuer=issuer,
        audience=audience,
        client_id=client_id,
        profile=profile,
        values=values,
        api_domain=api_domain,
        website_domain=website_domain,
        secret=_new_secret() if secret_in_file else None,
        secret_file=secret_path.name,
    )
    kept = False if secret_in_file else _keep_or_make(secret_path)
    write_private(path, render_settings(answers), replace=force)
    typer.echo(f"wrote {path}")
    if not secret_in_file:
        typer.echo(
            f"{'kept' if kept else 'wrote'} {secret_path}: the deployment secret; keep it out of the repository"
        )
    _say_what_is_left(path, answers)


def _keep_or_make(path: Path) -> bool:
    """Whether there was a secret."""
    if path.exists():
        require_private(path)
        return True
    write_private(path, f"{_new_secret()}\n")
    return False


def _new_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def _values(profile: str | None, given: list[str]) -> dict[str, str]:
    """`name=text` as pairs, for a profile that there is."""
    if profile is None:
        if given:
            raise ConfigurationError("--value belongs to a profile; name it with --profile")
        return {}
    if profile not in PROFILES:
        raise ConfigurationError(
            f"there is no profile {profile}{nearest(profile, list(PROFILES))}; there are {', '.join(PROFILES)}"
        )
    parts = [each.partition("=") for each in given]
    values = {name: text for name, _, text in parts}
    names = [known.name for known in PROFILES[profile].values if known.kind is not ValueKind.PAIRS]
    for name in values:
        if name not in names:
            raise ConfigurationError(f"{name} is no value of the profile {profile}{nearest(name, names)}")
    return values


def _missing(answers: Answers) -> list[str]:
    if answers.profile is not None:
        values = PROFILES[answers.profile].values
        return [value.name for value in values if value.required and not answers.values.get(value.name)]
    wanted = (
        ("issuers", answers.issuer),
        ("audiences", answers.audience),
        ("authorized_parties", answers.client_id),
    )
    return [name for name, value in wanted if value is None]


def _say_what_is_left(path: Path, answers: Answers) -> None:
    missing = _missing(answers)
    option = "" if path == Path("segue.toml") else f" --config {path}"
    if missing:
        typer.echo(f"still to fill in: {', '.join(missing)}")
    typer.echo(f"then: segue doctor{option}, segue serve{option}")
