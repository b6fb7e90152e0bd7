"""
Keycloak: log-out with the client and the refresh token, or the admin API with the session's `sid`.

The first needs no more rights than the application has; the second a client with the role `manage-users` of
`realm-management`, and ends what it is told to although no page gave a refresh token. The project calls log-out by
refresh token a legacy feature. Run against Keycloak 26.4.7.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.migration.client_form import client_form
from segue.migration.endings.checks import credential, require_reach, require_texts, require_url, segment
from segue.migration.endings.exchange import (
    api_request,
    bearer,
    exchanged,
    judge_call,
    text_of,
    with_service_token,
)
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Outcome, Reach
from segue.migration.web import WebRequest, WebResponse

_OIDC = "/protocol/openid-connect"


def _require_realm(issuer: str) -> None:
    require_url(issuer, "Keycloak")
    _, found, realm = issuer.partition("/realms/")
    if not found or not realm or "/" in realm:
        raise ConfigurationError("Keycloak needs issuer, such as https://login.example.org/realms/shop")


class KeycloakEnding(Discreet, frozen=True, kw_only=True):
    """
    Log the session out at Keycloak with its refresh token.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "keycloak"
    unshown: ClassVar = frozenset({"client_secret"})

    issuer: str
    """Of the realm: `https://login.example.org/realms/shop`."""
    client_id: str
    """To which the old tokens were given."""
    client_secret: str | None = None
    """None for a public client."""
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        _require_realm(self.issuer)
        require_texts("Keycloak", client_id=self.client_id, client_secret=self.client_secret)

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        return Reach.SESSION

    def request(self, old: OldTokens) -> WebRequest:
        """One call."""
        return client_form(
            f"{self.issuer}{_OIDC}/logout",
            {"refresh_token": credential(old.refresh_token, "NO_REFRESH_TOKEN")},
            client_id=self.client_id,
            client_secret=self.client_secret,
            purpose="log-out at Keycloak",
        )

    def judge(self, response: WebResponse) -> Attempt:
        """A refresh token that is over is of a session that is over; one that is none of theirs proves nothing."""
        code = text_of(response, "error")
        if code in {"invalid_client", "unauthorized_client"}:
            return Attempt(outcome=Outcome.WAIT, error="CLIENT_REFUSED")
        return judge_call(
            response,
            gone=lambda said: (
                code == "invalid_grant" and "not active" in text_of(said, "error_description").lower()
            ),
        )

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        return await exchanged(self.request(old), self.judge)


class KeycloakAdminEnding(Discreet, frozen=True, kw_only=True):
    """
    End the session by Keycloak's admin API.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "keycloak_admin"
    unshown: ClassVar = frozenset({"client_secret"})

    issuer: str
    """Of the realm: `https://login.example.org/realms/shop`."""
    client_id: str
    """Of a client with a service account that has `realm-management: manage-users`."""
    client_secret: str
    reach: Reach = Reach.SESSION
    when: EndOldSession = EndOldSession.AT_ONCE
    admin_url: str | None = None
    """`https://…/admin/realms/shop`, where it is not beside the issuer."""

    def __post_init__(self) -> None:
        _require_realm(self.issuer)
        require_url(self.address, "Keycloak's admin API")
        require_texts("Keycloak", client_id=self.client_id, client_secret=self.client_secret)
        require_reach("Keycloak", self.reach, frozenset({Reach.SESSION, Reach.USER}))

    @property
    def address(self) -> str:
        """Of the realm in the admin API."""
        return (self.admin_url or self.issuer.replace("/realms/", "/admin/realms/")).rstrip("/")

    def grant(self) -> WebRequest:
        """Ask for a token of the service account."""
        return client_form(
            f"{self.issuer}{_OIDC}/token",
            {"grant_type": "client_credentials"},
            client_id=self.client_id,
            client_secret=self.client_secret,
            purpose="token of Keycloak's admin API",
        )

    def request(self, old: OldTokens, token: str) -> WebRequest:
        """The call with such a token."""
        if self.reach is Reach.USER:
            user = segment(old.subject, "NO_SUBJECT")
            return api_request("POST", f"{self.address}/users/{user}/logout", headers=(bearer(token),))
        session = segment(old.session_id, "NO_SESSION_ID")
        return api_request("DELETE", f"{self.address}/sessions/{session}", headers=(bearer(token),))

    def judge(self, response: WebResponse) -> Attempt:
        """A realm that is not there is 404 too; the text tells them apart (also in its odd spelling)."""
        return judge_call(
            response,
            gone=lambda said: (
                said.status == 404
                and text_of(said, "error").lower().endswith(("ssion not found", "user not found"))
            ),
        )

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """See `EndsSessions.end`."""
        self.request(old, "")  # what cannot be asked for costs no token
        return await with_service_token(
            errand, grant=self.grant(), call=lambda token: self.request(old, token), judge=self.judge
        )
