"""Amazon Cognito user pools, emulated: spoken to over their JSON protocol, as an administrator and as a page do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2

from tests.old_providers.site import Held

PASSWORD = "Correct-Horse-1"
_SCOPE = "test/20300101/us-east-1/cognito-idp/aws4_request"
_SIGNED = f"AWS4-HMAC-SHA256 Credential={_SCOPE}, SignedHeaders=host, Signature=0"
"""An administrator's signature, which emulators do not check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A user pool with the clients `web` and `other` and a few people."""

    origin: str
    pool_id: str
    clients: dict[str, str]
    """Ids by name."""
    users: dict[str, str]
    """The value of `sub` by name."""

    def authenticate(self, user: str, *, client: str = "web") -> dict[str, str]:
        """What a page gets by name and password."""
        parameters = {"USERNAME": f"{user}@old.test", "PASSWORD": PASSWORD}
        words = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        answer = call(self.origin, "InitiateAuth", ClientId=self.clients[client], **words)
        return dict(answer.json()["AuthenticationResult"])

    def sign_in(self, user: str, *, client: str = "web") -> Held:
        """The page holds the access token, and the refresh token."""
        given = self.authenticate(user, client=client)
        return Held(bearer=given["AccessToken"], refresh=given["RefreshToken"])

    def accepts(self, held: Held) -> bool:
        """Whether it lets the user see his own attributes."""
        return call(self.origin, "GetUser", AccessToken=held.bearer).status_code == 200

    def renews(self, held: Held) -> bool:
        """Whether the sign-in goes on: whether its refresh token buys another access token."""
        words = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": held.refresh}}
        answer = call(self.origin, "InitiateAuth", ClientId=self.clients["web"], **words)
        return answer.status_code == 200

    def sign_out(self, held: Held) -> None:
        """Everywhere, as its page would."""
        call(self.origin, "GlobalSignOut", AccessToken=held.bearer).raise_for_status()


def call(origin: str, action: str, **words: object) -> httpx2.Response:
    """One call; the action stands in a header."""
    headers = {
        "x-amz-target": f"AWSCognitoIdentityProviderService.{action}",
        "content-type": "application/x-amz-json-1.1",
        "authorization": _SIGNED,
    }
    return httpx2.post(f"{origin}/", json=words, headers=headers, timeout=30)


def made(origin: str, *names: str) -> Pool:
    """Make a pool with these people in it, as its administrator does."""

    def told(action: str, **words: object) -> Any:
        return call(origin, action, **words).raise_for_status().json()

    pool_id = told("CreateUserPool", PoolName="old", UsernameAttributes=["email"])["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    clients = {
        name: str(
            told("CreateUserPoolClient", UserPoolId=pool_id, ClientName=name, ExplicitAuthFlows=flows)[
                "UserPoolClient"
            ]["ClientId"]
        )
        for name in ("web", "other")
    }
    users: dict[str, str] = {}
    for name in names:
        address = f"{name}@old.test"
        mail = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]
        user = told(
            "AdminCreateUser",
            UserPoolId=pool_id,
            Username=address,
            MessageAction="SUPPRESS",
            UserAttributes=mail,
        )["User"]
        password = {"Password": PASSWORD, "Permanent": True}
        call(
            origin, "AdminSetUserPassword", UserPoolId=pool_id, Username=user["Username"], **password
        ).raise_for_status()
        users[name] = next(str(each["Value"]) for each in user["Attributes"] if each["Name"] == "sub")
    return Pool(origin=origin, pool_id=pool_id, clients=clients, users=users)
