"""
A SuperTokens core: `POST /recipe/session/remove` ends a session by its handle.

Run against `segue core`, which speaks the same protocol.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.migration.endings.checks import identifier, require_texts, require_url
from segue.migration.endings.exchange import api_request, exchanged, judge_call, text_of
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Outcome, Reach
from segue.migration.web import WebRequest, WebResponse

_PROTOCOL = "5.0"


class SupertokensEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session at a SuperTokens core.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "supertokens"
    unshown: ClassVar = frozenset({"api_key"})

    url: str
    """Of the core: `https://core.internal:3567`."""
    api_key: str | None = None
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        require_url(self.url, "the core")
        require_texts("the core", api_key=self.api_key)

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        return Reach.SESSION

    def request(self, old: OldTokens) -> WebRequest:
        """One call; the provider's `session_claims` name `sessionHandle`."""
        handle = identifier(old.session_id, "NO_SESSION_ID")
        key = () if self.api_key is None else (("api-key", self.api_key),)
        return api_request(
            "POST",
            f"{self.url.rstrip('/')}/recipe/session/remove",
            headers=(("cdi-version", _PROTOCOL), ("rid", "session"), *key),
            body={"sessionHandles": [handle]},
        )

    def judge(self, response: WebResponse) -> Attempt:
        """OK is also the answer for a handle that is not there any more."""
        attempt = judge_call(response)
        if attempt.outcome is Outcome.DONE and text_of(response, "status") != "OK":
            return Attempt(outcome=Outcome.WAIT, error="ANSWER_NOT_UNDERSTOOD")
        return attempt

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        return await exchanged(self.request(old), self.judge)
