"""
Descope: log-out with the user's own refresh token, or with a management key all of the user.

Written by Descope's SDK; not run against the live service.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.migration.endings.checks import credential, identifier, require_reach, require_texts, require_url
from segue.migration.endings.exchange import api_request, bearer, exchanged, judge_call, judge_own
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.web import WebRequest, WebResponse


class DescopeEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session at Descope.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "descope"
    unshown: ClassVar = frozenset({"management_key"})

    project_id: str
    management_key: str | None = None
    """Only for all of the user."""
    reach: Reach = Reach.SESSION
    when: EndOldSession = EndOldSession.AT_ONCE
    url: str = "https://api.descope.com"

    def __post_init__(self) -> None:
        require_url(self.url, "Descope")
        require_texts("Descope", project_id=self.project_id, management_key=self.management_key)
        require_reach("Descope", self.reach, frozenset({Reach.SESSION, Reach.USER}))
        if (self.reach is Reach.USER) != (self.management_key is not None):
            raise ConfigurationError(
                "Descope ends one session with the user's own refresh token, and all of the user with management_key"
            )

    def request(self, old: OldTokens) -> WebRequest:
        """One call; the project's id goes before the key."""
        base = self.url.rstrip("/")
        if self.management_key is not None:
            body = {"userId": identifier(old.subject, "NO_SUBJECT")}
            key = bearer(f"{self.project_id}:{self.management_key}")
            return api_request("POST", f"{base}/v1/mgmt/user/logout", headers=(key,), body=body)
        own = bearer(f"{self.project_id}:{credential(old.refresh_token, 'NO_REFRESH_TOKEN')}")
        return api_request("POST", f"{base}/v1/auth/logout", headers=(own,), body={})

    def judge(self, response: WebResponse) -> Attempt:
        """A refresh token that is refused is over, or none of theirs."""
        return judge_own(response) if self.management_key is None else judge_call(response)

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        return await exchanged(self.request(old), self.judge)
