"""
What Flask's and Starlette's formats have in common: all of a session in one cookie that itsdangerous has signed.

House rule: a format says how its key is derived, how long its cookies count and how their content is written; in which
order these are looked at is decided here, and nothing is read before the signature holds.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, timedelta

from segue.json import JsonObject
from segue.migration.cookies.contents import read_user_id
from segue.migration.cookies.model import Cookies, OldSession
from segue.migration.cookies.python_session import PythonSession, read_sign_in
from segue.migration.cookies.signed_payload import big_endian_time, later, require_time
from segue.migration.cookies.signed_text import Derive, HmacHash, read_cookie, unsign


class ItsDangerousSession(PythonSession, frozen=True, kw_only=True):
    """
    The settings that these formats share, and how a session is proved.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    user_id: str
    """Where the user's id is. Names with dots between them."""
    session_id: str | None = None
    """Where the application keeps something random that it makes at each sign-in; None: it has no such thing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_paths(self.user_id, self.session_id)

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:  # noqa: ARG002 - nobody is asked
        """
        Prove a session, see `CookieFormat.read`; nobody is asked.

        Raises:
            TokenMissing, TokenMalformed, SignatureRefused, TokenExpired, ClaimsRefused, TokenNotActive: as there.
        """
        derive, kind = self._signature()
        payload, time = unsign(
            read_cookie(cookies, self.cookie_name),
            separator=".",
            secrets=self.secrets,
            derive=derive,
            kinds=(kind,),
        )
        written_at, counts_for = big_endian_time(time), self._counts_for()
        expires_at = None if counts_for is None else later(written_at, counts_for)
        require_time(written_at, expires_at, now=now)
        content = self._content(payload)
        return self._judged(
            content,
            read_user_id(content, self.user_id),
            session_id=read_sign_in(content, self.session_id),
            written_at=written_at,
            expires_at=expires_at,
            record_key=None,
            now=now,
        )

    @abstractmethod
    def _signature(self) -> tuple[Derive, HmacHash]:
        """How a secret becomes a key, and the hash of the signature."""

    @abstractmethod
    def _counts_for(self) -> timedelta | None:
        """How long after it was signed the application takes a cookie; None: for ever."""

    @abstractmethod
    def _content(self, payload: str) -> JsonObject:
        """The session in a payload whose signature and time hold."""
