"""
The schema of a database: which version it has, and the way up.

Everything lies in the PostgreSQL schema `segue`, beside the application's own tables. The numbered scripts run in one
transaction under an advisory lock: of two instances that start at once the second finds the work done. House rule: a
database of a newer program is refused, never guessed at.
"""

from __future__ import annotations

from typing import Protocol, cast

from segue.errors import ConfigurationError
from segue.flow import ask
from segue.stores.postgres.statements import PostgresStatement, PostgresStatements
from segue.stores.sql.schema import SchemaChange, check_version
from segue.stores.sql.statements import Row, load_schema

SCRIPTS = load_schema("postgres")
"""What makes version 1, version 2 …"""

# Not `IF NOT EXISTS`: that asks for the right to create one also where an administrator has done it.
_BEGINNING = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'segue') THEN
        CREATE SCHEMA segue;
    END IF;
END $$;
CREATE TABLE segue.schema_version (version bigint PRIMARY KEY);
"""


class PostgresScripts(Protocol):
    """Runs scripts in the transaction that `PostgresStatements` runs in."""

    def run(self, script: str) -> None:
        """Several statements without parameters."""
        ...


async def upgrade(scripts: tuple[str, ...] = SCRIPTS) -> SchemaChange:
    """
    Bring a database, new or old, to the schema of this program; needs a transaction.

    Raises:
        ConfigurationError: the database is newer than this program, or `segue` is somebody else's schema.
    """
    await ask(PostgresStatements.execute, PostgresStatement.LOCK_SCHEMA, ())
    before = await schema_version()
    if before == 0:
        await ask(PostgresScripts.run, _BEGINNING)
    for number, script in enumerate(scripts[before:], start=before + 1):
        await ask(PostgresScripts.run, script)
        await ask(PostgresStatements.execute, PostgresStatement.ADD_SCHEMA_VERSION, (number,))
    check_version(max(before, len(scripts)), known=len(scripts))
    return SchemaChange(before=before, after=len(scripts))


async def prepare(*, upgrading: bool) -> None:
    """Make the database usable, or refuse as `upgrade` and `check_version` do; needs a transaction."""
    version = await schema_version()
    if upgrading and version < len(SCRIPTS):
        await upgrade()
    else:
        check_version(version, known=len(SCRIPTS))


async def schema_version() -> int:
    """
    Number of the last script that was applied; 0 where there is nothing yet.

    Raises:
        ConfigurationError: there are tables, but not ours.
    """
    rows = await ask(PostgresStatements.execute, PostgresStatement.SCHEMA_TABLES, ())
    tables = {name for (name,) in cast("list[tuple[str]]", rows)}
    if not tables:
        return 0
    if "schema_version" not in tables:
        raise ConfigurationError('the schema "segue" of the database holds another program\'s tables')
    return _number(await ask(PostgresStatements.execute, PostgresStatement.SCHEMA_VERSION, ()))


def _number(rows: list[Row]) -> int:
    return cast("tuple[int]", rows[0])[0]
