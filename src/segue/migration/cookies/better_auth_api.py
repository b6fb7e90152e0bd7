"""
Asking better-auth itself for a session, and ending it there, over its own routes.

Facts: better-auth 1.7.25. `get-session` answers 200 and `null` for a dead session; without `disableCookieCache` it may
answer from a cache, and without `disableRefresh` it would lengthen the session that is about to end. `sign-out` answers
200 whether or not the row could be deleted. House rules: no answer is never taken for "signed out"; only the one cookie
is sent, so no cache can speak; that a session was ended is believed when `get-session` says so.
"""

from __future__ import annotations

from urllib.parse import quote

from segue.discreet import Discreet
from segue.errors import ConfigurationError, StateUnavailable
from segue.migration.cookies.better_auth import BetterAuth
from segue.migration.cookies.model import MAX_SESSION
from segue.migration.cookies.signed_value import sign
from segue.migration.urls import UrlRefused, parse_url
from segue.migration.web import WebRequest, WebResponse

_NOBODY = b"null"


class BetterAuthRoutes(Discreet, frozen=True, kw_only=True):
    """
    Where better-auth of the previous application answers.

    Raises:
        ConfigurationError: an address that is not followed.
    """

    format: BetterAuth
    """The first of its secrets is the one that better-auth signs with now."""
    url: str
    """Its `basePath` with the origin, such as `https://old.example.com/api/auth`."""
    origin: str | None = None
    """What to say in `Origin`, one of its `trustedOrigins`; None: that of `url`."""

    def __post_init__(self) -> None:
        try:
            parse_url(self.url)
            if self.origin is not None:
                parse_url(self.origin)
        except UrlRefused as error:
            raise ConfigurationError(f"better-auth cannot be asked: {error}") from error
        if "?" in self.url or self.url.endswith("/"):
            raise ConfigurationError("better-auth: write its address without a slash or a query at the end")

    def session_request(self, token: str) -> WebRequest:
        """Ask for the session of a token."""
        url = f"{self.url}/get-session?disableCookieCache=true&disableRefresh=true"
        return WebRequest(url=url, purpose="a session of better-auth", headers=self._headers(token))

    def sign_out_request(self, token: str) -> WebRequest:
        """End the session of a token."""
        return WebRequest(
            url=f"{self.url}/sign-out",
            purpose="signing out of better-auth",
            method="POST",
            headers=(*self._headers(token), ("content-type", "application/json")),
            body=b"{}",
        )

    def _headers(self, token: str) -> tuple[tuple[str, str], ...]:
        signed = f"{token}.{sign(token, self.format.secrets[0], padded=True).decode()}"
        destination = parse_url(self.url)
        return (
            ("accept", "application/json"),
            ("cookie", f"{self.format.cookie_name}={quote(signed, safe='')}"),
            ("origin", self.origin or f"{destination.scheme}://{destination.authority}"),
        )


def read_session(request: WebRequest, response: WebResponse) -> bytes | None:
    """
    The session that `get-session` answers with; None: there is none.

    Raises:
        StateUnavailable: any answer that says neither.
    """
    if response.status != 200 or not 0 < len(response.body) <= MAX_SESSION:
        raise StateUnavailable(request.place, f"status {response.status} for {request.purpose}")
    return None if response.body.strip() == _NOBODY else response.body


def require_signed_out(request: WebRequest, response: WebResponse) -> None:
    """
    The session was ended.

    Raises:
        StateUnavailable: `get-session` still knows it, or does not say.
    """
    if read_session(request, response) is not None:
        raise StateUnavailable(request.place, "the session is still there after signing out")
