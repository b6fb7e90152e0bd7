"""
Amazon Cognito user pools: `RevokeToken` with the refresh token ends this sign-in, `GlobalSignOut` all of the user.

Neither needs credentials of AWS: the first is allowed by the refresh token and the client, the second by the user's own
access token while that lasts. Written by the API reference; run against emulators,
not against the live service.
"""

from __future__ import annotations

import re
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.json import dump
from segue.migration.endings.checks import (
    credential,
    require_alive,
    require_reach,
    require_texts,
    require_url,
)
from segue.migration.endings.exchange import exchanged, judge_call, pause, said
from segue.migration.endings.model import (
    GONE,
    Attempt,
    EndOldSession,
    Errand,
    OldTokens,
    Outcome,
    Reach,
)
from segue.migration.web import WebRequest, WebResponse

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_CLIENT = frozenset({"UnauthorizedException", "ForbiddenException", "UnsupportedOperationException"})
"""Of the client: not the one that the token was given to, or one whose tokens cannot be revoked by its settings."""


class CognitoEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session at Cognito.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "cognito"
    unshown: ClassVar = frozenset({"client_secret"})

    region: str
    """Of the user pool: `eu-central-1`."""
    client_id: str
    """The app client to which the old tokens were given; token revocation is on there unless somebody turned it off."""
    client_secret: str | None = None
    """If the app client has one."""
    reach: Reach = Reach.SESSION
    when: EndOldSession = EndOldSession.AT_ONCE
    url: str | None = None
    """Another address than the region's own, for an emulator."""

    def __post_init__(self) -> None:
        if not _REGION.fullmatch(self.region):
            raise ConfigurationError("Cognito needs region, such as eu-central-1")
        require_url(self.address, "Cognito")
        require_texts("Cognito", client_id=self.client_id, client_secret=self.client_secret)
        require_reach("Cognito", self.reach, frozenset({Reach.SESSION, Reach.USER}))

    @property
    def address(self) -> str:
        """Where the pool is spoken to."""
        china = ".cn" if self.region.startswith("cn-") else ""
        return self.url or f"https://cognito-idp.{self.region}.amazonaws.com{china}/"

    def request(self, old: OldTokens) -> WebRequest:
        """One call; the action stands in a header."""
        if self.reach is Reach.USER:
            action, body = "GlobalSignOut", {"AccessToken": credential(old.access_token, "NO_TOKEN")}
        else:
            token = credential(old.refresh_token, "NO_REFRESH_TOKEN")
            action, body = "RevokeToken", {"Token": token, "ClientId": self.client_id}
            if self.client_secret is not None:
                body["ClientSecret"] = self.client_secret
        headers = (
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", f"AWSCognitoIdentityProviderService.{action}"),
        )
        return WebRequest(
            url=self.address, purpose=f"Cognito {action}", method="POST", headers=headers, body=dump(body)
        )

    def judge(self, response: WebResponse) -> Attempt:
        """Cognito says with status 400 what others say with several, and names it."""
        kind = said(response).get("__type")
        name = kind.rpartition("#")[2] if isinstance(kind, str) else ""
        if name == "TooManyRequestsException":
            return Attempt(outcome=Outcome.WAIT, error="HTTP_429", retry_after=pause(response))
        if name == "UnsupportedTokenTypeException":
            return Attempt(outcome=Outcome.HOPELESS, error="OLD_TOKEN_REFUSED")
        if (
            name == "NotAuthorizedException"
        ):  # of `GlobalSignOut`: over or revoked, and then the session is ended too
            ended = "revoked" in str(said(response).get("message", ""))
            return GONE if ended else Attempt(outcome=Outcome.HOPELESS, error="OLD_TOKEN_REFUSED")
        if name in _CLIENT:
            return Attempt(outcome=Outcome.WAIT, error="CLIENT_REFUSED")
        return judge_call(response)

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """See `EndsSessions.end`."""
        if self.reach is Reach.USER:
            require_alive(old.expires_at, errand.now)
        return await exchanged(self.request(old), self.judge)
