"""
The statements of the SQL stores by name, and where their texts come from.

Every database has a folder with one `<name>.sql` for each member of `Statement`; parameters are numbered, in the order
in which the flows give them. House rule: SQL is written in those files only, and never put together from parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SqlValue: TypeAlias = int | str | bytes | None
Row: TypeAlias = tuple[object, ...]


class Statement(StrEnum):
    """Every statement; the value is the name of its file."""

    # Looked up at every execution; Enum's own is written in Python.
    __hash__ = str.__hash__

    CREATE_SESSION = auto()
    LOAD_SESSION = auto()
    ROTATE_FAMILY = auto()
    REPLACE_FAMILY = auto()
    UPDATE_SESSION = auto()

    LIST_SESSIONS_BY_HANDLE = auto()
    LIST_SESSIONS_BY_USER = auto()
    LIST_SESSIONS_BY_TENANT = auto()
    LIST_SESSIONS_BY_PROVENANCE = auto()
    SELECT_HANDLES_BY_HANDLE = auto()
    SELECT_HANDLES_BY_USER = auto()
    SELECT_HANDLES_BY_TENANT = auto()
    SELECT_HANDLES_BY_PROVENANCE = auto()
    DELETE_SESSIONS = auto()
    POSTPONE_SWEEPS = auto()
    DELETE_EXPIRED_SESSIONS = auto()

    APPEND_REVOCATIONS = auto()
    REVOCATIONS_AFTER = auto()
    LAST_REVOCATION = auto()
    DELETE_OLD_REVOCATIONS = auto()

    LOAD_SIGNING_KEYS = auto()
    ADD_SIGNING_KEY = auto()
    RESEAL_SIGNING_KEY = auto()
    DELETE_SIGNING_KEYS = auto()

    FIND_CLAIM = auto()
    FIND_CLAIMS = auto()
    ADD_CLAIM = auto()
    SETTLE_CLAIM = auto()
    DELETE_CLAIMS = auto()

    ADD_DELIVERY = auto()
    DUE_DELIVERIES = auto()
    LEASE_DELIVERIES = auto()
    SETTLE_DELIVERY = auto()
    DELETE_DELIVERIES = auto()
    LIST_DELIVERIES = auto()
    COUNT_DELIVERIES = auto()
    COUNT_DELIVERIES_BY_PROVIDER = auto()

    HELD_SESSIONS = auto()
    RELEASE_DELIVERIES = auto()

    FIND_IDENTITY = auto()
    RESERVE_IDENTITY = auto()
    LINK_IDENTITY = auto()
    LIST_IDENTITIES = auto()

    ADD_ATTEMPT = auto()
    COUNT_ATTEMPTS = auto()
    FOLD_ATTEMPTS = auto()
    DELETE_FOLDED_ATTEMPTS = auto()

    COUNT_MINTED = auto()

    LOAD_ROLLOUTS = auto()
    SET_ROLLOUT = auto()
    DELETE_ROLLOUT = auto()

    SPEND = auto()
    DELETE_BUCKETS = auto()

    LOAD_APPS = auto()
    ADD_APP = auto()
    LOCK_APP = auto()
    CHANGE_APP = auto()
    REMOVE_APP = auto()
    LIST_TENANTS = auto()
    ADD_TENANT = auto()
    LOCK_TENANT = auto()
    CHANGE_TENANT = auto()
    REMOVE_TENANT = auto()

    LIST_REMOVED_APPS = auto()
    LIST_REMOVED_TENANTS = auto()
    LOCK_REMOVED_APP = auto()
    LOCK_REMOVED_TENANT = auto()
    FORGET_APP = auto()
    FORGET_TENANT = auto()
    DELETE_SESSIONS_OF_APP = auto()
    DELETE_SIGNING_KEYS_OF_APP = auto()
    DELETE_CLAIMS_OF_APP = auto()
    DELETE_DELIVERIES_OF_APP = auto()
    DELETE_ATTEMPTS_OF_APP = auto()
    DELETE_ATTEMPT_COUNTS_OF_APP = auto()
    DELETE_IDENTITIES_OF_APP = auto()
    DELETE_ROLLOUTS_OF_APP = auto()
    DELETE_MAPPINGS_OF_APP = auto()
    DELETE_USERS_OF_APP = auto()
    DELETE_TENANTS_OF_APP = auto()
    DELETE_SESSIONS_OF_TENANT = auto()

    CREATE_MAPPING = auto()
    FIND_MAPPINGS = auto()
    DELETE_MAPPING = auto()
    SET_MAPPING_INFO = auto()
    ADD_MAPPINGS = auto()
    MAPPINGS_AMONG = auto()

    USER_EXISTS = auto()
    ADD_USERS = auto()
    DELETE_USER = auto()
    HAS_SESSION = auto()
    COUNT_ACTIVE_USERS = auto()


class Statements(Protocol):
    """A transaction on some database."""

    def execute(self, statement: Statement, parameters: Sequence[SqlValue]) -> list[Row]:
        """
        Run one statement; the rows it returns, none if it returns nothing.

        Raises:
            StoreUnavailable: the database refused or does not answer; the transaction is lost.
        """
        ...


def load_statements(database: str) -> Mapping[Statement, str]:
    """The texts for one database, the name of whose folder is given."""
    texts = load_texts(database)
    return {statement: texts[statement] for statement in Statement}


def load_texts(database: str) -> Mapping[str, str]:
    """Every text for one database by the name of its file; a database may have statements of its own."""
    files = (file for file in _folder(database).iterdir() if file.name.endswith(".sql"))
    return {file.name.removesuffix(".sql"): file.read_text("utf-8") for file in files}


def load_schema(database: str) -> tuple[str, ...]:
    """The schema scripts of one database in their order; the first makes version 1."""
    folder = _folder(database) / "schema"
    scripts = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    return tuple(script.read_text("utf-8") for script in scripts)


def _folder(database: str) -> Traversable:
    from importlib import resources  # noqa: PLC0415 - 8 ms of each start, also where no SQL is run

    return resources.files(__name__.rpartition(".")[0]) / database
