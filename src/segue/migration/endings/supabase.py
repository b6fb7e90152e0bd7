"""
Supabase Auth: only the user's own access token ends the session, so it has to happen before that is over.

The scope has to be said: without one Supabase signs out everywhere, and for a token without `session_id` it does so
whatever the scope is, which is why such a token is never sent. Written by the source of supabase/auth (a session that
is gone is refused there; before 2024 a second log-out of it signed out everywhere). Not run against the live service.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.migration.endings.checks import (
    credential,
    identifier,
    require_alive,
    require_reach,
    require_texts,
    require_url,
)
from segue.migration.endings.exchange import api_request, bearer, exchanged, judge_call, judge_own, text_of
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.web import WebRequest, WebResponse

_SCOPES = {Reach.SESSION: "local", Reach.USER: "global"}
_GONE = frozenset({"session_not_found", "user_not_found"})


class SupabaseEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session at Supabase, with the user's own access token.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "supabase"
    unshown: ClassVar = frozenset({"api_key"})

    url: str
    """Of Auth: `https://abcdefgh.supabase.co/auth/v1`, which is the issuer too."""
    api_key: str | None = None
    """The project's publishable (anon) key, which its gateway asks for; None where Auth is reached without it."""
    reach: Reach = Reach.SESSION
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        require_url(self.url, "Supabase")
        require_texts("Supabase", api_key=self.api_key)
        require_reach("Supabase", self.reach, frozenset(_SCOPES))

    def request(self, old: OldTokens) -> WebRequest:
        """One call."""
        identifier(old.session_id, "NO_SESSION_ID")
        token = credential(old.access_token, "NO_TOKEN")
        key = () if self.api_key is None else (("apikey", self.api_key),)
        url = f"{self.url.rstrip('/')}/logout?scope={_SCOPES[self.reach]}"
        return api_request("POST", url, headers=(bearer(token), *key))

    def judge(self, response: WebResponse) -> Attempt:
        """Auth itself refuses tokens with 403 and a code; 401 is the gateway's, which did not like our key."""
        code = text_of(response, "error_code") or text_of(response, "code")
        if response.status == 401:
            return judge_call(response)
        return judge_own(response, gone=lambda _: code in _GONE)

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """See `EndsSessions.end`."""
        require_alive(old.expires_at, errand.now)
        return await exchanged(self.request(old), self.judge)
