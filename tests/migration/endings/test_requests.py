"""What each provider is sent: what its documentation or source asks for, and nothing that leads elsewhere."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from segue.migration.endings import FusionAuthEnding
from segue.migration.endings.model import CannotBeEnded
from segue.migration.urls import parse_url
from segue.migration.web import WebRequest, WebResponse
from segue.tokens.jws import parse_jws
from tests.migration.endings.scene import (
    GRANTED,
    WITH_SERVICE_TOKEN,
    Provider,
    ended,
    endings,
    old,
)
from tests.migration.issuer import NOW

OK = WebResponse(status=200, body=b'{"status":"OK"}')
TWICE = {"better_auth", "hydra, user"}
"""They ask twice."""

SENT: dict[str, list[object]] = {
    "auth0": ["POST https://acme.eu.auth0.com/api/v2/sessions/sess_1/revoke", None],
    "auth0, user": ["POST https://acme.eu.auth0.com/api/v2/users/alice-1/revoke-access", {}],
    "better_auth": [
        "GET https://app.example/api/auth/get-session?disableCookieCache=true&disableRefresh=true",
        None,
    ],
    "clerk": ["POST https://api.clerk.com/v1/sessions/sess_1/revoke", None],
    "cognito": [
        "POST https://cognito-idp.eu-central-1.amazonaws.com/",
        {"Token": "canary-refresh-token", "ClientId": "page", "ClientSecret": "canary-secret"},
    ],
    "cognito, user": ["POST https://cognito-idp.eu-central-1.amazonaws.com/", {"AccessToken": "…"}],
    "descope": ["POST https://api.descope.com/v1/auth/logout", {}],
    "descope, user": ["POST https://api.descope.com/v1/mgmt/user/logout", {"userId": "alice-1"}],
    "entra": ["POST https://graph.microsoft.com/v1.0/users/oid-1/revokeSignInSessions", None],
    "firebase": [
        "POST https://identitytoolkit.googleapis.com/v1/projects/shop-1/accounts:update",
        {"localId": "alice-1", "validSince": str(int(NOW.timestamp()))},
    ],
    "fusionauth": ["DELETE https://fusion.example/api/jwt/refresh/sess_1", None],
    "fusionauth, user": ["DELETE https://fusion.example/api/jwt/refresh?userId=alice-1", None],
    "hydra": ["DELETE https://hydra.example/admin/oauth2/auth/sessions/login?sid=sess_1", None],
    "hydra, user": [
        "DELETE https://hydra.example/admin/oauth2/auth/sessions/login?subject=alice-1",
        None,
    ],
    "keycloak_admin": ["DELETE https://kc.example/admin/realms/shop/sessions/sess_1", None],
    "keycloak_admin, user": ["POST https://kc.example/admin/realms/shop/users/alice-1/logout", None],
    "kratos": ["DELETE https://kratos.example/admin/sessions/sess_1", None],
    "kratos, user": ["DELETE https://kratos.example/admin/identities/alice-1/sessions", None],
    "okta": ["DELETE https://acme.okta.com/api/v1/sessions/sess_1", None],
    "okta, user": ["DELETE https://acme.okta.com/api/v1/users/alice-1/sessions?oauthTokens=true", None],
    "propelauth": ["POST https://propelauth-api.com/api/backend/v1/user/alice-1/logout_all_sessions", None],
    "stytch": ["POST https://api.stytch.com/v1/sessions/revoke", {"session_id": "sess_1"}],
    "stytch, b2b": ["POST https://api.stytch.com/v1/b2b/sessions/revoke", {"member_session_id": "sess_1"}],
    "supabase": ["POST https://ref.supabase.co/auth/v1/logout?scope=local", None],
    "supabase, user": ["POST https://ref.supabase.co/auth/v1/logout?scope=global", None],
    "supertokens": ["POST https://core.example/recipe/session/remove", {"sessionHandles": ["sess_1"]}],
    "workos": ["POST https://api.workos.com/user_management/sessions/revoke", {"session_id": "sess_1"}],
}
"""The last request of each; a token of the user's own stands as `…`."""

