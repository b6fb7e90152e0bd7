"""
The seam between what speaks with clients and what keeps their sessions: our own store, or a remote core.

Everything above is written once, on `Sessions`; `segue.sessions.local` and `segue.remote.sessions` are behind it. House
rule: what asks is a flow; every method refuses with the same errors wherever sessions live, and takes place at the one
instant for which the object was made.
"""

from __future__ import annotations

from typing import Protocol

from segue.ids import SessionHandle
from segue.json import JsonObject
from segue.sessions.flows import AntiCsrf
from segue.sessions.issuing import Issued, NewSession
from segue.sessions.model import Position, Revoked, Selection, SessionView
from segue.tokens.access import MAX_ACCESS, AccessToken


class Sessions(Protocol):
    """The sessions of one app at one instant."""

    async def create(self, new: NewSession, *, longest: int = MAX_ACCESS) -> Issued:
        """
        Create a session and its first tokens.

        Raises:
            PayloadTooLarge: an access token would have more than *longest* characters; nothing was stored.
        """
        ...

    def may_refresh(self, text: str) -> bool:
        """Whether a text may be a refresh token of ours, as far as that shows without asking anybody."""
        ...

    async def refresh(self, text: str, *, anti_csrf: AntiCsrf) -> Issued:
        """
        Exchange a refresh token for the next one and a new access token.

        Raises:
            UnknownRefreshToken: not one of ours, or its session is gone.
            AntiCsrfRefused: the anti-CSRF token does not match; where it cannot be told apart, as unknown.
            RefreshExpired: the session's time is over.
            ReuseDetected: it had been rotated before; the session is now revoked, others are untouched.
        """
        ...

    async def confirm(self, access: AccessToken, *, check_database: bool) -> AccessToken | None:
        """
        Hold a verified access token against its session; what the client is to use from now on, if it changes.

        Args:
            access: its signature and its time hold.
            check_database: demand that the session stands. False: the token names a parent, and it is its first use
                that has to be made known.

        Raises:
            SessionGone: revoked, over or cleaned up.
            TokenExpired: its refresh token was rotated out; a refresh settles it.
        """
        ...

    async def merge_payload(
        self, access: AccessToken, changes: JsonObject, *, longest: int = MAX_ACCESS
    ) -> AccessToken | None:
        """
        Merge into the payload of a verified token's session; null takes a member away.

        The token that shows it keeps expiry, lineage and anti-CSRF token; None if the given one is over.

        Raises:
            SessionGone: there is no such session any more.
            Contended: others kept changing the payload.
            PayloadTooLarge: as `create`.
        """
        ...

    async def show(self, access: AccessToken) -> AccessToken | None:
        """The access token again, with its session's present payload; None where nothing can be shown any more."""
        ...

    async def load(self, handle: SessionHandle) -> SessionView | None:
        """The session, while it lives."""
        ...

    async def find(
        self, selection: Selection, *, limit: int, after: Position | None
    ) -> tuple[SessionView, ...]:
        """
        Those that live, newest first, at most *limit*; beginning right after a place, or at the newest.

        Raises:
            BeyondCore: a remote core cannot find by this.
        """
        ...

    async def replace_data(self, handle: SessionHandle, data: JsonObject) -> bool:
        """Replace what stays on the server; whether the session is there."""
        ...

    async def revoke(self, selection: Selection) -> Revoked:
        """
        Revoke what a selection names, or a batch of it.

        Raises:
            BeyondCore: a remote core cannot find by this.
        """
        ...
