"""
Microsoft Entra ID and Azure AD B2C (learn.microsoft.com: access token claims reference; B2C tokens overview).

The signing keys serve every directory there is: the issuer names the directory, and the token's `tid` has to agree.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Unpack

from msgspec.structs import replace

from segue.errors import ConfigurationError
from segue.migration.claim_rules import (
    ClaimRules,
    Form,
    IssuerTie,
    OneOf,
    RefuseIf,
    Required,
    SubjectRule,
    TimeClaims,
    Unwanted,
)
from segue.migration.endings import EntraEnding
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import GUID, choice, text, texts

_GRAPH = frozenset(
    {
        "00000003-0000-0000-c000-000000000000",
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/",
        "00000002-0000-0000-c000-000000000000",
        "https://graph.windows.net",
    }
)
"""Their access tokens are Microsoft's own affair: not to be verified by anybody else."""
_SAMPLE = "11111111-2222-3333-4444-555555555555"


def entra(
    *,
    directory_ids: Collection[str],
    api: Collection[str],
    client_ids: Collection[str],
    name: str = "entra",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of one or several directories; `segue.profiles.entra.ENTRA` says what is checked."""
    directories = sorted(texts(directory_ids, name="directory_ids", example=_SAMPLE, pattern=GUID))
    audiences = texts(api, name="api", example="the application (client) ID of your API")
    if audiences & _GRAPH:
        raise ConfigurationError(
            "api names Microsoft Graph, whose tokens nobody else may verify: let the page ask for a scope of your own "
            "API, such as api://{id}/access, and name its application ID"
        )
    ties = [tie for directory in directories for tie in _ties(directory)]
    issuers = tuple(dict.fromkeys(tie.issuer for tie in ties))
    keys = f"https://login.microsoftonline.com/{directories[0]}/discovery/v2.0/keys"
    return ENTRA.provider(
        name=name,
        issuers=issuers,
        keys=LiveKeys(issuer=issuers[0], jwks_url=keys),
        audiences=audiences,
        authorized_parties=texts(client_ids, name="client_ids", example=_SAMPLE),
        rules=replace(ENTRA.rules, issuer_ties=tuple(ties)),
        policy=policy,
    )


def _ties(directory: str) -> tuple[IssuerTie, ...]:
    """Both versions of a directory's issuer: which one a token has is chosen by the API's registration."""
    second = f"https://login.microsoftonline.com/{directory}/v2.0"
    first = f"https://sts.windows.net/{directory}/"
    return (
        IssuerTie(issuer=second, path="tid", value=directory),
        IssuerTie(issuer=second, path="ver", value="2.0"),
        IssuerTie(issuer=first, path="tid", value=directory),
        IssuerTie(issuer=first, path="ver", value="1.0"),
    )


def b2c(
    *,
    tenant_name: str,
    directory_id: str,
    user_flow: str,
    application_id: str,
    client_ids: Collection[str],
    policy_claim: str = "tfp",
    name: str = "b2c",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of one user flow of Azure AD B2C; `segue.profiles.entra.B2C` says what is checked."""
    tenant = text(tenant_name, name="tenant_name", example="acme", pattern=re.compile("[a-z0-9-]+"))
    directory = text(directory_id, name="directory_id", example=_SAMPLE, pattern=GUID)
    flow = text(user_flow, name="user_flow", example="B2C_1_signin", pattern=re.compile("[A-Za-z0-9_-]+"))
    claim = choice(policy_claim, name="policy_claim", among=("tfp", "acr"))
    issuer = f"https://{tenant}.b2clogin.com/{directory}/v2.0/"
    keys = f"https://{tenant}.b2clogin.com/{tenant}.onmicrosoft.com/{flow}/discovery/v2.0/keys"
    return B2C.provider(
        name=name,
        issuers=(issuer, f"https://{tenant}.b2clogin.com/tfp/{directory}/{flow.lower()}/v2.0/"),
        keys=LiveKeys(issuer=issuer, jwks_url=keys),
        audiences=frozenset({text(application_id, name="application_id", example=_SAMPLE, pattern=GUID)}),
        authorized_parties=texts(client_ids, name="client_ids", example=_SAMPLE, pattern=GUID),
        rules=replace(B2C.rules, one_of=(OneOf(claim, frozenset({flow, flow.lower()})),)),
        policy=policy,
    )


ENTRA = Profile(
    id="entra",
    title="Microsoft Entra ID",
    make=entra,
    values=(
        Value(
            name="directory_ids",
            meaning="the directory (tenant) IDs whose users may come, in lower case",
            example=(_SAMPLE,),
            kind=ValueKind.TEXTS,
        ),
        Value(
            name="api",
            meaning="your API in `aud`: its application (client) ID, with version 1 tokens also its URI",
            example=("aaaaaaaa-2222-3333-4444-555555555555",),
            kind=ValueKind.TEXTS,
        ),
        Value(
            name="client_ids",
            meaning="the application (client) IDs of your pages",
            example=("bbbbbbbb-2222-3333-4444-555555555555",),
            kind=ValueKind.TEXTS,
        ),
    ),
    presents="an access token for your own API; never one for Microsoft Graph",
    browser='`acquireTokenSilent({scopes: ["api://{id}/access"]})`, then `accessToken`; `logoutRedirect()`',
    binds_by="`aud` is your API, and `azp` (version 2) or `appid` (version 1) your page",
    kind_test="`scp` is there, which only users' tokens have; `ver` fits the issuer",
    session="`sid` where it is configured as an optional claim, else the token itself",
    names_sign_ins=False,
    ending="Graph's `revokeSignInSessions` ends all of the user's refresh tokens and browser sessions",
    ends_with=(EntraEnding,),
    rules=ClaimRules(
        required=(Required("scp", Form.TEXT),),
        refused=(RefuseIf(path="idtyp", because=Unwanted.MACHINE, other_than=frozenset({"user"})),),
        client_claims=("azp", "appid"),
        subject=SubjectRule(claims=("oid",), scope=("tid",), pattern=GUID),
    ),
    session_claims=("sid",),
    maximum_age=timedelta(hours=2),
    unproven=("that the optional claim `sid` is in access tokens", "the value of `idtyp` in users' tokens"),
)
B2C = Profile(
    id="b2c",
    title="Azure AD B2C",
    make=b2c,
    values=(
        Value(name="tenant_name", meaning="the name before `.b2clogin.com`", example="acme"),
        Value(name="directory_id", meaning="the directory (tenant) ID", example=_SAMPLE),
        Value(name="user_flow", meaning="the user flow or custom policy", example="B2C_1_signin"),
        Value(
            name="application_id",
            meaning="your API's application ID, in `aud`",
            example="aaaaaaaa-2222-3333-4444-555555555555",
        ),
        Value(
            name="client_ids",
            meaning="the application IDs of your pages",
            example=("bbbbbbbb-2222-3333-4444-555555555555",),
            kind=ValueKind.TEXTS,
        ),
        Value(
            name="policy_claim",
            meaning="the claim that names the policy: `tfp`, or `acr` with older settings",
            example="tfp",
            required=False,
        ),
    ),
    presents="the access token of a user flow for your own API",
    browser='`acquireTokenSilent({scopes: ["https://{tenant}.onmicrosoft.com/api/access"]})`; `logoutRedirect()`',
    binds_by="`aud` is your API's application ID, and `azp` your page",
    kind_test="`scp` is there, and `tfp` (or `acr`) is your user flow",
    session="nothing names it; `auth_time` stands for it",
    ending="Graph's `revokeSignInSessions` ends all of the user's",
    rules=ClaimRules(
        required=(Required("scp", Form.TEXT),),
        one_of=(OneOf("tfp", frozenset({"B2C_1_signin"})),),
        subject=SubjectRule(claims=("sub",), pattern=GUID),
        times=TimeClaims(name_the_sign_in=True),
    ),
    unproven=("that `tfp` keeps the case in which the user flow is written; both cases are taken",),
)
