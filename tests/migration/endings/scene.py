"""One old session and every ending that speaks HTTP, as an application would configure them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from segue.flow import Ask, drive
from segue.migration.cookies.better_auth import BetterAuth
from segue.migration.cookies.better_auth_api import BetterAuthRoutes
from segue.migration.endings import (
    Auth0Ending,
    BetterAuthEnding,
    ClerkEnding,
    CognitoEnding,
    DescopeEnding,
    Ending,
    EntraEnding,
    FirebaseEnding,
    FusionAuthEnding,
    HydraEnding,
    KeycloakAdminEnding,
    KeycloakEnding,
    KratosEnding,
    OktaEnding,
    OldTokens,
    PropelAuthEnding,
    Reach,
    Revocation7009,
    StytchEnding,
    SupabaseEnding,
    SupertokensEnding,
    WorkosEnding,
)
from segue.migration.endings.model import Attempt, Errand
from segue.migration.endings.service_tokens import ServiceTokens
from segue.migration.web import WebRequest, WebResponse
from tests.migration.issuer import NOW, token

SECRET = "canary-secret"
REFRESH = "canary-refresh-token"


@cache
def private_key() -> str:
    """A service account's key, new in each run."""
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def _access_token() -> str:
    return token(oid="oid-1")


def old(**changes: Any) -> OldTokens:
    """What the outbox keeps of alice's old session."""
    known: dict[str, Any] = {
        "access_token": _access_token(),
        "refresh_token": REFRESH,
        "subject": "alice-1",
        "session_id": "sess_1",
        "record_key": "canary-row-1",
        "expires_at": NOW + timedelta(minutes=9),
    }
    return OldTokens(**{**known, **changes})


@cache
def endings() -> Mapping[str, Ending]:
    """Each of them, by what it is and how far it reaches."""
    return {
        "rfc7009": Revocation7009(url="https://old.example/revoke", client_id="page", client_secret=SECRET),
        "auth0": Auth0Ending(domain="acme.eu.auth0.com", client_id="m2m", client_secret=SECRET),
        "auth0, user": Auth0Ending(
            domain="acme.eu.auth0.com", client_id="m2m", client_secret=SECRET, reach=Reach.USER
        ),
        "better_auth": BetterAuthEnding(
            routes=BetterAuthRoutes(
                format=BetterAuth(secrets=("a-canary-secret-0123456789-0123456789",)),
                url="https://app.example/api/auth",
            )
        ),
        "clerk": ClerkEnding(secret_key=SECRET),
        "cognito": CognitoEnding(region="eu-central-1", client_id="page", client_secret=SECRET),
        "cognito, user": CognitoEnding(region="eu-central-1", client_id="page", reach=Reach.USER),
        "descope": DescopeEnding(project_id="P1"),
        "descope, user": DescopeEnding(project_id="P1", management_key=SECRET, reach=Reach.USER),
        "entra": EntraEnding(tenant="tenant-1", client_id="app", client_secret=SECRET, reach=Reach.USER),
        "firebase": FirebaseEnding(
            project_id="shop-1",
            client_email="robot@shop-1.iam.example",
            private_key=private_key(),
            reach=Reach.USER,
        ),
        "fusionauth": FusionAuthEnding(url="https://fusion.example", api_key=SECRET),
        "fusionauth, user": FusionAuthEnding(
            url="https://fusion.example", api_key=SECRET, tenant_id="t-1", reach=Reach.USER
        ),
        "hydra": HydraEnding(admin_url="https://hydra.example"),
        "hydra, user": HydraEnding(admin_url="https://hydra.example", api_key=SECRET, reach=Reach.USER),
        "keycloak": KeycloakEnding(issuer="https://kc.example/realms/shop", client_id="page"),
        "keycloak_admin": KeycloakAdminEnding(
            issuer="https://kc.example/realms/shop", client_id="robot", client_secret=SECRET
        ),
        "keycloak_admin, user": KeycloakAdminEnding(
            issuer="https://kc.example/realms/shop", client_id="robot", client_secret=SECRET, reach=Reach.USER
        ),
        "kratos": KratosEnding(admin_url="https://kratos.example/"),
        "kratos, user": KratosEnding(admin_url="https://kratos.example", api_key=SECRET, reach=Reach.USER),
        "okta": OktaEnding(domain="acme.okta.com", api_token=SECRET),
        "okta, user": OktaEnding(
            domain="acme.okta.com",
            client_id="app",
            private_key=private_key(),
            key_id="k1",
            reach=Reach.USER,
        ),
        "propelauth": PropelAuthEnding(domain="auth.app.example", api_key=SECRET, reach=Reach.USER),
        "stytch": StytchEnding(project_id="project-1", secret=SECRET),
        "stytch, b2b": StytchEnding(project_id="project-1", secret=SECRET, b2b=True),
        "supabase": SupabaseEnding(url="https://ref.supabase.co/auth/v1", api_key=SECRET),
        "supabase, user": SupabaseEnding(url="https://ref.supabase.co/auth/v1", reach=Reach.USER),
        "supertokens": SupertokensEnding(url="https://core.example", api_key=SECRET),
        "workos": WorkosEnding(api_key=SECRET),
    }


WITH_SERVICE_TOKEN = frozenset(
    {"auth0", "auth0, user", "entra", "firebase", "keycloak_admin", "keycloak_admin, user", "okta, user"}
)
"""They fetch a token to speak with first."""


def errand(*, minutes: int = 0, tokens: ServiceTokens | None = None) -> Errand:
    """A delivery of the provider `old`, so many minutes later."""
    return Errand(
        provider="old", now=NOW + timedelta(minutes=minutes), service_tokens=tokens or ServiceTokens()
    )


GRANTED = WebResponse(
    status=200, body=b'{"access_token":"canary-service-token","token_type":"Bearer","expires_in":86400}'
)


class Provider:
    """A provider that answers in a fixed order; an exception is raised instead."""

    def __init__(self, *answers: WebResponse | Exception) -> None:
        self._answers = list(answers)
        self.seen: list[WebRequest] = []

    def perform(self, step: Ask[Any]) -> Any:
        """Answer one ask, which has to be of the web."""
        if step.port != "Web":
            raise LookupError(step.port)
        (request,) = step.args
        self.seen.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def done(self) -> bool:
        """Every answer was asked for."""
        return not self._answers


def ended(
    ending: Ending, provider: Provider, *, of: OldTokens | None = None, on: Errand | None = None
) -> Attempt:
    """What an ending comes to at this provider."""
    return drive(ending.end(of or old(), on or errand()), provider.perform)
