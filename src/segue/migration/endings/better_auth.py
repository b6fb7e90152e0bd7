"""
better-auth: its own sign-out route, called with the session cookie that was presented.

A presented JWT names no session there and cannot end one. Its protection against foreign sites wants an `Origin` that
it trusts. Where its database is at hand, deleting the row (`RecordEnding`) does the same without the route.
"""

from __future__ import annotations

import re
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.migration.endings.checks import credential, require_texts, require_url
from segue.migration.endings.exchange import api_request, exchanged, judge_own, said
from segue.migration.endings.model import (
    Attempt,
    CannotBeEnded,
    EndOldSession,
    Errand,
    OldTokens,
    Outcome,
    Reach,
)
from segue.migration.web import WebRequest, WebResponse

_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]+")
"""RFC 6265 §4.1.1: no separator could be smuggled in."""


class BetterAuthEnding(Discreet, frozen=True, kw_only=True):
    """
    Sign out of the session at better-auth with its cookie.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "better_auth"
    url: str
    """Of its routes: `https://example.com/api/auth`."""
    origin: str
    """One that it trusts: its own, such as `https://example.com`."""
    cookie_name: str = "better-auth.session_token"
    """`__Secure-better-auth.session_token` where it is served over https."""
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        require_url(self.url, "better-auth")
        require_url(self.origin, "better-auth's origin")
        require_texts("better-auth", origin=self.origin)
        if not _COOKIE_NAME.fullmatch(self.cookie_name):
            raise ConfigurationError("better-auth needs cookie_name as browsers send it")

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        return Reach.SESSION

    def request(self, old: OldTokens) -> WebRequest:
        """One call."""
        value = credential(old.access_token, "NO_TOKEN")
        if value.count(".") == 2 or not _COOKIE_VALUE.fullmatch(value):
            raise CannotBeEnded("OLD_TOKEN_NOT_USABLE")  # a JWT is no session cookie
        headers = (("cookie", f"{self.cookie_name}={value}"), ("origin", self.origin))
        return api_request("POST", f"{self.url.rstrip('/')}/sign-out", headers=headers, body={})

    def judge(self, response: WebResponse) -> Attempt:
        """It says whether it has."""
        attempt = judge_own(response)
        if attempt.outcome is Outcome.DONE and said(response).get("success") is not True:
            return Attempt(outcome=Outcome.WAIT, error="ANSWER_NOT_UNDERSTOOD")
        return attempt

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002
        """See `EndsSessions.end`."""
        return await exchanged(self.request(old), self.judge)
