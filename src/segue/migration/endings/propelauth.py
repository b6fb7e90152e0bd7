"""
PropelAuth: its API signs out all sessions of a user; there is nothing smaller.

Written by PropelAuth's SDK; not run against the live service.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.migration.endings.checks import require_host, require_reach, require_texts, require_url, segment
from segue.migration.endings.exchange import api_request, bearer, exchanged, judge_call
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.web import WebRequest, WebResponse


class PropelAuthEnding(Discreet, frozen=True, kw_only=True):
    """
    End all sessions of the user at PropelAuth; `reach=Reach.USER` has to be said.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "propelauth"
    unshown: ClassVar = frozenset({"api_key"})

    domain: str
    """Of the auth pages: `auth.example.com`."""
    api_key: str
    """A backend API key."""
    reach: Reach = Reach.SESSION
    when: EndOldSession = EndOldSession.AT_ONCE
    url: str = "https://propelauth-api.com"

    def __post_init__(self) -> None:
        require_url(self.url, "PropelAuth")
        require_host("PropelAuth", "domain", self.domain)
        require_texts("PropelAuth", api_key=self.api_key)
        require_reach("PropelAuth", self.reach, frozenset({Reach.USER}))

    def request(self, old: OldTokens) -> WebRequest:
        """One call."""
        user = segment(old.subject, "NO_SUBJECT")
        url = f"{self.url.rstrip('/')}/api/backend/v1/user/{user}/logout_all_sessions"
        return api_request("POST", url, headers=(bearer(self.api_key), ("x-propelauth-url", self.domain)))

    def judge(self, response: WebResponse) -> Attempt:
        """404 is the SDK's word for a user who is not there."""
        return judge_call(response, gone=lambda said: said.status == 404)

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        return await exchanged(self.request(old), self.judge)
