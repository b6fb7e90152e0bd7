"""
FusionAuth: its API deletes a refresh token, by the id that stands as `sid` in its access tokens, or by its text.

The `sid` of an ID token is another one (of the SSO session): present access tokens. Written by FusionAuth's OpenAPI
description; not run against the program.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.migration.endings.checks import credential, require_reach, require_texts, require_url, segment
from segue.migration.endings.exchange import api_request, exchanged, judge_call
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.web import WebRequest, WebResponse


class FusionAuthEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session at FusionAuth.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "fusionauth"
    unshown: ClassVar = frozenset({"api_key"})

    url: str
    """Of FusionAuth: `https://login.example.org`."""
    api_key: str
    """That may `DELETE /api/jwt/refresh`."""
    tenant_id: str | None = None
    """Where the key is for several tenants."""
    reach: Reach = Reach.GRANT
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        require_url(self.url, "FusionAuth")
        require_texts("FusionAuth", api_key=self.api_key, tenant_id=self.tenant_id)
        require_reach("FusionAuth", self.reach, frozenset({Reach.GRANT, Reach.USER}))

    def request(self, old: OldTokens) -> WebRequest:
        """One call; a token never stands in its address."""
        tenant = () if self.tenant_id is None else (("x-fusionauth-tenantid", self.tenant_id),)
        headers = (("authorization", self.api_key), *tenant)
        url = f"{self.url.rstrip('/')}/api/jwt/refresh"
        if self.reach is Reach.USER:
            return api_request(
                "DELETE", f"{url}?userId={segment(old.subject, 'NO_SUBJECT')}", headers=headers
            )
        if old.session_id:
            return api_request("DELETE", f"{url}/{segment(old.session_id, 'NO_SESSION_ID')}", headers=headers)
        token = credential(old.refresh_token, "NO_SESSION_ID")
        return api_request("DELETE", url, headers=headers, body={"token": token})

    def judge(self, response: WebResponse) -> Attempt:
        """A 404 of the API has no body; one of a web server in front of it has."""
        return judge_call(response, gone=lambda said: said.status == 404 and not said.body)

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        return await exchanged(self.request(old), self.judge)