PROOF = {
    "auth0": ("authorization", "Bearer canary-service-token"),
    "auth0, user": ("authorization", "Bearer canary-service-token"),
    "better_auth": ("origin", "https://app.example"),
    "clerk": ("authorization", "Bearer canary-secret"),
    "cognito": ("x-amz-target", "AWSCognitoIdentityProviderService.RevokeToken"),
    "cognito, user": ("x-amz-target", "AWSCognitoIdentityProviderService.GlobalSignOut"),
    "descope": ("authorization", "Bearer P1:canary-refresh-token"),
    "descope, user": ("authorization", "Bearer P1:canary-secret"),
    "entra": ("authorization", "Bearer canary-service-token"),
    "firebase": ("authorization", "Bearer canary-service-token"),
    "fusionauth": ("authorization", "canary-secret"),
    "fusionauth, user": ("x-fusionauth-tenantid", "t-1"),
    "hydra": None,
    "hydra, user": ("authorization", "Bearer canary-secret"),
    "keycloak_admin": ("authorization", "Bearer canary-service-token"),
    "keycloak_admin, user": ("authorization", "Bearer canary-service-token"),
    "kratos": None,
    "kratos, user": ("authorization", "Bearer canary-secret"),
    "okta": ("authorization", "SSWS canary-secret"),
    "okta, user": ("authorization", "Bearer canary-service-token"),
    "propelauth": ("x-propelauth-url", "auth.app.example"),
    "stytch": ("authorization", "Basic cHJvamVjdC0xOmNhbmFyeS1zZWNyZXQ="),
    "stytch, b2b": ("authorization", "Basic cHJvamVjdC0xOmNhbmFyeS1zZWNyZXQ="),
    "supabase": ("apikey", "canary-secret"),
    "supabase, user": ("authorization", "Bearer …"),
    "supertokens": ("api-key", "canary-secret"),
    "workos": ("authorization", "Bearer canary-secret"),
}
"""A header by which each is allowed to."""


def asked(name: str) -> list[WebRequest]:
    """Everything that an ending asks for when all goes well."""
    granted = [GRANTED] if name in WITH_SERVICE_TOKEN else []
    provider = Provider(*granted, *[OK] * (2 if name in TWICE else 1))
    ended(endings()[name], provider)
    assert provider.done
    return provider.seen


@pytest.mark.parametrize("name", SENT)
def test_request(name: str) -> None:
    """Method, address and body are those of the provider's documentation."""
    request, own = asked(name)[-1], old().access_token
    body = None if request.body is None else json.loads(request.body.decode().replace(own, "…"))
    assert [f"{request.method} {request.url}", body] == SENT[name]


@pytest.mark.parametrize("name", PROOF)
def test_proof(name: str) -> None:
    """What allows the request stands in a header, never in the address."""
    request, expected = asked(name)[-1], PROOF[name]
    headers = [(key, value.replace(old().access_token, "…")) for key, value in request.headers]
    assert expected in headers if expected else "authorization" not in dict(headers)
    assert "canary" not in request.url


def test_every_ending_is_here() -> None:
    """An ending that is added gets its exchange."""
    assert set(SENT) == set(PROOF) == set(endings()) - {"rfc7009", "keycloak"}


def test_keycloak_logs_out_with_the_refresh_token() -> None:
    """A public client names itself in the form, beside the token."""
    provider = Provider(WebResponse(status=204))
    ended(endings()["keycloak"], provider)
    (request,) = provider.seen
    assert request.url == "https://kc.example/realms/shop/protocol/openid-connect/logout"
    form = parse_qs((request.body or b"").decode())
    assert form == {"refresh_token": ["canary-refresh-token"], "client_id": ["page"]}


@pytest.mark.parametrize(
    ("name", "url", "audience"),
    [
        ("firebase", "https://oauth2.googleapis.com/token", "https://oauth2.googleapis.com/token"),
        ("okta, user", "https://acme.okta.com/oauth2/v1/token", "https://acme.okta.com/oauth2/v1/token"),
    ],
)
def test_assertion(name: str, url: str, audience: str) -> None:
    """A service account proves itself with a short assertion, addressed to the token endpoint alone (RFC 7523)."""
    grant, _ = asked(name)
    form = parse_qs((grant.body or b"").decode())
    claims = parse_jws(form.get("assertion", form.get("client_assertion", [""]))[0]).claims
    assert grant.url == url
    assert (claims["aud"], claims["iat"]) == (audience, int(NOW.timestamp()))
    assert 0 < int(str(claims["exp"])) - int(NOW.timestamp()) <= 600


@pytest.mark.parametrize("name", sorted(WITH_SERVICE_TOKEN - {"firebase", "okta, user"}))
def test_client_credentials(name: str) -> None:
    """A client proves itself with its secret, in the body or a header and never in the address (RFC 6749 §4.4)."""
    grant, _ = asked(name)
    assert grant.method == "POST"
    assert "canary" not in grant.url
    assert "client_credentials" in (grant.body or b"").decode()


IN_PATHS = ["auth0", "clerk", "fusionauth", "keycloak_admin", "kratos", "okta"]
USERS_IN_PATHS = [
    "auth0, user",
    "fusionauth, user",
    "keycloak_admin, user",
    "kratos, user",
    "okta, user",
    "propelauth",
]


@pytest.mark.parametrize("name", IN_PATHS + USERS_IN_PATHS)
@pytest.mark.parametrize("odd", ["..", ".", "a/b", "a%2fb", "a\\b", "a\r\nx: y", "ü", " ", "x" * 513])
def test_id_that_would_lead_elsewhere(name: str, odd: str) -> None:
    """An id that a server could read as a path, a header or another id is not sent at all."""
    provider = Provider()
    with pytest.raises(CannotBeEnded) as refused:
        ended(endings()[name], provider, of=old(session_id=odd, subject=odd))
    assert refused.value.code == "ID_NOT_USABLE"
    assert provider.seen == []


