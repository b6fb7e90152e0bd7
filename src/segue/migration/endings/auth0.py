"""
Auth0: the Management API ends a session by the `sid` of its ID token, together with the refresh tokens of it.

A machine-to-machine client of the tenant speaks, with the scopes `delete:sessions` and `delete:refresh_tokens` (for all
of a user: the same). Written by Auth0's documentation and SDK; not run against the live service.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.json import JsonValue
from segue.migration.endings.checks import require_host, require_reach, require_texts, segment
from segue.migration.endings.exchange import api_request, bearer, judge_call, text_of, with_service_token
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.web import WebRequest, WebResponse


class Auth0Ending(Discreet, frozen=True, kw_only=True):
    """
    End the session at Auth0.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "auth0"
    unshown: ClassVar = frozenset({"client_secret"})

    domain: str
    """Of the tenant itself, also where users see a custom domain: `acme.eu.auth0.com`."""
    client_id: str
    """Of a machine-to-machine application that may use the Management API."""
    client_secret: str
    reach: Reach = Reach.SESSION
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        require_host("Auth0", "domain", self.domain)
        require_texts("Auth0", client_id=self.client_id, client_secret=self.client_secret)
        require_reach("Auth0", self.reach, frozenset({Reach.SESSION, Reach.USER}))

    def grant(self) -> WebRequest:
        """Ask for a token of the Management API."""
        body = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "audience": f"https://{self.domain}/api/v2/",
        }
        return api_request("POST", f"https://{self.domain}/oauth/token", headers=(), body=body)

    def request(self, old: OldTokens, token: str) -> WebRequest:
        """The call with such a token."""
        if self.reach is Reach.USER:
            path = f"users/{segment(old.subject, 'NO_SUBJECT')}/revoke-access"
        else:
            path = f"sessions/{segment(old.session_id, 'NO_SESSION_ID')}/revoke"
        body: dict[str, JsonValue] | None = {} if self.reach is Reach.USER else None
        return api_request(
            "POST", f"https://{self.domain}/api/v2/{path}", headers=(bearer(token),), body=body
        )

    def judge(self, response: WebResponse) -> Attempt:
        """A 404 of the API has a code of its own; one of a wrong address has none."""
        return judge_call(response, gone=lambda said: said.status == 404 and bool(text_of(said, "errorCode")))

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """See `EndsSessions.end`."""
        self.request(old, "")  # what cannot be asked for costs no token
        return await with_service_token(
            errand, grant=self.grant(), call=lambda token: self.request(old, token), judge=self.judge
        )
