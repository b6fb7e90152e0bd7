"""What a process of `segue core` is started with: where each thing comes from, and what is refused."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segue.core.settings import DEPLOYMENT, SETTINGS, Number, Switch, Text
from segue.errors import ConfigurationError
from segue.service.core.deployment import Deployment, load_deployment, variables
from segue.service.core.routes.table import ROUTES
from segue.service.store import PostgresSettings, SqliteSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "core.md").read_text()
KEY = "a-key-of-twenty-characters"
SECRET = "a secret of the tests, long enough: 0123456789"
POSTGRES = "postgresql://segue@db.internal/segue"


def load(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    yaml: str | None = None,
    **given: str,
) -> Deployment:
    """A deployment in this folder."""
    file = None
    if yaml is not None:
        file = folder / "config.yaml"
        file.write_text(yaml)
        file.chmod(0o600)
    return load_deployment(file, environment or {}, given, folder=folder)


def refusal(
    folder: Path, environment: Mapping[str, str] | None = None, yaml: str | None = None, **given: str
) -> str:
    """Why it is refused."""
    with pytest.raises(ConfigurationError) as caught:
        load(folder, environment, yaml, **given)
    return str(caught.value.args[0])


def test_nothing_said(tmp_path: Path) -> None:
    """Loopback, an SQLite file, and a secret beside it that only its owner can read."""
    found = load(tmp_path)
    assert (found.host, found.port, found.workers) == ("127.0.0.1", 3567, 1)
    assert isinstance(found.store, SqliteSettings)
    secret = tmp_path / "segue-core.sqlite3.secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert found.secrets == (secret.read_text().strip(),)
    assert load(tmp_path).secrets == found.secrets
    assert found.secrets[0] not in repr(found)


def test_who_wins(tmp_path: Path) -> None:
    """The command line, then our variables, then the reference's, then the file."""
    yaml = "port: 1\n"
    assert load(tmp_path, yaml=yaml).port == 1
    theirs = {"SUPERTOKENS_PORT": "2"}
    assert load(tmp_path, theirs, yaml).port == 2
    ours = theirs | {"SEGUE_PORT": "3"}
    assert load(tmp_path, ours, yaml).port == 3
    assert load(tmp_path, ours, yaml, port="4").port == 4
    assert load(tmp_path, {"SUPERTOKENS_PORT": ""}, yaml).port == 1


def test_file_of_the_reference(tmp_path: Path) -> None:
    """A file as operators have it: comments, nulls, other recipes' settings, digits that stay text."""
    yaml = (
        "core_config_version: 0\n# a comment\naccess_token_validity: 1800\napi_keys: 12345678901234567890\n"
        "password_reset_token_lifetime: 5\nbase_path: /Some/Base/\nip_allow_regex: null\nhost: ~\n"
    )
    found = load(tmp_path, yaml=yaml)
    assert found.base_path == "/some/base"
    assert found.settings == {"access_token_validity": "1800", "api_keys": "12345678901234567890"}
    assert found.ignored == ("core_config_version", "password_reset_token_lifetime")


def test_postgresql(tmp_path: Path) -> None:
    """A database by address, which is shown nowhere, wants a secret that all processes share."""
    environment = {"POSTGRESQL_CONNECTION_URI": POSTGRES, "SEGUE_SECRET": SECRET}
    found = load(tmp_path, environment)
    assert isinstance(found.store, PostgresSettings)
    assert found.secrets == (SECRET,)
    assert "db.internal" not in repr(found)
    assert "db.internal" not in found.database
    assert "SEGUE_SECRET" in refusal(tmp_path, {"POSTGRESQL_CONNECTION_URI": POSTGRES})
    assert isinstance(
        load(tmp_path, {"SEGUE_SECRET": SECRET}, f"postgresql_connection_uri: {POSTGRES}").store,
        PostgresSettings,
    )


def test_postgresql_in_parts(tmp_path: Path) -> None:
    """Parts of an address, as the reference's image has them, make one; a whole one, and an SQLite file, win."""
    parts = {
        "SEGUE_SECRET": SECRET,
        "POSTGRESQL_USER": "a",
        "POSTGRESQL_PASSWORD": "b@/c",
        "POSTGRESQL_HOST": "db.internal",
    }
    found = load(tmp_path, parts)
    assert isinstance(found.store, PostgresSettings)
    assert found.store.address == "postgresql://a:b%40%2Fc@db.internal:5432/supertokens"
    assert found.ignored == ()
    assert "b@/c" not in repr(found)
    yaml = "postgresql_user: z\npostgresql_port: 6000\npostgresql_database_name: auth\n"
    found = load(tmp_path, parts, yaml)
    assert isinstance(found.store, PostgresSettings)
    assert found.store.address == "postgresql://a:b%40%2Fc@db.internal:6000/auth"
    found = load(tmp_path, parts | {"POSTGRESQL_CONNECTION_URI": POSTGRES})
    assert isinstance(found.store, PostgresSettings)
    assert found.store.address == POSTGRES
    assert found.ignored == ("postgresql_user", "postgresql_password", "postgresql_host")
    assert load(tmp_path, parts, database=":memory:").store is None


def test_memory(tmp_path: Path) -> None:
    """A database in memory has a secret that ends with it, leaves no file, and belongs to one process."""
    found = load(tmp_path, database=":memory:")
    assert found.store is None
    assert found.secrets != load(tmp_path, database=":memory:").secrets
    assert "memory" in found.database
    assert list(tmp_path.iterdir()) == []
    assert "one process" in refusal(tmp_path, database=":memory:", workers="2")