@pytest.mark.parametrize("name", IN_PATHS + USERS_IN_PATHS)
def test_id_with_signs(name: str) -> None:
    """Signs that mean something in an address are escaped, and stay in their segment."""
    odd = "auth0|a?b#c;d&e=f@g"
    provider = Provider(*[GRANTED] * (name in WITH_SERVICE_TOKEN), OK)
    ended(endings()[name], provider, of=old(session_id=odd, subject=odd))
    target = parse_url(provider.seen[-1].url).target
    assert "auth0%7Ca%3Fb%23c%3Bd%26e%3Df%40g" in target
    assert target.count("?") == provider.seen[-1].url.count("?") <= 1


def test_session_id_in_a_query() -> None:
    """Hydra takes ids in a query, where they cannot add a parameter."""
    provider = Provider(OK)
    ended(endings()["hydra"], provider, of=old(session_id="a&subject=b/../c"))
    assert provider.seen[0].url.endswith("/login?sid=a%26subject%3Db%2F..%2Fc")


@pytest.mark.parametrize(
    ("name", "lacking", "code"),
    [
        ("auth0", {"session_id": None}, "NO_SESSION_ID"),
        ("auth0, user", {"subject": None}, "NO_SUBJECT"),
        ("better_auth", {"record_key": None}, "NO_RECORD_KEY"),
        ("better_auth", {"record_key": "a\nb: c"}, "OLD_TOKEN_NOT_USABLE"),
        ("clerk", {"session_id": None}, "NO_SESSION_ID"),
        ("cognito", {"refresh_token": None}, "NO_REFRESH_TOKEN"),
        ("cognito, user", {"access_token": ""}, "NO_TOKEN"),
        ("descope", {"refresh_token": None}, "NO_REFRESH_TOKEN"),
        ("descope", {"refresh_token": "a\nb: c"}, "OLD_TOKEN_NOT_USABLE"),
        ("descope, user", {"subject": None}, "NO_SUBJECT"),
        ("entra", {"access_token": "opaque"}, "NO_OBJECT_ID"),
        ("firebase", {"subject": ""}, "NO_SUBJECT"),
        ("fusionauth", {"session_id": None, "refresh_token": None}, "NO_SESSION_ID"),
        ("hydra", {"session_id": None}, "NO_SESSION_ID"),
        ("hydra, user", {"subject": None}, "NO_SUBJECT"),
        ("keycloak", {"refresh_token": None}, "NO_REFRESH_TOKEN"),
        ("keycloak_admin", {"session_id": None}, "NO_SESSION_ID"),
        ("kratos", {"session_id": None}, "NO_SESSION_ID"),
        ("okta", {"session_id": None}, "NO_SESSION_ID"),
        ("okta, user", {"subject": None}, "NO_SUBJECT"),
        ("propelauth", {"subject": None}, "NO_SUBJECT"),
        ("stytch", {"session_id": None}, "NO_SESSION_ID"),
        ("supabase", {"session_id": None}, "NO_SESSION_ID"),
        ("supabase", {"access_token": "a b"}, "OLD_TOKEN_NOT_USABLE"),
        ("supertokens", {"session_id": None}, "NO_SESSION_ID"),
        ("workos", {"session_id": None}, "NO_SESSION_ID"),
        ("rfc7009", {"refresh_token": None, "access_token": ""}, "NO_TOKEN"),
    ],
)
def test_what_is_not_there(name: str, lacking: dict[str, str | None], code: str) -> None:
    """Without what it needs an ending asks nobody, and says what was missing."""
    provider = Provider()
    with pytest.raises(CannotBeEnded) as refused:
        ended(endings()[name], provider, of=old(**lacking))
    assert (refused.value.code, provider.seen) == (code, [])


def test_fusionauth_without_a_session_id() -> None:
    """The refresh token itself is sent in a body, never in the address, although the API would take it there."""
    provider = Provider(OK)
    ended(FusionAuthEnding(url="https://f.example", api_key="k"), provider, of=old(session_id=None))
    (request,) = provider.seen
    assert request.url == "https://f.example/api/jwt/refresh"
    assert json.loads(request.body or b"") == {"token": "canary-refresh-token"}


@pytest.mark.parametrize("name", endings())
def test_t22_secrets_do_not_show(name: str) -> None:
    """Neither the ending nor its requests show a key, a token or an id of a person (T22)."""
    provider = Provider(*[GRANTED] * (name in WITH_SERVICE_TOKEN), *[OK] * 2)
    ended(endings()[name], provider)
    shown = repr((endings()[name], provider.seen, old(), [request.purpose for request in provider.seen]))
    assert not any(canary in shown for canary in ("canary", "PRIVATE KEY", old().access_token))
