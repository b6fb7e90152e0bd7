"""
Firebase Authentication and Google Identity Platform (firebase.google.com: verify ID tokens, manage session cookies).

Every project's tokens are signed by the same keys, so that issuer and audience carry the whole load. What the emulator
makes is not signed, and is refused like everything that is not signed.
"""

from __future__ import annotations

import re
from datetime import timedelta
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
from segue.migration.endings import FirebaseEnding
from segue.migration.key_sources import KeyForm, LiveKeys
from segue.migration.provider import CredentialKind, Provider
from segue.profiles.model import Policy, Profile, Value
from segue.profiles.values import text

_PROJECT = re.compile("[a-z][a-z0-9-]{4,28}[a-z0-9]")
_METADATA = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
_COOKIE_KEYS = "https://www.googleapis.com/identitytoolkit/v3/relyingparty/publicKeys"
_TENANT = ("firebase", "tenant")


def firebase(
    *,
    project_id: str,
    identity_tenant: str | None = None,
    name: str = "firebase",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of a Firebase project, by their ID tokens; `segue.profiles.firebase.FIREBASE` says what is checked."""
    return _provider(
        FIREBASE,
        f"https://securetoken.google.com/{_project(project_id)}",
        _METADATA,
        project_id=project_id,
        identity_tenant=identity_tenant,
        name=name,
        policy=policy,
    )


def firebase_cookie(
    *,
    project_id: str,
    identity_tenant: str | None = None,
    name: str = "firebase-cookie",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of a Firebase project, by the session cookies that its Admin SDK makes; presented as a bearer token."""
    return _provider(
        FIREBASE_COOKIE,
        f"https://session.firebase.google.com/{_project(project_id)}",
        _COOKIE_KEYS,
        project_id=project_id,
        identity_tenant=identity_tenant,
        name=name,
        policy=policy,
    )


def _project(value: str) -> str:
    return text(
        value, name="project_id", example="my-project-1a2b3 (the id, not the number)", pattern=_PROJECT
    )


def _provider(
    profile: Profile,
    issuer: str,
    keys: str,
    *,
    project_id: str,
    identity_tenant: str | None,
    name: str,
    policy: Policy,
) -> Provider:
    rules = profile.rules
    if identity_tenant is None:
        stranger = RefuseIf(path=_TENANT, because=Unwanted.OTHER_TENANT)
        rules = replace(rules, refused=(*rules.refused, stranger))
    else:
        tenant = text(identity_tenant, name="identity_tenant", example="acme-x4k2p")
        rules = replace(rules, one_of=(OneOf(_TENANT, frozenset({tenant})),))
    return profile.provider(
        name=name,
        issuers=(issuer,),
        keys=LiveKeys(issuer=issuer, jwks_url=keys, form=KeyForm.CERTIFICATES),
        audiences=frozenset({project_id}),
        authorized_parties=ANY_PARTY,
        rules=rules,
        policy=policy,
    )


FIREBASE = Profile(
    id="firebase",
    title="Firebase Authentication",
    make=firebase,
    values=(
        Value(name="project_id", meaning="the project's id, not its number", example="my-project-1a2b3"),
        Value(
            name="identity_tenant",
            meaning="the tenant of Identity Platform; without it users of tenants are refused",
            example="customers-4f5g6",
            required=False,
        ),
    ),
    presents="the ID token; Firebase has no access token",
    browser="`getIdToken(user)`; `signOut(auth)`",
    binds_by="`aud` is your project's id: all projects share the signing keys",
    kind_test="the issuer is `securetoken`, and `auth_time` and `firebase` are there: a custom token has neither",
    session="nothing names it; `auth_time` stands for it",
    ending="`accounts:update` with `validSince` ends all sessions of the user: a service account's right",
    ends_with=(FirebaseEnding,),
    credential=CredentialKind.ID_TOKEN,
    rules=ClaimRules(
        required=(Required("auth_time", Form.NUMBER), Required(("firebase", "sign_in_provider"), Form.TEXT)),
        refused=(
            RefuseIf(
                path=("firebase", "sign_in_provider"),
                because=Unwanted.ANONYMOUS,
                values=frozenset({"anonymous"}),
            ),
        ),
        subject=SubjectRule(claims=("sub",), pattern=re.compile(".{1,128}")),
        times=TimeClaims(name_the_sign_in=True),
    ),
    admissible=frozenset({Unwanted.ANONYMOUS}),
    unproven=("how often Google changes the keys",),
    run_against="the Auth emulator of firebase-tools 15.34.2, whose unsigned tokens are refused",
)
FIREBASE_COOKIE = replace(
    FIREBASE,
    id="firebase-cookie",
    title="Firebase session cookies",
    make=firebase_cookie,
    presents="the value of the session cookie, as a bearer token that your old back end relays or hands to the page",
    browser="the cookie is `HttpOnly`; sign-out is your old back end's",
    kind_test="the issuer is `session.firebase`, whose keys sign nothing else",
    unproven=(),
    maximum_age=timedelta(hours=24),
    session_lifetime=timedelta(days=14),
    run_against="the Auth emulator of firebase-tools 15.34.2, whose unsigned tokens are refused",
)
