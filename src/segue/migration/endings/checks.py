"""
What the configuration of an ending must be, and what of an old session may go into a request.

House rules: an id out of a token is data, whatever it looks like: it cannot leave its segment of a path nor add a line
to a header; a reach that signs out other devices is taken only by name.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote

from segue.errors import ConfigurationError
from segue.migration.endings.model import CannotBeEnded, Reach
from segue.migration.urls import UrlRefused, parse_url

_VISIBLE = re.compile(r"[!-~]+")
_LONGEST_ID = 512
_LONGEST_TOKEN = 8192
_WORDS = {
    Reach.SESSION: "the session of one browser",
    Reach.GRANT: "the tokens of one sign-in",
    Reach.USER: "all sessions of a user at once",
}


def require_url(url: str, what: str) -> None:
    """
    Refuse an address that we would not follow, or to which nothing can be added.

    Raises:
        ConfigurationError: likewise.
    """
    try:
        parse_url(url)
    except UrlRefused as error:
        raise ConfigurationError(f"{what} cannot be asked: {error}") from error
    if "?" in url:
        raise ConfigurationError(f"{what} is an address without a query")


def require_texts(who: str, **values: str | None) -> None:
    """
    Refuse settings that are empty or could not stand in a header; None is a setting that may be left out.

    Raises:
        ConfigurationError: the first of them; the value is not shown.
    """
    for name, value in values.items():
        if value is not None and not _VISIBLE.fullmatch(value):
            raise ConfigurationError(
                f"{who} needs {name}: visible characters without spaces or line breaks; "
                "is the file it comes from empty, or does it hold more than the value?"
            )


def require_host(who: str, name: str, value: str) -> None:
    """
    Refuse what is not a plain host name.

    Raises:
        ConfigurationError: likewise.
    """
    try:
        plain = "/" not in value and ":" not in value and parse_url(f"https://{value}/").host == value
    except UrlRefused:
        plain = False
    if not plain:
        raise ConfigurationError(
            f"{who}: {name} is a host name in lower case alone, such as login.example.org"
        )


def require_reach(who: str, reach: Reach, offered: frozenset[Reach]) -> None:
    """
    Refuse a reach that the provider does not have.

    Raises:
        ConfigurationError: also where only all of the user can be ended and nobody has said so.
    """
    if reach in offered:
        return
    if offered == frozenset({Reach.USER}):
        raise ConfigurationError(
            f"{who} can end only {_WORDS[Reach.USER]}: who has not migrated yet on another device would have to sign "
            'in again there. If that is meant, say so by name (Reach.USER, reach = "all_of_the_user"); else leave '
            "revocation out, and the ledger alone keeps the old token from coming back"
        )
    raise ConfigurationError(f"{who} cannot end {_WORDS[reach]}; leave reach out")


def identifier(value: str | None, missing: str) -> str:
    """
    An id as it may be sent in a body.

    Raises:
        CannotBeEnded: with the code *missing* if it is not there; `ID_NOT_USABLE` if it is no such thing.
    """
    if not value:
        raise CannotBeEnded(missing)
    if len(value) > _LONGEST_ID or not value.isprintable():
        raise CannotBeEnded("ID_NOT_USABLE")
    return value


def segment(value: str | None, missing: str) -> str:
    """
    An id as one segment of a path: every character that means something there is escaped.

    Raises:
        CannotBeEnded: as `identifier`; also for an id that a server could take for a path of its own, escaped or not.
    """
    text = identifier(value, missing)
    if not _VISIBLE.fullmatch(text) or any(each in text for each in "/\\%") or not text.strip("."):
        raise CannotBeEnded("ID_NOT_USABLE")
    return quote(text, safe="")


def credential(value: str | None, missing: str) -> str:
    """
    A token of the user as it may stand in a header.

    Raises:
        CannotBeEnded: not there, or nothing that may stand in one.
    """
    if not value:
        raise CannotBeEnded(missing)
    if len(value) > _LONGEST_TOKEN or not _VISIBLE.fullmatch(value):
        raise CannotBeEnded("OLD_TOKEN_NOT_USABLE")
    return value


def require_alive(expires_at: datetime | None, now: datetime) -> None:
    """
    Refuse to end a session with a token of the user's that is over.

    Raises:
        CannotBeEnded: nobody can end the session any more; its tombstone here has to do.
    """
    if expires_at is not None and now >= expires_at:
        raise CannotBeEnded("OLD_TOKEN_EXPIRED")
