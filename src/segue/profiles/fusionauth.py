"""FusionAuth: access tokens (fusionauth.io/docs: tokens, access token claims)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Unpack

from msgspec.structs import replace

from segue.migration.binding import ANY_PARTY
from segue.migration.claim_rules import (
    ClaimRules,
    Form,
    OneOf,
    RefuseIf,
    Required,
    SubjectRule,
    TimeClaims,
    Unwanted,
)
from segue.migration.endings import FusionAuthEnding
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import GUID, base_url, text, texts
from segue.tokens.algorithms import Algorithm


def fusionauth(
    *,
    base: str,
    issuer: str,
    fusionauth_tenant: str,
    application_ids: Collection[str],
    name: str = "fusionauth",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of FusionAuth applications; `segue.profiles.fusionauth.FUSIONAUTH` says what is checked."""
    address = base_url(base, name="base", example="https://auth.example.com")
    own = text(issuer, name="issuer", example="acme.com (the tenant's setting)")
    tenant = text(fusionauth_tenant, name="fusionauth_tenant", example="the tenant's UUID", pattern=GUID)
    applications = texts(application_ids, name="application_ids", example="its UUID", pattern=GUID)
    one_of = (OneOf("tid", frozenset({tenant})), OneOf("applicationId", applications))
    return FUSIONAUTH.provider(
        name=name,
        issuers=(own,),
        keys=LiveKeys(issuer=own, jwks_url=f"{address}/.well-known/jwks.json"),
        audiences=applications,
        authorized_parties=ANY_PARTY,
        rules=replace(FUSIONAUTH.rules, one_of=one_of),
        policy=policy,
    )


FUSIONAUTH = Profile(
    id="fusionauth",
    title="FusionAuth",
    make=fusionauth,
    values=(
        Value(name="base", meaning="where FusionAuth is", example="https://auth.example.com"),
        Value(
            name="issuer", meaning="the tenant's issuer, exactly as it is set; any text", example="acme.com"
        ),
        Value(
            name="fusionauth_tenant",
            meaning="the tenant's id, `tid` in its tokens",
            example="11111111-2222-3333-4444-555555555555",
        ),
        Value(
            name="application_ids",
            meaning="the ids of your applications",
            example=("aaaaaaaa-2222-3333-4444-555555555555",),
            kind=ValueKind.TEXTS,
        ),
    ),
    presents="the access token. Under HS256 give the secret as `keys`, or switch the application to RS256 first",
    browser="the cookie `app.at` or your own storage; `/oauth2/logout?client_id=…`",
    binds_by="`aud` and `applicationId` are your application, and `tid` your tenant",
    kind_test="`applicationId` and `roles` are there, no `at_hash`; all else is as in ID tokens",
    session="`sid`, which is the refresh token's id and needs the scope offline_access; else `auth_time`",
    ending="`DELETE /api/jwt/refresh/{sid}` with an API key ends this session, `?userId=` all of them",
    ends_with=(FusionAuthEnding,),
    algorithms=frozenset({Algorithm.RS256, Algorithm.ES256}),
    rules=ClaimRules(
        required=(Required("roles", Form.LIST),),
        refused_headers=(
            RefuseIf(path="gty", because=Unwanted.MACHINE, values=frozenset({"client_credentials"})),
        ),
        subject=SubjectRule(claims=("sub",), pattern=GUID),
        times=TimeClaims(name_the_sign_in=True),
    ),
    session_claims=("sid",),
    unproven=(
        "that HS256 is the key of a new tenant",
        "the log-out address",
        "the lifetime of access tokens",
    ),
)
