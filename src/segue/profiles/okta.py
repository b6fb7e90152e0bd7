"""Okta: access tokens of a custom authorization server, ID tokens of the org's own (developer.okta.com)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Unpack

from segue.migration.binding import ANY_PARTY
from segue.migration.claim_rules import (
    ClaimRules,
    Form,
    RefuseIf,
    Required,
    SubjectRule,
    TimeClaims,
    Unwanted,
)
from segue.migration.endings import OktaEnding, Revocation7009
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import CredentialKind, Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import host, text, texts

_DOMAIN = "acme.okta.com"
_CLIENT = "the client ID of your page"


def okta(
    *,
    domain: str,
    client_ids: Collection[str],
    authorization_server: str = "default",
    audience: str = "api://default",
    name: str = "okta",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of a custom authorization server; `segue.profiles.okta.OKTA` says what is checked."""
    server = text(authorization_server, name="authorization_server", example="default")
    issuer = f"https://{host(domain, name='domain', example=_DOMAIN)}/oauth2/{server}"
    return OKTA.provider(
        name=name,
        issuers=(issuer,),
        keys=LiveKeys(issuer=issuer, jwks_url=f"{issuer}/v1/keys"),
        audiences=frozenset({text(audience, name="audience", example="api://default")}),
        authorized_parties=texts(client_ids, name="client_ids", example=_CLIENT),
        policy=policy,
    )


def okta_org(
    *, domain: str, client_ids: Collection[str], name: str = "okta-org", **policy: Unpack[Policy]
) -> Provider:
    """Users of an Okta org, by their ID tokens; `segue.profiles.okta.OKTA_ORG` says what is checked."""
    issuer = f"https://{host(domain, name='domain', example=_DOMAIN)}"
    return OKTA_ORG.provider(
        name=name,
        issuers=(issuer,),
        keys=LiveKeys(issuer=issuer, jwks_url=f"{issuer}/oauth2/v1/keys"),
        audiences=texts(client_ids, name="client_ids", example=_CLIENT),
        authorized_parties=ANY_PARTY,
        policy=policy,
    )


_DOMAIN_VALUE = Value(name="domain", meaning="the domain in `iss`", example=_DOMAIN)
_CLIENTS_VALUE = Value(
    name="client_ids", meaning="the client IDs of your pages", example=("0oaclient1",), kind=ValueKind.TEXTS
)
_ENDING = (
    "`/v1/revoke` ends the grant of a token; `DELETE /api/v1/users/{id}/sessions?oauthTokens=true` everything"
)

OKTA = Profile(
    id="okta",
    title="Okta, custom authorization server",
    make=okta,
    values=(
        _DOMAIN_VALUE,
        _CLIENTS_VALUE,
        Value(
            name="authorization_server",
            meaning="its id, as in `iss`",
            example="default",
            required=False,
        ),
        Value(name="audience", meaning="its audience", example="api://default", required=False),
    ),
    presents="the access token",
    browser="`authClient.getAccessToken()`; `authClient.signOut()`",
    binds_by="`cid` is your page, and `aud` the server's audience",
    kind_test="`scp` is a list and `uid` is there: a machine has no user id",
    session="nothing names it; `auth_time` stands for it, else the token's `jti`",
    ending=_ENDING,
    ends_with=(
        OktaEnding,
        Revocation7009,
    ),
    rules=ClaimRules(
        required=(Required("scp", Form.LIST),),
        client_claims=("cid",),
        subject=SubjectRule(claims=("uid",)),
        times=TimeClaims(name_the_sign_in=True),
    ),
)
OKTA_ORG = Profile(
    id="okta-org",
    title="Okta, org authorization server",
    make=okta_org,
    values=(_DOMAIN_VALUE, _CLIENTS_VALUE),
    presents="the ID token: the org server's access token has no public keys and is nobody's to read",
    browser="`authClient.tokenManager.getTokens()`, then `idToken.idToken`; `authClient.signOut()`",
    binds_by="`aud` is your page's client ID",
    kind_test="no `scp` and no `cid`, which access tokens have",
    session="`sid`, else `auth_time`",
    ending=_ENDING,
    ends_with=(OktaEnding,),
    credential=CredentialKind.ID_TOKEN,
    rules=ClaimRules(
        refused=(
            RefuseIf(path="scp", because=Unwanted.OTHER_KIND),
            RefuseIf(path="cid", because=Unwanted.OTHER_KIND),
        ),
        times=TimeClaims(name_the_sign_in=True),
    ),
    session_claims=("sid",),
    unproven=("that ID tokens carry `sid`; without it `auth_time` stands for the sign-in",),
)
