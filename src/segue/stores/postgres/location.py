"""
Where the database is and how long to wait for it.

House rule: an address may hold a password, so no text and no `repr` made here shows any part of it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from segue.discreet import Discreet
from segue.errors import ConfigurationError

APPLICATION_NAME = "segue"
"""How our connections are called in `pg_stat_activity`."""
UPGRADE_LIMIT = timedelta(minutes=10)
GRACE = timedelta(seconds=1)
"""We give up that much later than the server, whose refusal says for certain that nothing was written."""
IDLE_LIMIT = timedelta(minutes=5)
"""A connection that nobody has needed for so long is closed; what lies between may have forgotten it."""
REFUSAL = (
    "the address of a PostgreSQL database reads postgresql://user:password@host:5432/database; "
    "what is special in a password is written as %40 and the like (urllib.parse.quote)"
)

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::[0-9]+)?")


class Location(Discreet, frozen=True, kw_only=True):
    """Which database, and how it is to be used."""

    unshown: ClassVar = frozenset({"dsn"})

    dsn: str
    pool_size: int
    connect_timeout: timedelta
    statement_timeout: timedelta
    acquire_timeout: timedelta
    transaction_pooler: bool

    @property
    def server_timeout(self) -> str | None:
        """The server's own limit, in its words; None where a pooler shares connections and so their settings."""
        milliseconds = max(1, self.statement_timeout // timedelta(milliseconds=1))
        return None if self.transaction_pooler else str(milliseconds)

    @property
    def while_upgrading(self) -> Location:
        """With the patience to wait for another instance that upgrades, or for a large table."""
        return replace(self, statement_timeout=UPGRADE_LIMIT)


def locate(
    dsn: str,
    *,
    pool_size: int,
    connect_timeout: timedelta,
    statement_timeout: timedelta,
    acquire_timeout: timedelta,
    transaction_pooler: bool,
) -> Location:
    """
    Check what can be checked without connecting.

    Raises:
        ConfigurationError: not an address of PostgreSQL, or a limit that is none.
    """
    if not _is_address(dsn):
        raise ConfigurationError(REFUSAL)
    if pool_size < 1:
        raise ConfigurationError("pool_size must be at least 1")
    if min(connect_timeout, statement_timeout, acquire_timeout) <= timedelta(0):
        raise ConfigurationError("the time-outs of a PostgreSQL store must be greater than nothing")
    return Location(
        dsn=dsn,
        pool_size=pool_size,
        connect_timeout=connect_timeout,
        statement_timeout=statement_timeout,
        acquire_timeout=acquire_timeout,
        transaction_pooler=transaction_pooler,
    )


def _is_address(dsn: str) -> bool:
    """Strict about the part that holds the password: drivers quote what they take for a host or a port."""
    try:
        parts = urlsplit(dsn)
    except ValueError:
        return False
    user, _, hosts = parts.netloc.rpartition("@")
    well_formed = "@" not in user and all(_HOST.fullmatch(host) for host in hosts.split(","))
    return parts.scheme in {"postgresql", "postgres"} and well_formed
