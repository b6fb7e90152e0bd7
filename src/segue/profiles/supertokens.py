"""SuperTokens itself: access tokens of an older core, versions 3 to 5 and version 2 (supertokens-python)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Unpack

from msgspec.structs import replace

from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.claim_rules import (
    ClaimRules,
    ClockUnit,
    Form,
    IssuerClaim,
    RefuseIf,
    Required,
    SubjectRule,
    TimeClaims,
    Unwanted,
)
from segue.migration.endings import SupertokensEnding
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import text, texts


def supertokens(
    *,
    jwks_url: str,
    issuer: str | None = None,
    old_tenants: Collection[str] = ("public",),
    name: str = "supertokens",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of an older core; `segue.profiles.supertokens.SUPERTOKENS` says what is checked."""
    own = name if issuer is None else text(issuer, name="issuer", example="https://api.example.com/auth")
    tenants = texts(old_tenants, name="old_tenants", example="public")
    stranger = RefuseIf(path="tId", because=Unwanted.OTHER_TENANT, other_than=frozenset(tenants))
    rules = SUPERTOKENS.rules
    keys_at = text(jwks_url, name="jwks_url", example="https://api.example.com/auth/jwt/jwks.json")
    return SUPERTOKENS.provider(
        name=name,
        issuers=(own,),
        keys=LiveKeys(issuer=own, jwks_url=keys_at),
        audiences=ANY_AUDIENCE,
        authorized_parties=ANY_PARTY,
        rules=replace(
            rules,
            refused=(*rules.refused, stranger),
            issuer_claim=IssuerClaim.ABSENT if issuer is None else IssuerClaim.NAMED,
        ),
        policy=policy,
    )


def supertokens_v2(*, name: str = "supertokens-v2", **policy: Unpack[Policy]) -> Provider:
    """Users of a core before 2.21; `keys` is `PinnedKeys.from_pem(…)` of its signing keys: tokens name none."""
    return SUPERTOKENS_V2.provider(
        name=name,
        issuers=(name,),
        keys=None,
        audiences=ANY_AUDIENCE,
        authorized_parties=ANY_PARTY,
        policy=policy,
    )


SUPERTOKENS = Profile(
    id="supertokens",
    title="SuperTokens, an older core",
    make=supertokens,
    values=(
        Value(
            name="jwks_url",
            meaning="`{apiDomain}{apiBasePath}/jwt/jwks.json`, or `/.well-known/jwks.json` of the core",
            example="https://api.example.com/auth/jwt/jwks.json",
        ),
        Value(
            name="issuer",
            meaning="`iss`, if the back end sets one; left out where the tokens have none",
            example="https://api.example.com/auth",
            required=False,
        ),
        Value(
            name="old_tenants",
            meaning="the core's tenants whose users may come",
            example=("public",),
            kind=ValueKind.TEXTS,
            required=False,
        ),
    ),
    presents="the access token: `st-access-token`, or the cookie `sAccessToken`",
    browser="`await Session.getAccessToken()`; `Session.signOut()`",
    binds_by="the keys: they are your core's alone; `tId` is one of your tenants",
    kind_test="`sessionHandle` and `refreshTokenHash1` are there: JWTs of the JWT recipe have neither",
    session="`sessionHandle`",
    ending="`POST /recipe/session/remove` at the old core ends this session",
    ends_with=(SupertokensEnding,),
    rules=ClaimRules(
        required=(Required("sessionHandle", Form.TEXT), Required("refreshTokenHash1", Form.TEXT)),
        issuer_only="the signing keys belong to your own core",
    ),
    session_claims=("sessionHandle",),
    maximum_age=timedelta(hours=1),
    session_lifetime=timedelta(days=100),
)
SUPERTOKENS_V2 = Profile(
    id="supertokens-v2",
    title="SuperTokens, a core before 2.21",
    make=supertokens_v2,
    values=(),
    presents="the access token: the cookie `sAccessToken`, as its back-end SDK made it",
    browser="the cookie is `HttpOnly`: your back end relays it; `Session.signOut()`",
    binds_by="the keys: they are your core's alone",
    kind_test="its own form and `refreshTokenHash1`: nothing else is spelled so",
    session="`sessionHandle`",
    ending="`POST /recipe/session/remove` at the old core ends this session",
    ends_with=(SupertokensEnding,),
    keys_given=True,
    rules=ClaimRules(
        required=(Required("sessionHandle", Form.TEXT), Required("refreshTokenHash1", Form.TEXT)),
        issuer_only="the signing keys belong to your own core",
        issuer_claim=IssuerClaim.ABSENT,
        subject=SubjectRule(claims=("userId",)),
        times=TimeClaims(issued="timeCreated", expires="expiryTime", unit=ClockUnit.MILLISECONDS),
    ),
    session_claims=("sessionHandle",),
    maximum_age=timedelta(hours=1),
    session_lifetime=timedelta(days=100),
)
