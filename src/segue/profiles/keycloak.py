"""Keycloak (keycloak.org: securing applications; TokenUtil for the kinds of tokens)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Unpack

from segue.migration.binding import ANY_AUDIENCE
from segue.migration.claim_rules import ClaimRules, OneOf, RefuseIf, Unwanted
from segue.migration.endings import KeycloakAdminEnding, KeycloakEnding, Revocation7009
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import base_url, text, texts
from segue.tokens.algorithms import Algorithm


def keycloak(
    *,
    server: str,
    realm: str,
    client_ids: Collection[str],
    audience: str | None = None,
    name: str = "keycloak",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of a realm; `segue.profiles.keycloak.KEYCLOAK` says what is checked."""
    address = base_url(server, name="server", example="https://sso.example.com (before 17 with /auth)")
    issuer = f"{address}/realms/{text(realm, name='realm', example='shop')}"
    return KEYCLOAK.provider(
        name=name,
        issuers=(issuer,),
        keys=LiveKeys(issuer=issuer, jwks_url=f"{issuer}/protocol/openid-connect/certs"),
        audiences=ANY_AUDIENCE
        if audience is None
        else frozenset({text(audience, name="audience", example="shop-api")}),
        authorized_parties=texts(client_ids, name="client_ids", example="the client of your page"),
        policy=policy,
    )


KEYCLOAK = Profile(
    id="keycloak",
    title="Keycloak",
    make=keycloak,
    values=(
        Value(
            name="server",
            meaning="what stands in `iss` before `/realms/`; before version 17 it ends with `/auth`",
            example="https://sso.example.com",
        ),
        Value(name="realm", meaning="the realm", example="shop"),
        Value(
            name="client_ids",
            meaning="the clients of your pages",
            example=("shop-web",),
            kind=ValueKind.TEXTS,
        ),
        Value(
            name="audience",
            meaning="what an audience mapper puts into `aud`, if you have one",
            example="shop-api",
            required=False,
        ),
    ),
    presents="the access token",
    browser="`await keycloak.updateToken(30)`, then `keycloak.token`; `keycloak.logout()`",
    binds_by="`azp` is your page's client: a client is not in its own token's `aud`",
    kind_test="the claim `typ` is `Bearer`: refresh, offline, ID and logout tokens have others",
    session="`sid`, or `session_state` before version 25",
    ending="the revocation and logout endpoints end this session; the admin API this one or all",
    ends_with=(
        KeycloakEnding,
        KeycloakAdminEnding,
        Revocation7009,
    ),
    algorithms=frozenset({Algorithm.RS256, Algorithm.PS256, Algorithm.ES256, Algorithm.EdDSA}),
    token_types=frozenset({"at+jwt", "jwt"}),
    rules=ClaimRules(
        one_of=(OneOf("typ", frozenset({"Bearer"})),),
        refused=(
            RefuseIf(
                path="preferred_username",
                because=Unwanted.MACHINE,
                pattern=re.compile("service-account-.*"),
            ),
        ),
    ),
    session_claims=("sid", "session_state"),
    unproven=("how long sessions last by default; set session_lifetime to your realm's SSO session max",),
    run_against="Keycloak 26.4.7",
)
