"""Amazon Cognito user pools (AWS: verifying a JSON web token; aws-jwt-verify for the second form of the issuer)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Unpack

from msgspec.structs import replace

from segue.errors import ConfigurationError
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.claim_rules import ClaimRules, OneOf, SubjectRule
from segue.migration.endings import CognitoEnding
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import CredentialKind, Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import GUID, choice, text, texts

_REGION = re.compile("[a-z]{2}(-[a-z]+)+-[0-9]")


def cognito(
    *,
    region: str,
    user_pool_id: str,
    client_ids: Collection[str],
    token: str = "access",  # noqa: S107 - the name of a kind
    name: str = "cognito",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of a user pool; `segue.profiles.cognito.COGNITO` says what is checked."""
    text(region, name="region", example="eu-central-1", pattern=_REGION)
    text(user_pool_id, name="user_pool_id", example="eu-central-1_AbCdEfGhI")
    if not user_pool_id.startswith(f"{region}_"):
        raise ConfigurationError(
            f"user_pool_id begins with the region and an underscore, such as {region}_AbCdEfGhI; the console has it"
        )
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    issuers = tuple(
        f"https://{form}.{region}.{suffix}/{user_pool_id}" for form in ("cognito-idp", "issuer-cognito-idp")
    )
    clients = texts(client_ids, name="client_ids", example="the client ID of your page")
    is_id = choice(token, name="token", among=("access", "id")) == "id"
    return COGNITO.provider(
        name=name,
        issuers=issuers,
        keys=LiveKeys(issuer=issuers[0], jwks_url=f"{issuers[0]}/.well-known/jwks.json"),
        audiences=clients if is_id else ANY_AUDIENCE,
        authorized_parties=ANY_PARTY if is_id else clients,
        credential=CredentialKind.ID_TOKEN if is_id else CredentialKind.ACCESS_TOKEN,
        rules=replace(COGNITO.rules, one_of=(OneOf("token_use", frozenset({token})),)),
        policy=policy,
    )


COGNITO = Profile(
    id="cognito",
    title="Amazon Cognito",
    make=cognito,
    values=(
        Value(name="region", meaning="where the pool is", example="eu-central-1"),
        Value(name="user_pool_id", meaning="the pool's id", example="eu-central-1_AbCdEfGhI"),
        Value(
            name="client_ids",
            meaning="the app clients of your pages",
            example=("1example23456789",),
            kind=ValueKind.TEXTS,
        ),
        Value(
            name="token",
            meaning="`access`, or `id` where the e-mail address is needed",
            example="access",
            required=False,
        ),
    ),
    presents="the access token; the ID token if you need the e-mail address",
    browser="`(await fetchAuthSession()).tokens.accessToken.toString()`; `signOut()`",
    binds_by="`client_id` of an access token, which has no `aud`; `aud` of an ID token",
    kind_test="`token_use` is `access` (or `id`)",
    session="`origin_jti`: one for each sign-in, in both tokens, where token revocation is on",
    ending="`RevokeToken` with the refresh token ends this sign-in; `GlobalSignOut` with the access token all of them",
    ends_with=(CognitoEnding,),
    rules=ClaimRules(
        one_of=(OneOf("token_use", frozenset({"access"})),),
        client_claims=("client_id",),
        subject=SubjectRule(claims=("sub",), pattern=GUID),
    ),
    session_claims=("origin_jti",),
    unproven=(
        "the issuers of regions in China",
        "that an `aud` appears in access tokens that were asked for with a resource; it is not looked at",
    ),
    run_against="moto 5.2.5 and cognito-local 5.3.0, which emulate it",
)
