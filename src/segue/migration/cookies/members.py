"""
The members of a session of PHP or Rails by which its user is known: ids and seconds, as these languages write them.

House rule: what PHP takes for nobody (`0`, `"0"`, false, the empty text) is nobody here.
"""

from __future__ import annotations

from datetime import datetime

from segue.errors import ClaimsRefused
from segue.json import JsonObject
from segue.migration.cookies import contents
from segue.migration.said import instant_of

_NOBODY = (None, False, "", "0")


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
    instant = instant_of(found)
    if instant is None:
        raise ClaimsRefused(str(path), "not a number of seconds since 1970")
    return instant
