"""
`[cookie_provider.format]` and `[cookie_provider.store]` of the settings file: how old cookies are read, where rows are.

A format's keys are the members of its value in `segue.migration.cookies`; a new format is one line in `FORMATS`. What
needs a database or a user's password hash is for Python to configure. House rules: a secret comes from a file of its
own that nobody else may read, one secret a line; a key that does nothing is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import UnionType
from typing import Any, Protocol, TypeAlias, Union, cast, get_args, get_origin

import msgspec

from segue.adapters.better_auth import BetterAuthApi
from segue.adapters.express_files import ExpressFiles
from segue.adapters.php_files import LaravelFiles, PhpFiles
from segue.adapters.web import HttpWeb
from segue.errors import ConfigurationError
from segue.migration.cookies.authjs import AuthJs
from segue.migration.cookies.better_auth import BetterAuth
from segue.migration.cookies.better_auth_api import BetterAuthRoutes
from segue.migration.cookies.django import DjangoSignedCookie
from segue.migration.cookies.express_session import ExpressSession
from segue.migration.cookies.flask import FlaskSession
from segue.migration.cookies.laravel import LaravelSession
from segue.migration.cookies.model import CookieFormat
from segue.migration.cookies.nextauth import NextAuth
from segue.migration.cookies.php import PhpSession
from segue.migration.cookies.rails import RailsSession
from segue.migration.cookies.starlette import StarletteSession
from segue.service.durations import Duration
from segue.service.private_files import read_private
from segue.service.reading import nearest

Table: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Format:
    made: type[Any]
    secrets: str | None = "secrets"
    """Its member that holds the secrets; in the file, that name with `_file`."""


FORMATS: Mapping[str, _Format] = {
    "authjs": _Format(AuthJs),
    "better_auth": _Format(BetterAuth),
    "django_signed": _Format(DjangoSignedCookie),
    "express": _Format(ExpressSession),
    "flask": _Format(FlaskSession),
    "laravel": _Format(LaravelSession, "app_keys"),
    "nextauth": _Format(NextAuth),
    "php": _Format(PhpSession, None),
    "rails": _Format(RailsSession, "secret_key_bases"),
    "starlette": _Format(StarletteSession),
}


class Rows(Protocol):
    """Where old sessions are rows."""

    def find_session(self, key: str) -> bytes | None:
        """See `FindSession`."""
        ...

    def end_session(self, key: str) -> None:
        """See `EndSession`."""
        ...


def _php_files(table: Table, folder: Path) -> Rows:
    return PhpFiles(folder, idle=_lifetime(table, timedelta(minutes=24)))


def _laravel_files(table: Table, folder: Path) -> Rows:
    return LaravelFiles(folder, idle=_lifetime(table, timedelta(hours=2)))


def _better_auth_routes(table: Table, read: CookieFormat) -> Rows:
    """Asked over HTTP; the engine runs such functions in a thread."""
    if not isinstance(read, BetterAuth):
        raise ConfigurationError('store: better_auth_routes goes with format.kind = "better_auth"')
    url, origin = table.get("url"), table.get("origin")
    if not isinstance(url, str) or not isinstance(origin, str | None):
        raise ConfigurationError(
            "store: give url, such as https://old.example.com/api/auth, and origin as text"
        )
    return BetterAuthApi(BetterAuthRoutes(format=read, url=url, origin=origin), HttpWeb())


def _express_files(table: Table, folder: Path) -> Rows:
    return ExpressFiles(folder, lifetime=_lifetime(table, timedelta(hours=1)))


STORES: Mapping[str, Callable[[Table, Path], Rows]] = {
    "express_files": _express_files,
    "laravel_files": _laravel_files,
    "php_files": _php_files,
}
_OF_FILES = frozenset({"kind", "folder", "lifetime"})
_ROUTES = "better_auth_routes"
_OF_ROUTES = frozenset({"kind", "url", "origin"})


def format_of(table: Table, folder: Path) -> CookieFormat:
    """
    A format.

    Raises:
        ConfigurationError: unknown, without its secret, or with a key that it does not have.
    """
    kind = _kind(table, FORMATS, "format")
    entry = FORMATS[kind]
    members = {each.name: each for each in msgspec.structs.fields(entry.made)}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name == "kind" or (entry.secrets and name == f"{entry.secrets}_file"):
            continue
        if name == entry.secrets:
            raise ConfigurationError(f"format: put {name} into a file of their own, and give {name}_file")
        if name not in members:
            raise ConfigurationError(f"format: {kind} has no {name}{nearest(name, list(members))}")
        values[name] = _member(name, value, members[name].type)
    if entry.secrets is not None:
        values[entry.secrets] = _secrets(table, entry.secrets, folder)
    missing = [name for name, each in members.items() if each.required and name not in values]
    if missing:
        raise ConfigurationError(f"format: {kind} needs {missing[0]}")
    made: CookieFormat = entry.made(**values)  # which judges its members itself
    return made


def rows_of(table: Table | None, folder: Path, *, read: CookieFormat) -> Rows | None:
    """
    Where the sessions are; None: in the cookies.

    Args:
        table: of the file, if it is there.
        folder: where relative paths begin.
        read: the format of the same provider.

    Raises:
        ConfigurationError: unknown, no folder, or a key that does nothing.
    """
    if table is None:
        return None
    kind = _kind(table, {**STORES, _ROUTES: None}, "store")
    known = _OF_ROUTES if kind == _ROUTES else _OF_FILES
    strange = sorted(table.keys() - known)
    if strange:
        raise ConfigurationError(f"store: {kind} has no {strange[0]}{nearest(strange[0], list(known))}")
    if kind == _ROUTES:
        return _better_auth_routes(table, read)
    where = table.get("folder")
    if not isinstance(where, str):
        raise ConfigurationError("store: folder is missing; give the one in which the old sessions are files")
    return STORES[kind](table, folder / where)


def _kind(table: Table, known: Mapping[str, object], place: str) -> str:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in known:
        raise ConfigurationError(f"{place}.kind: choose one of {', '.join(known)}")
    return kind


def _secrets(table: Table, name: str, folder: Path) -> tuple[str, ...]:
    file = table.get(f"{name}_file")
    if not isinstance(file, str):
        raise ConfigurationError(f"format: {name}_file is missing; name a file with one secret a line")
    lines = read_private(folder / file).splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def _member(name: str, value: object, kind: object) -> object:
    """One member, as the first of its types that it fits: texts are words of a closed set, durations or themselves."""
    kinds = get_args(kind) if isinstance(kind, UnionType) or get_origin(kind) is Union else (kind,)
    for each in sorted(kinds, key=lambda one: one is str):  # a text is anything else first
        try:
            if each is timedelta:
                return Duration(str(value)).span
            converted: object = msgspec.convert(value, cast("type[object]", each))
        except (msgspec.ValidationError, ValueError):
            continue
        return converted
    raise ConfigurationError(f"format: {name} cannot be that; look it up in docs/howto/cookie-sessions.md")


def _lifetime(table: Table, usual: timedelta) -> timedelta:
    given = table.get("lifetime")
    if given is None:
        return usual
    try:
        return Duration(str(given)).span
    except ValueError:
        raise ConfigurationError('store: lifetime must be a duration such as "2h"') from None
