"""
The members of a session of PHP or Rails by which its user is known: ids and seconds, as these languages write them.

House rule: what PHP takes for nobody (`0`, `"0"`, false, the empty text) is nobody here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from segue.errors import ClaimsRefused
from segue.json import JsonObject
from segue.migration.cookies import configured, contents
from segue.migration.cookies.contents import Required

_YEAR_9999 = 253_402_300_799
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = (None, False, "", "0")


def require_member_paths(
    format_name: str, *paths: str | None, required: Required, forbidden: tuple[str, ...]
) -> None:
    """
    Refuse paths that lead nowhere; None is a path that is not configured.

    Raises:
        ConfigurationError: likewise.
    """
    named = [path for path in paths if path is not None]
    configured.require_paths(format_name, *named, *(path for path, _ in required), *forbidden)


def read_subject(content: JsonObject, path: str) -> str:
    """
    The user's id as text.

    Raises:
        ClaimsRefused: nobody is signed in, or it is no user id.
    """
    found = contents.find_member(content, path)
    if found == 0 or any(found is nobody or found == nobody for nobody in _NOBODY):
        raise ClaimsRefused(path, "nobody is signed in")
    return contents.read_user_id(content, path)


def read_seconds(content: JsonObject, path: str | None) -> datetime | None:
    """
    The instant, in seconds since 1970, that lies at *path*; None: it is not there, or is not asked for.

    Raises:
        ClaimsRefused: there, but no such number.
    """
    found = None if path is None else contents.find_member(content, path)
    if found is None:
        return None
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) <= 12:
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= _YEAR_9999:
        raise ClaimsRefused(str(path), "not a number of seconds since 1970")
    return _EPOCH + timedelta(milliseconds=int(found * 1000))
