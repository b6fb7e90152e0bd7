"""
`segue pin`: write a provider's keys to a file, so that it need not be asked any more.

House rule: what is in a file already is replaced only when asked to, and what changed is said; a check writes nothing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from segue.adapters.web import AsyncHttpWeb
from segue.cli.common import present
from segue.errors import ConfigurationError
from segue.json import parse_object
from segue.migration.key_sources import PinnedKeys
from segue.migration.pins import compare_keys
from segue.service.logs import printable
from segue.service.pinning import Pinned, fetch_pinned
from segue.tokens.jwk import parse_jwks


def pin(  # noqa: PLR0917 - typer fills them by name
    address: Annotated[
        str, typer.Argument(help="The provider's issuer, or the URL of its JWK set.", metavar="ISSUER|URL")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; else it is printed.", show_default=False),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Where discovery may point besides the issuer's own host; may be repeated."),
    ] = None,
    private_host: Annotated[
        list[str] | None,
        typer.Option(help="A host that may have a private address; may be repeated."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the file and write nothing; exit 1 if it differs.")
    ] = False,
) -> None:
    """Freeze a provider's keys in a file, as they are now."""
    if check:
        _check(address, output, frozenset(allow_host or ()), frozenset(private_host or ()))
        return
    if output is not None and output.exists() and not force:
        raise ConfigurationError(f"{output} is there already; --force replaces it")
    pinned = asyncio.run(_fetch(address, frozenset(allow_host or ()), frozenset(private_host or ())))
    text = pinned.render(present())
    if output is None:
        typer.echo(text, nl=False)
    else:
        before = _key_ids(output)
        output.write_text(text, encoding="utf-8")
        typer.echo(f"wrote {output}: {len(pinned.keys)} key(s), {_named(pinned.key_ids)}")
        _say_what_changed(before, frozenset(pinned.key_ids))
    for reason in pinned.skipped:
        typer.echo(f"left out: {printable(reason)}", err=True)


def _check(address: str, output: Path | None, allowed: frozenset[str], private: frozenset[str]) -> None:
    if output is None:
        raise ConfigurationError("--check compares with a file; name it with --output")
    frozen = PinnedKeys.from_file(output)
    pinned = asyncio.run(_fetch(address, allowed, private))
    difference = compare_keys(frozen.keys, parse_jwks({"keys": list(pinned.keys)}))
    if difference:
        typer.echo(f"{output} is not what the provider publishes; {printable(str(difference))}")
        raise typer.Exit(1)
    typer.echo(f"{output} is what the provider publishes: {_named(pinned.key_ids)}")


async def _fetch(address: str, allowed: frozenset[str], private: frozenset[str]) -> Pinned:
    async with AsyncHttpWeb(allow_private_hosts=private) as web:
        return await fetch_pinned(address, web, allowed_hosts=allowed)


def _key_ids(path: Path) -> frozenset[str] | None:
    try:
        named = parse_object(path.read_bytes()).get("key_ids")
    except (OSError, ValueError):
        return None
    return frozenset(map(str, named)) if isinstance(named, list) else None


def _say_what_changed(before: frozenset[str] | None, after: frozenset[str]) -> None:
    if before is None:
        return
    for word, key_ids in (("new", after - before), ("gone", before - after)):
        if key_ids:
            typer.echo(f"{word}: {_named(tuple(sorted(key_ids)))}")


def _named(key_ids: tuple[str, ...]) -> str:
    return printable(", ".join(key_ids)) or "without ids"
