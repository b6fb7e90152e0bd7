"""
Okta: its API ends a session by the `sid` of an ID token, or all sessions and tokens of a user.

An API token speaks, or a service application with a private key (scope `okta.sessions.manage`, for all of a user
`okta.users.manage`; "require DPoP" off). Tokens of one grant are revoked by `Revocation7009` at `{issuer}/v1/revoke`
instead. Written by Okta's documentation and SDK; not run against the live service.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.migration.endings.checks import require_host, require_reach, require_texts, segment
from segue.migration.endings.exchange import (
    api_request,
    bearer,
    exchanged,
    judge_call,
    text_of,
    with_service_token,
)
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.endings.service_account import private_key, signed_assertion
from segue.migration.web import Headers, WebRequest, WebResponse

_SCOPES = {Reach.SESSION: "okta.sessions.manage", Reach.USER: "okta.users.manage"}
_ASSERTION = timedelta(minutes=5)


class OktaEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session at Okta.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "okta"
    unshown: ClassVar = frozenset({"api_token", "private_key"})

    domain: str
    """Of the organisation: `acme.okta.com`."""
    api_token: str | None = None
    """An API token; else `client_id` and `private_key`."""
    client_id: str | None = None
    """Of a service application that proves itself by a private key."""
    private_key: str | None = None
    """Its RSA key, as PEM."""
    key_id: str | None = None
    """What Okta calls that key."""
    reach: Reach = Reach.SESSION
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        require_host("Okta", "domain", self.domain)
        require_texts("Okta", api_token=self.api_token, client_id=self.client_id, key_id=self.key_id)
        require_reach("Okta", self.reach, frozenset(_SCOPES))
        pair = (self.client_id is not None, self.private_key is not None)
        if pair != ((True, True) if self.api_token is None else (False, False)):
            raise ConfigurationError("Okta needs api_token, or client_id and private_key, and not both")
        if self.private_key is not None:
            private_key(self.private_key, "Okta")

    def grant(self, now: datetime) -> WebRequest:
        """Ask for a token of the API (RFC 7523 §2.2)."""
        url = f"https://{self.domain}/oauth2/v1/token"
        claims = {"iss": self.client_id or "", "sub": self.client_id or "", "aud": url}
        assertion = signed_assertion(
            claims, self.private_key or "", key_id=self.key_id, now=now, lifetime=_ASSERTION, who="Okta"
        )
        form = {
            "grant_type": "client_credentials",
            "scope": _SCOPES[self.reach],
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        headers = (("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"))
        return WebRequest(
            url=url,
            purpose="token of Okta's API",
            method="POST",
            headers=headers,
            body=urlencode(form).encode(),
        )

    def request(self, old: OldTokens, authorization: Headers) -> WebRequest:
        """The call."""
        if self.reach is Reach.USER:
            path = f"users/{segment(old.subject, 'NO_SUBJECT')}/sessions?oauthTokens=true"
        else:
            path = f"sessions/{segment(old.session_id, 'NO_SESSION_ID')}"
        return api_request("DELETE", f"https://{self.domain}/api/v1/{path}", headers=authorization)

    def judge(self, response: WebResponse) -> Attempt:
        """E0000007 is Okta's word for what is not there."""
        return judge_call(response, gone=lambda said: text_of(said, "errorCode") == "E0000007")

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """See `EndsSessions.end`."""
        if self.api_token is not None:
            request = self.request(old, (("authorization", f"SSWS {self.api_token}"),))
            return await exchanged(request, self.judge)
        self.request(old, ())  # what cannot be asked for costs no token
        return await with_service_token(
            errand,
            grant=self.grant(errand.now),
            call=lambda token: self.request(old, (bearer(token),)),
            judge=self.judge,
        )
