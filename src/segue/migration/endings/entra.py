"""
Microsoft Entra ID: Graph's `revokeSignInSessions` ends all sessions of a user; there is nothing smaller.

An application of the tenant speaks, with the permission `User.RevokeSessions.All`. The user is found by `oid` of the
old token, since `sub` is another one for each application. Written by Microsoft's documentation; not run against the
live service.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import TokenRefused
from segue.migration.client_form import client_form
from segue.migration.endings.checks import require_reach, require_texts, require_url, segment
from segue.migration.endings.exchange import api_request, bearer, judge_call, text_of, with_service_token
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.web import WebRequest, WebResponse
from segue.tokens.jws import parse_jws


class EntraEnding(Discreet, frozen=True, kw_only=True):
    """
    End all sessions of the user at Entra; `reach=Reach.USER` has to be said.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "entra"
    unshown: ClassVar = frozenset({"client_secret"})

    tenant: str
    """The directory's id."""
    client_id: str
    client_secret: str
    reach: Reach = Reach.SESSION
    when: EndOldSession = EndOldSession.AT_ONCE
    url: str = "https://graph.microsoft.com"
    login_url: str = "https://login.microsoftonline.com"

    def __post_init__(self) -> None:
        require_url(self.url, "Microsoft Graph")
        require_url(self.login_url, "Entra")
        require_texts("Entra", tenant=self.tenant, client_id=self.client_id, client_secret=self.client_secret)
        require_url(f"{self.login_url}/{self.tenant}", "Entra's tenant")
        require_reach("Entra", self.reach, frozenset({Reach.USER}))

    def grant(self) -> WebRequest:
        """Ask for a token of Graph."""
        return client_form(
            f"{self.login_url.rstrip('/')}/{self.tenant}/oauth2/v2.0/token",
            {"grant_type": "client_credentials", "scope": f"{self.url.rstrip('/')}/.default"},
            client_id=self.client_id,
            client_secret=self.client_secret,
            purpose="token of Microsoft Graph",
        )

    def request(self, old: OldTokens, token: str) -> WebRequest:
        """The call with such a token."""
        user = segment(_object_id(old), "NO_OBJECT_ID")
        url = f"{self.url.rstrip('/')}/v1.0/users/{user}/revokeSignInSessions"
        return api_request("POST", url, headers=(bearer(token),))

    def judge(self, response: WebResponse) -> Attempt:
        """Who is not there has no sessions."""
        return judge_call(
            response,
            gone=lambda said: (
                said.status == 404 and text_of(said, "error", "code") == "Request_ResourceNotFound"
            ),
        )

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """See `EndsSessions.end`."""
        self.request(old, "")  # what cannot be asked for costs no token
        return await with_service_token(
            errand, grant=self.grant(), call=lambda token: self.request(old, token), judge=self.judge
        )


def _object_id(old: OldTokens) -> str | None:
    """From the token, which was verified before it was sealed."""
    try:
        found = parse_jws(old.access_token).claims.get("oid")
    except (TokenRefused, ValueError):
        return None
    return found if isinstance(found, str) else None
