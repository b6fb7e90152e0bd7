"""
What a fault of PostgreSQL or of the way to it is to the caller.

Told by SQLSTATE, which both drivers give. House rule: the text that leaves here holds the state and the server's first
line, which names tables and constraints; never a row, an address or a password.
"""

from __future__ import annotations

from segue.errors import ConfigurationError, SessionError, StoreUnavailable

RETRIED = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: rolled back for certain, and worth another try."""
ATTEMPTS = 3

_REFUSED_FOR_GOOD = ("28", "3D", "42501")
"""Who we say we are, the database, or what we may do there."""
_GONE = ("08", "57P01", "57P02", "57P03")
_ONE_OF_MANY = ("22", "23", "40")
"""A value, a constraint, a conflict with another transaction: rolled back for certain, and perhaps one row's fault."""


def unavailable(error: BaseException, message: str | None = None) -> StoreUnavailable:
    """
    The refusal of a statement or a connection; to be raised `from` the error.

    Args:
        error: of a driver or of the system.
        message: the server's first line, if it said one; the other lines may hold values.
    """
    said = message or type(error).__name__
    state = sqlstate(error)
    return StoreUnavailable(
        f"PostgreSQL does not answer: {said}" if state is None else f"PostgreSQL {state}: {said}"
    )


def unfit() -> ValueError:
    """The refusal of a value; to be raised `from None`, because the drivers quote it."""
    return ValueError("PostgreSQL keeps no text with a NUL or half a character, and no number beyond 64 bits")


def sqlstate(error: BaseException | None) -> str | None:
    """Five characters, or None if the server has not spoken."""
    state = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) else None


def is_of_one(error: Exception) -> bool:
    """Whether a batch failed because of one of its rows, so that the others should be done without it."""
    if isinstance(error, ValueError):
        return True
    state = sqlstate(error.__cause__)
    return state is not None and state.startswith(_ONE_OF_MANY)


def is_lost(error: StoreUnavailable) -> bool:
    """Whether the connection went; a statement that only reads may then be sent again."""
    cause = error.__cause__
    if cause is None or isinstance(cause, TimeoutError):
        return False
    state = sqlstate(cause)
    return state is None or state.startswith(_GONE)


def at_opening(error: StoreUnavailable) -> SessionError:
    """What waiting cannot mend is a fault of the configuration when it is found while opening."""
    state = sqlstate(error.__cause__)
    if state is not None and state.startswith(_REFUSED_FOR_GOOD):
        return ConfigurationError(f"cannot use the database: {error.args[0]}")
    return error
