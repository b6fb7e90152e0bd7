"""
A settings file in YAML, as operators of the reference core have one: names and values on one level.

Every value is read as the text that stands there, so that no guess of YAML's turns a key of digits into a number. House
rule: no value appears in an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from segue.errors import ConfigurationError
from segue.service.private_files import require_private

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_SECRET = frozenset({"api_keys", "postgresql_connection_uri", "postgresql_password", "database"})


def read_yaml(path: Path) -> Mapping[str, str]:
    """
    Names and values of a file; nulls are left out.

    Raises:
        ConfigurationError: it cannot be read, is no such YAML, or holds a secret and is open to others.
    """
    values = _values(_parsed(path), path)
    if _SECRET & values.keys():
        require_private(path)
    return values


def _values(parsed: object, path: Path) -> dict[str, str]:
    if not isinstance(parsed, dict):
        raise ConfigurationError(f"{path.name} must have lines such as: access_token_validity: 3600")
    values: dict[str, str] = {}
    for name, value in cast("dict[object, object]", parsed).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise ConfigurationError(f"{path.name} has a list or a table where a single value is expected")
        if value not in _NOTHING:
            values[name] = value
    return values


def _parsed(path: Path) -> object:
    try:
        import yaml  # noqa: PLC0415 - only those need it who have such a file
    except ModuleNotFoundError:
        raise ConfigurationError("a settings file in YAML needs PyYAML: pip install 'segue[core]'") from None
    try:
        with path.open("rb") as file:
            parsed: object = yaml.load(file, Loader=yaml.BaseLoader)  # noqa: S506 - makes texts alone
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if isinstance(mark, yaml.Mark) else ""
        raise ConfigurationError(f"{path.name} is not YAML{line}") from None
    return {} if parsed is None or parsed == "" else parsed
