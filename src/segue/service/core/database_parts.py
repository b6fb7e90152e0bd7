"""
A database's address from its parts, as the reference core's image takes it: `postgresql_user`, `postgresql_host`, ...

House rule: parts are never passed over in silence, for without a database of its own a core begins on an empty file.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from segue.errors import ConfigurationError

_PREFIX = "postgresql_"
PARTS = tuple(
    f"{_PREFIX}{part}" for part in ("user", "password", "host", "port", "database_name", "table_schema")
)
_SCHEMA = "public"


def parts_of(file: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """What file and variables say of the database, variables over the file."""
    named = {name: environment.get(name.upper()) or file.get(name) for name in PARTS}
    return {name: value for name, value in named.items() if value}


def address_of(parts: Mapping[str, str]) -> str:
    """
    The address that parts make.

    Raises:
        ConfigurationError: a part is missing, or cannot be heeded.
    """
    user, password, host, port, database, schema = (parts.get(name) for name in PARTS)
    if not user:
        raise ConfigurationError(
            "there are parts of a PostgreSQL address but no postgresql_user (POSTGRESQL_USER): set it, or the "
            "whole address as POSTGRESQL_CONNECTION_URI"
        )
    if schema not in {None, _SCHEMA}:
        raise ConfigurationError(
            "postgresql_table_schema must be public: for another schema set the search_path of the role"
        )
    if port is not None and not (port.isascii() and port.isdecimal() and 0 < int(port[:9]) < 65536):
        raise ConfigurationError("postgresql_port must be a whole number between 1 and 65535")
    who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    shown = f"[{host}]" if host and ":" in host else quote(host or "localhost", safe="[]")
    return f"postgresql://{who}@{shown}:{port or 5432}/{quote(database or 'supertokens', safe='')}"
