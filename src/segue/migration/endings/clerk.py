"""
Clerk: the Backend API revokes a session by its `sid`.

What it answers for a session that has ended already is not documented, so after a refusal the session itself is looked
at. Written by Clerk's documentation and SDK; not run against the live service.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.migration.endings.checks import require_texts, require_url, segment
from segue.migration.endings.exchange import api_request, bearer, exchanged, judge_call, said, text_of
from segue.migration.endings.model import GONE, Attempt, EndOldSession, Errand, OldTokens, Outcome, Reach
from segue.migration.web import WebRequest, WebResponse

_OVER = frozenset({"abandoned", "ended", "expired", "removed", "replaced", "revoked"})


class ClerkEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session at Clerk.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "clerk"
    unshown: ClassVar = frozenset({"secret_key"})

    secret_key: str
    """The instance's secret key (`sk_live_…`)."""
    when: EndOldSession = EndOldSession.AT_ONCE
    url: str = "https://api.clerk.com"

    def __post_init__(self) -> None:
        require_url(self.url, "Clerk")
        require_texts("Clerk", secret_key=self.secret_key)

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        return Reach.SESSION

    def request(self, old: OldTokens) -> WebRequest:
        """Revoke it."""
        return api_request("POST", f"{self._session(old)}/revoke", headers=(bearer(self.secret_key),))

    def question(self, old: OldTokens) -> WebRequest:
        """What has become of it?"""
        return api_request("GET", self._session(old), headers=(bearer(self.secret_key),))

    def judge(self, response: WebResponse) -> Attempt:
        """The errors are a list; the first names what was not found."""
        return judge_call(response, gone=_unknown)

    def judge_state(self, response: WebResponse) -> Attempt:
        """The answer to the question: over is done, anything else is as refused as before."""
        if response.status == 200 and text_of(response, "status") in _OVER:
            return GONE
        refused = Attempt(outcome=Outcome.HOPELESS, error="HTTP_400")
        return refused if response.status == 200 else judge_call(response, gone=_unknown)

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        attempt = await exchanged(self.request(old), self.judge)
        if attempt.outcome is not Outcome.HOPELESS:
            return attempt
        return await exchanged(self.question(old), self.judge_state)

    def _session(self, old: OldTokens) -> str:
        return f"{self.url.rstrip('/')}/v1/sessions/{segment(old.session_id, 'NO_SESSION_ID')}"


def _unknown(response: WebResponse) -> bool:
    errors = said(response).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return response.status == 404 and isinstance(first, dict) and first.get("code") == "resource_not_found"
