"""
Settings from the environment: `SEGUE_` and the key in capitals wins over the file.

`SEGUE_PORT` is `port` of `[server]`, `SEGUE_API_DOMAIN` is `api_domain` of `[http]`; keys of `[lifetimes]`,
`[limits]` and `[core]` carry the section's name (`SEGUE_LIFETIMES_ACCESS`), and of a provider only secrets can come
this way (`SEGUE_PROVIDER_<NAME>_CLIENT_SECRET`, `SEGUE_PROVIDER_<NAME>_API_KEY`,
`SEGUE_PROVIDER_<NAME>_INTROSPECTION_SECRET`, `SEGUE_PROVIDER_<NAME>_SECRET` for `secret` of its keys).
An empty variable counts as none.
House rule: a value is never quoted.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import TypeAlias, cast

from msgspec import inspect

from segue.errors import ConfigurationError
from segue.service.schema import OVERRIDABLE

Table: TypeAlias = dict[str, object]

PREFIX = "SEGUE_"
_NAMED = {"lifetimes", "limits", "core"}
"""Sections whose name stands before the key."""
CONFIG = "SEGUE_CONFIG"
"""Names the settings file."""
_TRUTH = {"true": True, "false": False}
_EITHER = (
    ("secret", "secret_file"),
    ("secret_file", "secret"),
    ("api_key", "api_key_file"),
    ("api_key_file", "api_key"),
)


def variable(section: str, key: str) -> str:
    """The variable that sets a key."""
    return f"{PREFIX}{section.upper()}_{key.upper()}" if section in _NAMED else PREFIX + key.upper()


def client_secret_variable(provider: str) -> str:
    """The variable that sets the client secret of a provider's revocation."""
    return f"{PREFIX}PROVIDER_{provider.upper().replace('-', '_')}_CLIENT_SECRET"


def api_key_variable(provider: str) -> str:
    """The variable that sets the key with which a provider's sessions are ended."""
    return f"{PREFIX}PROVIDER_{provider.upper().replace('-', '_')}_API_KEY"


def introspection_secret_variable(provider: str) -> str:
    """The variable that sets the client secret of a provider's introspection."""
    return f"{PREFIX}PROVIDER_{provider.upper().replace('-', '_')}_INTROSPECTION_SECRET"


def shared_secret_variable(provider: str) -> str:
    """The variable that sets the secret with which a provider signs."""
    return f"{PREFIX}PROVIDER_{provider.upper().replace('-', '_')}_SECRET"


def overridable() -> dict[str, tuple[str, str, inspect.Type]]:
    """Every variable but those of providers: section, key and type of what it sets."""
    return {
        variable(section, field.name): (section, field.name, _kind(table, field.name))
        for section, table in OVERRIDABLE
        for field in dataclasses.fields(table)
    }


def overlaid(given: Mapping[str, object], environment: Mapping[str, str]) -> Mapping[str, object]:
    """
    A file's tables with the environment's values in their places.

    Raises:
        ConfigurationError: a variable that cannot be read as its setting's type.
    """
    result: Table = copy.deepcopy(dict(given))
    for name, (section, key, kind) in overridable().items():
        text = environment.get(name, "")
        if text:
            table = _table(result, section)
            table[key] = _value(text, kind, name)
            for mine, other in _EITHER:
                if key == mine and not environment.get(variable(section, other), ""):
                    table.pop(other, None)
    for provider in _providers(result):
        name = str(provider.get("name", ""))
        for section, key, named in (
            ("revocation", "client_secret", client_secret_variable),
            ("revocation", "api_key", api_key_variable),
            ("introspection", "client_secret", introspection_secret_variable),
        ):
            _put_secret(provider, section, key, environment.get(named(name), ""))
        _put_shared(provider, environment.get(shared_secret_variable(name), ""))
    return result


def _put_secret(provider: Table, section: str, key: str, secret: str) -> None:
    found = provider.get(section)
    if secret and isinstance(found, dict):
        table = cast("Table", found)
        table[key] = secret
        table.pop(f"{key}_file", None)


def _put_shared(provider: Table, secret: str) -> None:
    """The secret that signs: keys need no table of their own for it."""
    if not secret:
        return
    keys = provider.setdefault("keys", {})
    if isinstance(keys, dict):
        table = cast("Table", keys)
        table["secret"] = secret
        table.pop("secret_file", None)


def stray_variables(environment: Mapping[str, str], providers: tuple[str, ...]) -> list[str]:
    """Variables that begin like ours and set nothing."""
    of_providers = {client_secret_variable(each) for each in providers}
    of_providers |= {api_key_variable(each) for each in providers}
    of_providers |= {shared_secret_variable(each) for each in providers}
    of_providers |= {introspection_secret_variable(each) for each in providers}
    known = {*overridable(), CONFIG, *of_providers}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def _kind(section: type, key: str) -> inspect.Type:
    described = cast("inspect.DataclassType", inspect.type_info(section))
    (kind,) = [field.type for field in described.fields if field.name == key]
    if isinstance(kind, inspect.UnionType):
        (kind,) = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    return kind


def _value(text: str, kind: inspect.Type, name: str) -> object:
    match kind:
        case inspect.IntType() if text.startswith("tcp://"):
            raise ConfigurationError(
                f"{name} was set by Kubernetes for a service of this name; say enableServiceLinks: false, "
                "or give the service another name"
            )
        case inspect.IntType() | inspect.FloatType():
            try:
                return int(text) if isinstance(kind, inspect.IntType) else float(text)
            except ValueError:
                raise ConfigurationError(f"{name} must be a number") from None
        case inspect.BoolType():
            if text.lower() not in _TRUTH:
                raise ConfigurationError(f"{name} must be true or false")
            return _TRUTH[text.lower()]
        case inspect.VarTupleType() | inspect.FrozenSetType():
            return [part.strip() for part in text.split(",") if part.strip()]
        case _:
            return text


def _table(tables: Table, section: str) -> Table:
    table = tables.setdefault(section, {})
    return cast("Table", table) if isinstance(table, dict) else {}


def _providers(tables: Table) -> list[Table]:
    listed: list[object] = []
    for name in ("provider", "opaque_provider", "cookie_provider"):
        found = tables.get(name)
        listed += cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Table", one) for one in listed if isinstance(one, dict)]
