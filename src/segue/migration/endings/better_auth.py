"""
better-auth: its own sign-out route, called under the session's token, and then asked whether the session is gone.

Sign-out answers 200 whether or not there was anything to end (better-auth 1.7.25), so it is `get-session` that is
believed. For cookies of `segue.migration.cookies.better_auth`, whose key is the token; a JWT names no session there.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import StateUnavailable
from segue.migration.cookies.better_auth_api import BetterAuthRoutes, require_signed_out
from segue.migration.endings.checks import credential
from segue.migration.endings.exchange import exchanged, judge_call
from segue.migration.endings.model import DONE, Attempt, EndOldSession, Errand, OldTokens, Outcome, Reach
from segue.migration.web import WebRequest, WebResponse


class BetterAuthEnding(Discreet, frozen=True, kw_only=True):
    """Sign out of the session at better-auth."""

    kind: ClassVar = "better_auth"

    routes: BetterAuthRoutes
    """Where it answers, and under which secret its cookies are signed."""
    when: EndOldSession = EndOldSession.AT_ONCE

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        return Reach.SESSION

    def request(self, old: OldTokens) -> WebRequest:
        """Sign out."""
        return self.routes.sign_out_request(credential(old.record_key, "NO_RECORD_KEY"))

    def question(self, old: OldTokens) -> WebRequest:
        """Is it gone?"""
        return self.routes.session_request(credential(old.record_key, "NO_RECORD_KEY"))

    def judge_state(self, request: WebRequest, response: WebResponse) -> Attempt:
        """The answer to the question; whatever does not say that it is gone is tried again."""
        failed = judge_call(response)
        if failed.outcome is not Outcome.DONE:
            return Attempt(outcome=Outcome.AGAIN, error=failed.error, retry_after=failed.retry_after)
        try:
            require_signed_out(request, response)
        except StateUnavailable:
            return Attempt(outcome=Outcome.AGAIN, error="STILL_ALIVE")
        return DONE

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        attempt = await exchanged(self.request(old), judge_call)
        if attempt.outcome is not Outcome.DONE:
            return attempt
        question = self.question(old)
        return await exchanged(question, lambda response: self.judge_state(question, response))
