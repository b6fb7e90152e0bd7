"""
A previous application whose sessions are a cookie, as configured.

The format proves the cookie; where the session is a row in the application's own store, the application gives the
functions that find and end it. House rules: a cookie that needs no row has an end, or whoever gets the old secret makes
cookies for ever (threat T25); what a format asks for and nobody answers is refused when the value is built.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import Enum
from typing import TypeAlias

from segue.errors import ConfigurationError
from segue.migration.cookies.model import AsksApplication, CookieFormat
from segue.migration.endings import Ending, EndOldSession, RecordEnding
from segue.migration.named_issuer import NamedIssuerPolicy

FindSession: TypeAlias = Callable[[str], bytes | None] | Callable[[str], Awaitable[bytes | None]]
"""The content of the old session with this key; None: there is none. Awaitable only under `AsyncEngine`."""
EndSession: TypeAlias = Callable[[str], None] | Callable[[str], Awaitable[None]]
"""Deletes the old session with this key; that it is not there is no error. Awaitable only under `AsyncEngine`."""
PasswordHash: TypeAlias = Callable[[str], str | None] | Callable[[str], Awaitable[str | None]]
"""The stored password hash of a user of the old application; None: no such user. Awaitable only under `AsyncEngine`."""


class OncePer(Enum):
    """What buys one session where the old one has no id and does not say when the user signed in."""

    PERSON = "person"
    """
    One session for each user: his second device signs in again. Such a cookie is written anew at every visit, and the
    new one cannot be told from a second sign-in.
    """
    CREDENTIAL = "credential"
    """
    One session for each cookie: a second device need not sign in, and whoever holds a cookie that was renewed gets
    another session, also after a sign-out.
    """


class CookieProvider(NamedIssuerPolicy, frozen=True, kw_only=True):
    """
    A previous provider whose credentials are session cookies.

    Raises:
        ConfigurationError: what cannot be safe or cannot work; the text says how to mend it.
    """

    format: CookieFormat
    """How its cookie is read, from `segue.migration.cookies`."""
    maximum_age: timedelta = timedelta(days=14)
    """Cookies and rows written longer ago are refused, whatever their own end says."""
    find_session: FindSession | None = None
    """Reads a row of the old session store by its key."""
    end_session: EndSession | None = None
    """Deletes that row, once the new session was used."""
    password_hash: PasswordHash | None = None
    """Where the old application binds sessions to the password: who changed it since is signed out."""
    once_per: OncePer = OncePer.PERSON

    def __post_init__(self) -> None:
        self._require_answers()  # first: with them, somebody is asked
        super().__post_init__()
        names = self.format.cookie_names
        if not names or not all(names):
            raise ConfigurationError(
                f"{self.name}: the format names no cookie; say which one holds the session"
            )
        if isinstance(self.revocation, RecordEnding) and self.end_session is None:
            raise ConfigurationError(
                f"{self.name}: RecordEnding deletes the session's row by end_session; give it"
            )
        if self.find_session is None and self.issued_before is None and self.deadline is None:
            raise ConfigurationError(
                f"{self.name}: cookies without an end would let whoever gets the old secret make sessions for ever; "
                "give issued_before (the cut-over), deadline, or find_session where the session is a row"
            )

    def _require_answers(self) -> None:
        """What a format will ask for has to be given, or every cookie would fail."""
        given = {"find_session": self.find_session, "password_hash": self.password_hash}
        asks = self.format.asks if isinstance(self.format, AsksApplication) else frozenset[str]()
        for name in sorted(asks):
            if given[name] is None:
                otherwise = ", or say in the format that passwords are not compared"
                raise ConfigurationError(
                    f"{self.name}: {type(self.format).__name__} asks for {name}; give it"
                    f"{otherwise if name == 'password_hash' else ''}"
                )

    @property
    def cookie_names(self) -> frozenset[str]:
        """The cookies that are read for it."""
        return self.format.cookie_names

    @property
    def ending(self) -> Ending | None:
        """
        How the old session is ended: as `revocation` says, else by deleting its row where that can be done.

        After the first use of the new one: a client whose answer was lost has to find its row there when it asks again.
        """
        if self.revocation is not None or self.end_session is None:
            return self.revocation
        return RecordEnding(when=EndOldSession.AFTER_FIRST_USE)

    @property
    def asks_provider(self) -> bool:
        """Whether the old application's own store is asked whether a sign-in still stands."""
        return self.find_session is not None or self.password_hash is not None
