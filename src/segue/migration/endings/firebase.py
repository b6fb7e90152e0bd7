"""
Firebase Authentication: `validSince` makes every refresh token of a user worthless; there is nothing smaller.

A service account with the role `firebaseauth.admin` speaks. The instant is the one of the call: an older one would give
back what a later one had taken. Written by the Admin SDK's source; run against the emulator.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.json import JsonObject, JsonValue, parse_object
from segue.migration.endings.checks import identifier, require_reach, require_texts, require_url
from segue.migration.endings.exchange import api_request, bearer, judge_call, text_of, with_service_token
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Reach
from segue.migration.endings.service_account import private_key, signed_assertion
from segue.migration.web import WebRequest, WebResponse

_NAME = re.compile(r"[a-z0-9:.-]{1,128}")
_SCOPE = "https://www.googleapis.com/auth/identitytoolkit"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION = timedelta(minutes=10)


class FirebaseEnding(Discreet, frozen=True, kw_only=True):
    """
    End all sessions of the user at Firebase; `reach=Reach.USER` has to be said.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "firebase"
    unshown: ClassVar = frozenset({"private_key"})

    project_id: str
    client_email: str
    """Of the service account."""
    private_key: str
    """Of the service account, as PEM."""
    reach: Reach = Reach.SESSION
    tenant: str | None = None
    """The tenant of Identity Platform, where users are in one."""
    when: EndOldSession = EndOldSession.AT_ONCE
    url: str = "https://identitytoolkit.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

    def __post_init__(self) -> None:
        for name in (self.project_id, self.tenant):
            if name is not None and (not _NAME.fullmatch(name) or not name.strip(".")):
                raise ConfigurationError(
                    "Firebase needs project_id (not its number or its name) and tenant as they are"
                )
        require_url(self.url, "Firebase")
        require_url(self.token_url, "Google's token endpoint")
        require_texts("Firebase", client_email=self.client_email)
        require_reach("Firebase", self.reach, frozenset({Reach.USER}))
        private_key(self.private_key, "Firebase")

    @classmethod
    def from_service_account(
        cls,
        key_file: str,
        *,
        reach: Reach,
        tenant: str | None = None,
        when: EndOldSession = EndOldSession.AT_ONCE,
    ) -> FirebaseEnding:
        """
        With the text of the JSON file that Google gives for a service account's key.

        Raises:
            ConfigurationError: it is none; nothing of it is shown.
        """
        project, email, key = (
            _members(key_file).get(name) for name in ("project_id", "client_email", "private_key")
        )
        if not (isinstance(project, str) and isinstance(email, str) and isinstance(key, str)):
            raise ConfigurationError(
                "Firebase needs the JSON file of a service account's key, with project_id, client_email and private_key"
            )
        return cls(
            project_id=project, client_email=email, private_key=key, reach=reach, tenant=tenant, when=when
        )

    def grant(self, now: datetime) -> WebRequest:
        """Ask for a token of the service account (RFC 7523 §2.1)."""
        claims: dict[str, JsonValue] = {"iss": self.client_email, "scope": _SCOPE, "aud": self.token_url}
        assertion = signed_assertion(
            claims, self.private_key, key_id=None, now=now, lifetime=_ASSERTION, who="Firebase"
        )
        return WebRequest(
            url=self.token_url,
            purpose="token of a Google service account",
            method="POST",
            headers=(("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")),
            body=urlencode({"grant_type": _GRANT, "assertion": assertion}).encode(),
        )

    def request(self, old: OldTokens, token: str, now: datetime) -> WebRequest:
        """The call with such a token."""
        tenant = "" if self.tenant is None else f"/tenants/{self.tenant}"
        url = f"{self.url.rstrip('/')}/v1/projects/{self.project_id}{tenant}/accounts:update"
        body = {"localId": identifier(old.subject, "NO_SUBJECT"), "validSince": str(int(now.timestamp()))}
        return api_request("POST", url, headers=(bearer(token),), body=body)

    def judge(self, response: WebResponse) -> Attempt:
        """Who is not there has no sessions."""
        return judge_call(response, gone=lambda said: text_of(said, "error", "message") == "USER_NOT_FOUND")

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """See `EndsSessions.end`."""
        now = errand.now
        self.request(old, "", now)  # what cannot be asked for costs no token
        return await with_service_token(
            errand, grant=self.grant(now), call=lambda token: self.request(old, token, now), judge=self.judge
        )


def _members(text: str) -> JsonObject:
    try:
        return parse_object(text)
    except ValueError:
        return {}
