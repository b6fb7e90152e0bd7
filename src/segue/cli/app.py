"""
The commands, and how a command line becomes one of them.

Only the command that is called is imported, so that `--help` is quick and a command whose extra is not installed
bothers nobody else. House rule: whatever goes wrong, standard error gets one line without a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Protocol, runtime_checkable

import typer

from segue._version import __version__
from segue.errors import ConfigurationError, SessionError
from segue.service.logs import place_of, printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Where a command is, and what the list of commands says of it."""

    module: str
    name: str
    """In its module: a function, or a `typer.Typer` with commands of its own."""
    extra: str
    """What has to be installed for it."""
    help: str


COMMANDS = {
    "init": Command(
        module="segue.cli.init",
        name="init",
        extra="cli",
        help="Write a commented settings file and a new secret.",
    ),
    "serve": Command(
        module="segue.cli.serve",
        name="serve",
        extra="serve",
        help="Serve the browser routes as a process of their own.",
    ),
    "core": Command(
        module="segue.cli.core",
        name="core",
        extra="core",
        help="Serve back ends that use a SuperTokens SDK.",
    ),
    "doctor": Command(
        module="segue.cli.doctor",
        name="doctor",
        extra="serve",
        help="Check settings, store and providers; say which policy is in effect.",
    ),
    "pin": Command(
        module="segue.cli.pin",
        name="pin",
        extra="serve",
        help="Freeze a provider's keys in a file, as they are now.",
    ),
    "provider": Command(
        module="segue.cli.provider",
        name="provider",
        extra="serve",
        help="Look at the roll-out of the providers, or set it while everything runs.",
    ),
    "status": Command(
        module="segue.cli.status",
        name="status",
        extra="serve",
        help="Say how far the move has come, and when the old provider can be switched off.",
    ),
    "identities": Command(
        module="segue.cli.identities",
        name="identities",
        extra="serve",
        help="Who a provider's people are here.",
    ),
    "sessions": Command(
        module="segue.cli.sessions", name="sessions", extra="serve", help="Look at the sessions of a user."
    ),
    "users": Command(module="segue.cli.users", name="users", extra="serve", help="Look after user ids."),
    "revoke": Command(
        module="segue.cli.revoke",
        name="revoke",
        extra="serve",
        help="End a session, all sessions of a user, or all that were minted from an issuer.",
    ),
    "keys": Command(
        module="segue.cli.keys",
        name="keys",
        extra="serve",
        help="Look at the signing keys, or revoke one that others may know.",
    ),
    "outbox": Command(
        module="segue.cli.outbox",
        name="outbox",
        extra="serve",
        help="Count what providers are still to be told.",
    ),
    "db": Command(module="segue.cli.db", name="db", extra="serve", help="Look after the database."),
    "demo": Command(
        module="segue.cli.demo",
        name="demo",
        extra="demo",
        help="Watch a signed-in user move from an old provider to a session of yours.",
    ),
}


class ExtraMissing(Exception):
    """A command needs a package that is not installed."""


@runtime_checkable
class _WrongUsage(Protocol):
    """An error of the command line's own; typer has no public name for all of them."""

    exit_code: int

    def format_message(self) -> str: ...


def run(arguments: Sequence[str]) -> int:
    """
    Run one command line.

    Returns:
        0 done, 1 failed, 2 wrong usage or settings.
    """
    try:
        code: object = command_line(arguments)(
            args=list(arguments) or ["--help"], prog_name="segue", standalone_mode=False
        )
    except SystemExit as ended:
        code = ended.code
    except KeyboardInterrupt:
        code = 1
    except Exception as error:  # noqa: BLE001 - nothing may reach the user as a traceback
        text, code = _explained(error)
        sys.stderr.write(f"segue: {printable(text)}\n")
    return code if isinstance(code, int) else 0


def _explained(error: Exception) -> tuple[str, int]:
    """What is said of an error, and the exit code. Of one that nobody foresaw the text may hold a secret."""
    match error:
        case SessionError() | ExtraMissing():
            return ": ".join(map(str, error.args)), 2 if isinstance(error, ConfigurationError) else 1
        case typer.Abort():
            return "broken off", 1
        case OSError():
            place = f": {error.filename}" if error.filename else ""
            return f"{error.strerror or type(error).__name__}{place}", 1
        case _ if isinstance(error, _WrongUsage):
            return f"{error.format_message().rstrip('.')} (see segue --help)", error.exit_code
        case _:
            return f"a mistake of ours, please report it: {place_of(error)}", 1


def command_line(arguments: Sequence[str]) -> typer.Typer:
    """All commands, of which only the one that is called is really there."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_segue)
    called = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, command in COMMANDS.items():
        found = _load(name, command) if name == called else _placeholder(command)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def _load(name: str, command: Command) -> typer.Typer | Callable[..., None]:
    try:
        found: typer.Typer | Callable[..., None] = getattr(import_module(command.module), command.name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "segue":
            raise
        raise ExtraMissing(
            f"segue {name} needs {error.name}: pip install 'segue[{command.extra}]'"
        ) from error
    return found


def _placeholder(command: Command) -> Callable[[], None]:
    def placeholder() -> None:
        raise NotImplementedError(command.module)

    placeholder.__doc__ = command.help
    return placeholder


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"segue {__version__}")
        raise typer.Exit


def _segue(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_say_version),
    ] = False,
) -> None:
    """Move signed-in users from a previous auth provider onto sessions you host."""
