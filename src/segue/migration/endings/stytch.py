"""
Stytch: its API revokes a session by id, for consumers (`session_id`) and for organisations (`member_session_id`).

The id stands in a claim of its own (`https://stytch.com/session`, `id`). Written by Stytch's documentation and SDK; not
run against the live service.
"""

from __future__ import annotations

from base64 import b64encode
from typing import ClassVar

from segue.discreet import Discreet
from segue.migration.endings.checks import identifier, require_texts, require_url
from segue.migration.endings.exchange import api_request, exchanged, judge_call, text_of
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.web import WebRequest, WebResponse


class StytchEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session at Stytch.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "stytch"
    unshown: ClassVar = frozenset({"secret"})

    project_id: str
    secret: str
    """Of the project."""
    b2b: bool = False
    """The project is one for organisations and their members."""
    when: EndOldSession = EndOldSession.AT_ONCE
    url: str = "https://api.stytch.com"

    def __post_init__(self) -> None:
        require_url(self.url, "Stytch")
        require_texts("Stytch", project_id=self.project_id, secret=self.secret)

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        return Reach.SESSION

    def request(self, old: OldTokens) -> WebRequest:
        """One call."""
        session = identifier(old.session_id, "NO_SESSION_ID")
        path, name = ("b2b/sessions", "member_session_id") if self.b2b else ("sessions", "session_id")
        pair = b64encode(f"{self.project_id}:{self.secret}".encode()).decode()
        url = f"{self.url.rstrip('/')}/v1/{path}/revoke"
        return api_request("POST", url, headers=(("authorization", f"Basic {pair}"),), body={name: session})

    def judge(self, response: WebResponse) -> Attempt:
        """What is not found is said by type."""
        return judge_call(
            response,
            gone=lambda said: (
                said.status == 404 and text_of(said, "error_type").endswith("session_not_found")
            ),
        )

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        return await exchanged(self.request(old), self.judge)