@pytest.mark.parametrize("host", ["10.0.0.5", "::", "core.internal", "*"])
def test_other_address_without_key(tmp_path: Path, host: str) -> None:
    """Whoever reaches a core can make sessions: on another address it has to ask for a key."""
    assert "api_keys" in refusal(tmp_path, {"SEGUE_HOST": host})
    assert load(tmp_path, {"API_KEYS": KEY}, host=host).settings["api_keys"] == KEY


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_own_address_without_key(tmp_path: Path, host: str) -> None:
    """This machine's own address needs none."""
    assert load(tmp_path, host=host).host == host


def test_lost_secret(tmp_path: Path) -> None:
    """A database whose secret is gone is not started with a new one, which would end every session in it."""
    load(tmp_path)
    (tmp_path / "segue-core.sqlite3").write_bytes(b"not empty")
    (tmp_path / "segue-core.sqlite3.secret").unlink()
    assert "put it back" in refusal(tmp_path)
    assert load(tmp_path, {"SEGUE_SECRET": SECRET}).secrets == (SECRET,)


def test_secret_that_others_can_read(tmp_path: Path) -> None:
    """The secret's file, and a settings file with keys, have to be closed to others."""
    load(tmp_path)
    (tmp_path / "segue-core.sqlite3.secret").chmod(0o644)
    assert "chmod 600" in refusal(tmp_path)
    (tmp_path / "segue-core.sqlite3.secret").chmod(0o600)
    file = tmp_path / "open.yaml"
    file.write_text(f"api_keys: {KEY}\n")
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_deployment(file, {}, {}, folder=tmp_path)


@pytest.mark.parametrize(
    ("environment", "yaml", "words"),
    [
        ({"SEGUE_PORT": "x"}, None, "port must be a whole number"),
        ({"SEGUE_PORT": "65536"}, None, "port must be a whole number"),
        ({"SEGUE_PORT": "tcp://10.0.0.1:80"}, None, "port must be a whole number"),
        ({"SEGUE_WORKERS": "0"}, None, "workers must be a whole number"),
        ({"SEGUE_LOG_LEVEL": "loud"}, None, "log_level must be one of"),
        ({"SEGUE_DEVELOPMENT": "perhaps"}, None, "segue_development must be true or false"),
        ({"SEGUE_SECRET": SECRET, "SEGUE_SECRET_FILE": "x"}, None, "not both"),
        ({"ACCESS_TOKEN_VALIDITY": "0"}, None, "access_token_validity must be"),
        ({"SEGUE_DATABASE": "mysql://x"}, None, "store.database must be the path"),
        ({"POSTGRESQL_HOST": "db"}, None, "no postgresql_user"),
        (None, "postgresql_password: x\n", "no postgresql_user"),
        ({"POSTGRESQL_USER": "a", "POSTGRESQL_PORT": "x"}, None, "postgresql_port must be"),
        ({"POSTGRESQL_USER": "a", "POSTGRESQL_TABLE_SCHEMA": "s"}, None, "must be public"),
        (None, "- a list\n", "must have lines such as"),
        (None, "a: [1, 2]\n", "a list or a table"),
        (None, "a: b: c\n", "is not YAML, line 1"),
        (None, "!!python/object/apply:os.system [x]\n", "must have lines such as"),
        (None, "acces_token_validity: 5\n", "did you mean access_token_validity"),
    ],
)
def test_refusals(
    tmp_path: Path, environment: Mapping[str, str] | None, yaml: str | None, words: str
) -> None:
    """What cannot work is refused with what would, and without quoting it."""
    said = refusal(tmp_path, environment, yaml)
    assert words in said
    assert "tcp://" not in said


# --- the page ------------------------------------------------------------------------------------------------


def rows(heading: str) -> dict[str, list[str]]:
    """The table under a heading: cells by the first one."""
    section = PAGE.split(f"\n{heading}\n")[1].split("\n#")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line[:1] == "|"
    ]
    return {row[0].strip("`"): row[1:] for row in cells[2:]}


def test_page_has_every_setting() -> None:
    """The page's tables have the settings, and the variables that really set them."""
    of_process, of_apps = rows("### Of the process"), rows("### Of all apps, or of one")
    assert set(of_process) == DEPLOYMENT
    assert list(of_apps) == list(SETTINGS)
    named = {name: tuple(re.findall(r"`(\w+)`", row[0])) for name, row in (of_process | of_apps).items()}
    assert named == variables()


@pytest.mark.parametrize("name", SETTINGS)
def test_page_has_the_real_defaults(name: str) -> None:
    """A default on the page is the one in use."""
    shown = rows("### Of all apps, or of one")[name][1].strip("`")
    setting = SETTINGS[name]
    match setting:
        case Number():
            assert float(shown) == setting.default
        case Switch():
            assert shown == str(setting.default).lower()
        case Text():
            assert shown == (setting.default or "none")


def test_page_has_every_path() -> None:
    """The page lists what is served: every path, and its methods."""
    listed: dict[str, set[str]] = {}
    for paths, cells in rows("## Paths").items():
        for path in re.findall(r"/[\w./-]*", paths):
            listed[path] = set(cells[0].split(", "))
    served: dict[str, set[str]] = {}
    for route in ROUTES:
        served.setdefault(route.path, set()).add(route.method)
    assert listed == served
