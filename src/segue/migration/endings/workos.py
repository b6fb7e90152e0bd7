"""
WorkOS (AuthKit): the API revokes a session by its `sid`.

Written by WorkOS' documentation and SDK; not run against the live service.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.migration.endings.checks import identifier, require_texts, require_url
from segue.migration.endings.exchange import api_request, bearer, exchanged, judge_call, text_of
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.web import WebRequest, WebResponse


class WorkosEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session at WorkOS.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "workos"
    unshown: ClassVar = frozenset({"api_key"})

    api_key: str
    """The environment's secret key (`sk_…`)."""
    when: EndOldSession = EndOldSession.AT_ONCE
    url: str = "https://api.workos.com"

    def __post_init__(self) -> None:
        require_url(self.url, "WorkOS")
        require_texts("WorkOS", api_key=self.api_key)

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        return Reach.SESSION

    def request(self, old: OldTokens) -> WebRequest:
        """One call."""
        body = {"session_id": identifier(old.session_id, "NO_SESSION_ID")}
        url = f"{self.url.rstrip('/')}/user_management/sessions/revoke"
        return api_request("POST", url, headers=(bearer(self.api_key),), body=body)

    def judge(self, response: WebResponse) -> Attempt:
        """What is not found is said by code."""
        return judge_call(
            response,
            gone=lambda said: (
                said.status == 404 and text_of(said, "code") in {"entity_not_found", "not_found"}
            ),
        )

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        return await exchanged(self.request(old), self.judge)
