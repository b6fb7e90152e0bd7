"""PropelAuth: access tokens under one RSA key (propelauth-py `jwt.py`, `user.py`)."""

from __future__ import annotations

from typing import Unpack

from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.claim_rules import ClaimRules, RefuseIf, SubjectRule, Unwanted
from segue.migration.endings import PropelAuthEnding
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value
from segue.profiles.values import base_url


def propelauth(*, auth_url: str, name: str = "propelauth", **policy: Unpack[Policy]) -> Provider:
    """Users of a PropelAuth project; `keys` is `PinnedKeys.from_pem(verifier_key)` of its back-end integration page."""
    return PROPELAUTH.provider(
        name=name,
        issuers=(base_url(auth_url, name="auth_url", example="https://auth.example.com"),),
        keys=None,
        audiences=ANY_AUDIENCE,
        authorized_parties=ANY_PARTY,
        policy=policy,
    )


PROPELAUTH = Profile(
    id="propelauth",
    title="PropelAuth",
    make=propelauth,
    values=(Value(name="auth_url", meaning="the auth URL, `iss`", example="https://auth.example.com"),),
    presents="the access token",
    browser="`(await authClient.getAuthenticationInfoOrNull()).accessToken`; `authClient.logout(false)`",
    binds_by="the issuer: one key signs for one project, and no `aud` is there to look at",
    kind_test="`user_id` is there",
    session="nothing names it: the token itself",
    names_sign_ins=False,
    ending="`POST /api/backend/v1/user/{id}/logout_all_sessions` with an API key ends all of the user's",
    ends_with=(PropelAuthEnding,),
    keys_given=True,
    rules=ClaimRules(
        refused=(RefuseIf(path="impersonator_user_id", because=Unwanted.IMPERSONATED),),
        issuer_only="the key belongs to one project of PropelAuth alone",
        subject=SubjectRule(claims=("user_id",)),
    ),
    unproven=(
        "that there is a JWK set at `/.well-known/jwks`: the verifier key is pinned instead",
        "the lifetime of access tokens",
    ),
)
