"""Auth0: access tokens for your own API (auth0.com/docs: access token profiles, validate access tokens)."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Unpack

from segue.migration.claim_rules import ClaimRules, Form, RefuseIf, Required, Unwanted
from segue.migration.endings import Auth0Ending, Revocation7009
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import host, text, texts
from segue.tokens.algorithms import Algorithm


def auth0(
    *,
    domain: str,
    api: str,
    client_ids: Collection[str],
    other_domains: Collection[str] = (),
    session_claim: str | None = None,
    name: str = "auth0",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of an Auth0 tenant; `segue.profiles.auth0.AUTH0` says what is checked."""
    domains = (
        domain,
        *(texts(other_domains, name="other_domains", example="login.example.com") if other_domains else ()),
    )
    issuers = tuple(f"https://{host(each, name='domain', example='acme.eu.auth0.com')}/" for each in domains)
    return AUTH0.provider(
        name=name,
        issuers=issuers,
        keys=LiveKeys(issuer=issuers[0], jwks_url=f"{issuers[0]}.well-known/jwks.json"),
        audiences=frozenset({text(api, name="api", example="https://api.example.com")}),
        authorized_parties=texts(client_ids, name="client_ids", example="the client ID of your page"),
        session_claims=None
        if session_claim is None
        else (text(session_claim, name="session_claim", example="https://example.com/session"),),
        policy=policy,
    )


AUTH0 = Profile(
    id="auth0",
    title="Auth0",
    make=auth0,
    values=(
        Value(
            name="domain",
            meaning="the domain in `iss`: your custom one if you have one",
            example="acme.eu.auth0.com",
        ),
        Value(name="api", meaning="the identifier of your API", example="https://api.example.com"),
        Value(
            name="client_ids",
            meaning="the client IDs of your pages",
            example=("spa-client",),
            kind=ValueKind.TEXTS,
        ),
        Value(
            name="other_domains",
            meaning="further domains of the same tenant, as after a change to a custom one",
            example=("login.example.com",),
            kind=ValueKind.TEXTS,
            required=False,
        ),
        Value(
            name="session_claim",
            meaning="the claim in which an Action of yours puts the session id",
            example="https://example.com/session",
            required=False,
        ),
    ),
    presents="an access token for your own API. Without `audience` it is opaque, and for `/userinfo` alone",
    browser="`getTokenSilently({authorizationParams: {audience}})`; `logout({logoutParams})`",
    binds_by="`aud` has your API's identifier, and `azp` (or `client_id`) is your page",
    kind_test="`typ` is JWT or at+jwt, and there is a `scope`: an ID token has none",
    session="nothing names it in an access token, unless an Action does: the token's `jti`, else the token itself",
    names_sign_ins=False,
    ending="the Management API ends the session or all of the user's; `/oauth/revoke` a refresh token",
    ends_with=(
        Auth0Ending,
        Revocation7009,
    ),
    algorithms=frozenset({Algorithm.RS256, Algorithm.PS256}),
    token_types=frozenset({"at+jwt", "jwt"}),
    rules=ClaimRules(
        required=(Required("scope", Form.TEXT),),
        refused=(
            RefuseIf(path="sub", because=Unwanted.MACHINE, pattern=re.compile(".*@clients")),
            RefuseIf(path="sub_profile", because=Unwanted.MACHINE, other_than=frozenset({"user"})),
            RefuseIf(path="act", because=Unwanted.IMPERSONATED),
        ),
    ),
    maximum_age=timedelta(hours=24),
    unproven=("that an Action can put the session id into an access token",),
)
