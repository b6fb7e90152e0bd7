"""
What a process of `segue core` is started with: where it listens, its database, its secret, settings for all apps.

Four places, each over the next: the command line, variables that begin with `SEGUE_`, variables by the names that the
reference's image knows, a YAML file by the reference's names. House rules: what cannot be safe is refused before
anything listens; a value is never quoted, for it may be a secret.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar, TypeAlias, get_args

from segue.core.apps import Apps
from segue.core.settings import DEPLOYMENT, SETTINGS, read_app_settings, require_known, without_meaning
from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.json import JsonObject, JsonValue
from segue.service.core.database_parts import PARTS, address_of, parts_of
from segue.service.core.paths import normalised_base_path
from segue.service.core.yaml_file import read_yaml
from segue.service.private_files import read_private, write_private
from segue.service.schema import LogLevel, StoreSection
from segue.service.store import SqliteSettings, StoreSettings, store_of
from segue.stores.memory import AsyncMemoryStore
from segue.stores.ports import AsyncStore
from segue.tokens.secrets import Secrets

MEMORY = ":memory:"
CONFIG = "SEGUE_CORE_CONFIG"
SECRET, SECRET_FILE = "SEGUE_SECRET", "SEGUE_SECRET_FILE"

_REFERENCE = {
    "host": "SUPERTOKENS_HOST",
    "port": "SUPERTOKENS_PORT",
    "database": "POSTGRESQL_CONNECTION_URI",
    "workers": "",
    "log_level": "",
    "segue_development": "",
}
"""Variables of the reference's image that are not a setting's name in capitals; empty: there is none."""
_FILE_NAMES = {"postgresql_connection_uri": "database"}

Given: TypeAlias = Mapping[str, str | None]


class Deployment(Discreet, frozen=True, kw_only=True):
    """All of it, checked."""

    unshown: ClassVar = frozenset({"settings", "secrets", "store"})

    host: str
    port: int
    workers: int
    log_level: LogLevel
    base_path: str
    development: bool
    settings: JsonObject
    """Of all apps that do not say otherwise."""
    secrets: tuple[str, ...]
    store: StoreSettings | None
    """None: in memory."""
    ignored: tuple[str, ...] = ()
    """Names that mean nothing here."""

    def apps(self) -> Apps:
        """The apps of a process, none of them looked up yet."""
        secrets = Secrets([secret.encode() for secret in self.secrets])
        return Apps(self.settings, secrets, development=self.development)

    def open_store(self) -> AsyncStore:
        """A store for an event loop."""
        return AsyncMemoryStore() if self.store is None else self.store.open_async()

    @property
    def database(self) -> str:
        """What the database is called in what people read."""
        return "memory, which begins and ends empty" if self.store is None else self.store.name


def load_deployment(
    file: Path | None, environment: Mapping[str, str], given: Given, *, folder: Path
) -> Deployment:
    """
    Put everything together and check it; makes the secret's file if there is none.

    Args:
        file: YAML, by the reference's names.
        environment: variables.
        given: what the command line says, by setting.
        folder: where a relative path of the database begins.

    Raises:
        ConfigurationError: the first thing that cannot be safe or cannot work; the text says how to mend it.
    """
    values = _overlaid(file, environment, given)
    require_known(values)
    settings = {name: value for name, value in values.items() if name in SETTINGS}
    development = _truth(values, "segue_development")
    keys = read_app_settings(settings, development=development).api_keys
    host = _word(values, "host", "127.0.0.1")
    _demand_key_for(host, keys=bool(keys))
    database = _word(values, "database", "segue-core.sqlite3")
    store = None if database == MEMORY else store_of(StoreSection(database=database), folder)
    workers = _whole(values, "workers", 1, least=1, most=256)
    if store is None and workers > 1:
        raise ConfigurationError("a database in memory belongs to one process: leave workers at 1")
    return Deployment(
        host=host,
        port=_whole(values, "port", 3567, least=0, most=65535),
        workers=workers,
        log_level=_level(values),
        base_path=normalised_base_path(_word(values, "base_path", "")),
        development=development,
        settings=settings,
        secrets=_secrets(environment, store),
        store=store,
        ignored=without_meaning(values),
    )


def variables() -> dict[str, tuple[str, ...]]:
    """Which variables set a setting, the stronger one first."""
    names: dict[str, tuple[str, ...]] = {}
    for name in (*SETTINGS, *sorted(DEPLOYMENT)):
        ours = name.removeprefix("segue_")
        reference = _REFERENCE.get(name, "" if name.startswith("segue_") else name.upper())
        names[name] = tuple(each for each in (f"SEGUE_{ours.upper()}", reference) if each)
    return names


def _overlaid(file: Path | None, environment: Mapping[str, str], given: Given) -> dict[str, JsonValue]:
    read: Mapping[str, str] = {} if file is None else read_yaml(file)
    values: dict[str, JsonValue] = {_FILE_NAMES.get(name, name): value for name, value in read.items()}
    values |= parts_of(read, environment)
    for name, known in variables().items():
        set_to = next((environment[each] for each in known if environment.get(each)), None)
        if set_to is not None:
            values[name] = set_to
    values |= {name: value for name, value in given.items() if value is not None}
    parts = {name: str(values[name]) for name in PARTS if name in values}
    if not parts or "database" in values:
        return values  # parts beside a whole address are named as without meaning
    rest = {name: value for name, value in values.items() if name not in parts}
    return rest | {"database": address_of(parts)}


def _demand_key_for(host: str, *, keys: bool) -> None:
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not keys:
        raise ConfigurationError(
            "others on the network could end and make sessions: set api_keys (API_KEYS in the environment) "
            "to listen on another address than this machine's own"
        )


def _secrets(environment: Mapping[str, str], store: StoreSettings | None) -> tuple[str, ...]:
    """One to a line, primary first; of a database in memory they end with it."""
    text, file = environment.get(SECRET), environment.get(SECRET_FILE)
    if text and file:
        raise ConfigurationError(f"set {SECRET} or {SECRET_FILE}, not both")
    if not text:
        if file:
            text = read_private(Path(file))
        elif store is None:
            text = randomness.token_urlsafe(48)
        elif isinstance(store, SqliteSettings):
            text = _beside(store.path)
        else:
            raise ConfigurationError(
                f"there is no deployment secret: set {SECRET} or {SECRET_FILE}, the same for all processes on "
                "this database; make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _beside(database: Path) -> str:
    """The secret in the file beside a database, made when the database is."""
    path = database.with_name(f"{database.name}.secret")
    if not path.exists():
        if database.exists() and database.stat().st_size:
            raise ConfigurationError(
                f"{path} is not there, without which sessions and keys of {database.name} are of no use: "
                f"put it back, or set {SECRET}"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, randomness.token_urlsafe(48) + "\n")
    return read_private(path)


def _word(values: JsonObject, name: str, default: str) -> str:
    value = values.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be text")
    return value


def _whole(values: JsonObject, name: str, default: int, *, least: int, most: int) -> int:
    text = _word(values, name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise ConfigurationError(f"{name} must be a whole number between {least} and {most}")
    return int(text)


def _truth(values: JsonObject, name: str) -> bool:
    text = _word(values, name, "false").lower()
    if text not in {"true", "false"}:
        raise ConfigurationError(f"{name} must be true or false")
    return text == "true"


def _level(values: JsonObject) -> LogLevel:
    levels: tuple[LogLevel, ...] = get_args(LogLevel)
    text = _word(values, "log_level", "info").lower()
    known = {"warn": "warning", "none": "error"}.get(text, text)  # as the reference calls them
    if known not in levels:
        raise ConfigurationError(f"log_level must be one of {', '.join(levels)}")
    return known
