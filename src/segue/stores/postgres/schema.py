"""
The schema of a database: which version it has, and the way up.

Everything lies in the PostgreSQL schema `segue`, beside the application's own tables. The numbered scripts run in one
transaction under an advisory lock: of two instances that start at once the second finds the work done. What a newer
schema means to an older program says `segue.stores.sql.schema`.
"""

from __future__ import annotations

from typing import Protocol, cast

from segue.errors import ConfigurationError
from segue.flow import ask
from segue.stores.postgres.statements import PostgresStatement, PostgresStatements
from segue.stores.sql.schema import NO_SCHEMA, SchemaChange, SchemaVersion, check_version, versions
from segue.stores.sql.statements import load_schema

SCRIPTS = load_schema("postgres")
"""What makes version 1, version 2 …"""

# Not `IF NOT EXISTS`: that asks for the right to create one also where an administrator has done it.
_BEGINNING = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'segue') THEN
        CREATE SCHEMA segue;
    END IF;
END $$;
CREATE TABLE segue.schema_version (version bigint PRIMARY KEY, compatible_since bigint NOT NULL);
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
    found = await schema_version()
    before = found.number
    if before == 0:
        await ask(PostgresScripts.run, _BEGINNING)
    for script, found in list(zip(scripts, versions(scripts), strict=True))[before:]:
        await ask(PostgresScripts.run, script)
        row = (found.number, found.compatible_since)
        await ask(PostgresStatements.execute, PostgresStatement.ADD_SCHEMA_VERSION, row)
    check_version(found, known=len(scripts))
    return SchemaChange(before=before, after=found.number)


async def prepare(*, upgrading: bool) -> None:
    """Make the database usable, or refuse as `upgrade` and `check_version` do; needs a transaction."""
    found = await schema_version()
    if upgrading and found.number < len(SCRIPTS):
        await upgrade()
    else:
        check_version(found, known=len(SCRIPTS))


async def schema_version() -> SchemaVersion:
    """
    What the database says; `NO_SCHEMA` where there is nothing yet.

    Raises:
        ConfigurationError: there are tables, but not ours.
    """
    rows = await ask(PostgresStatements.execute, PostgresStatement.SCHEMA_TABLES, ())
    tables = {name for (name,) in cast("list[tuple[str]]", rows)}
    if not tables:
        return NO_SCHEMA
    if "schema_version" not in tables:
        raise ConfigurationError('the schema "segue" of the database holds another program\'s tables')
    newest = await ask(PostgresStatements.execute, PostgresStatement.SCHEMA_VERSION, ())
    if not newest:
        return NO_SCHEMA
    number, compatible_since = cast("tuple[int, int]", newest[0])
    return SchemaVersion(number=number, compatible_since=compatible_since)
