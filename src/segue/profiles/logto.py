"""Logto: access tokens for API resources (docs.logto.io: validate access tokens, protect your API)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Unpack

from segue.migration.claim_rules import ClaimRules, Form, Required
from segue.migration.endings import Revocation7009
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import base_url, text, texts
from segue.tokens.algorithms import Algorithm


def logto(
    *, endpoint: str, api: str, client_ids: Collection[str], name: str = "logto", **policy: Unpack[Policy]
) -> Provider:
    """Users of a Logto tenant; `segue.profiles.logto.LOGTO` says what is checked."""
    issuer = f"{base_url(endpoint, name='endpoint', example='https://acme.logto.app')}/oidc"
    return LOGTO.provider(
        name=name,
        issuers=(issuer,),
        keys=LiveKeys(issuer=issuer, jwks_url=f"{issuer}/jwks"),
        audiences=frozenset({text(api, name="api", example="https://api.example.com")}),
        authorized_parties=texts(client_ids, name="client_ids", example="the app ID of your page"),
        policy=policy,
    )


LOGTO = Profile(
    id="logto",
    title="Logto",
    make=logto,
    values=(
        Value(
            name="endpoint",
            meaning="the tenant's endpoint, without `/oidc`",
            example="https://acme.logto.app",
        ),
        Value(
            name="api",
            meaning="the identifier of your API resource, or `urn:logto:organization:{id}`",
            example="https://api.example.com",
        ),
        Value(
            name="client_ids", meaning="the app IDs of your pages", example=("spa1app",), kind=ValueKind.TEXTS
        ),
    ),
    presents="the access token for your API resource. Without a resource it is opaque",
    browser="`await getAccessToken('https://api.example.com')`; `signOut(uri)`",
    binds_by="`aud` is your API resource, and `client_id` your page",
    kind_test="`client_id` and `scope` are there: an ID token has neither. A machine's `sub` is its `client_id`",
    session="nothing names it: the token's `jti`",
    names_sign_ins=False,
    ending="`/oidc/token/revocation` ends the grant of a refresh token",
    ends_with=(Revocation7009,),
    algorithms=frozenset({Algorithm.ES384, Algorithm.ES256, Algorithm.RS256}),
    token_types=frozenset({"at+jwt", "jwt"}),
    rules=ClaimRules(
        required=(Required("scope", Form.TEXT),),
        client_claims=("client_id",),
    ),
    unproven=(
        "that the header says `at+jwt`: `JWT` is taken as well",
        "that a new tenant signs ES384; ES256 and RS256 are taken as well",
        "the lifetime of access tokens",
    ),
)
