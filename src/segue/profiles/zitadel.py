"""Zitadel: JWT access tokens (zitadel.com/docs: claims, web keys)."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Unpack

from segue.migration.claim_rules import ClaimRules, Form, RefuseIf, Required, SubjectRule, Unwanted
from segue.migration.endings import Revocation7009
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import base_url, text, texts
from segue.tokens.algorithms import Algorithm

_NUMBER = re.compile("[0-9]+")


def zitadel(
    *,
    issuer: str,
    project_id: str,
    client_ids: Collection[str],
    name: str = "zitadel",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of a Zitadel project; `segue.profiles.zitadel.ZITADEL` says what is checked."""
    own = base_url(issuer, name="issuer", example="https://acme-1a2b3c.zitadel.cloud")
    project = text(project_id, name="project_id", example="173823456789012345", pattern=_NUMBER)
    return ZITADEL.provider(
        name=name,
        issuers=(own,),
        keys=LiveKeys(issuer=own, jwks_url=f"{own}/oauth/v2/keys"),
        audiences=frozenset({project}),
        authorized_parties=texts(client_ids, name="client_ids", example="the client ID of your page"),
        policy=policy,
    )


ZITADEL = Profile(
    id="zitadel",
    title="Zitadel",
    make=zitadel,
    values=(
        Value(
            name="issuer",
            meaning="the instance's own address, `iss`",
            example="https://acme-1a2b3c.zitadel.cloud",
        ),
        Value(name="project_id", meaning="the project's id, in `aud`", example="173823456789012345"),
        Value(
            name="client_ids",
            meaning="the client IDs of your pages",
            example=("173823456789054321",),
            kind=ValueKind.TEXTS,
        ),
    ),
    presents="the access token, with the application's setting JWT. Opaque ones need an `OpaqueProvider`",
    browser="as your OIDC client keeps it; `/oidc/v1/end_session`",
    binds_by="`azp` is your page: `aud` holds every client of the project, and only says which project",
    kind_test="`jti` is there, and no `amr`, `auth_time` or `at_hash`, as in ID tokens",
    session="nothing names it: the token's `jti`",
    names_sign_ins=False,
    ending="`/oauth/v2/revoke` ends the refresh token; locking the user everything",
    ends_with=(Revocation7009,),
    algorithms=frozenset(
        {Algorithm.RS256, Algorithm.RS384, Algorithm.RS512, Algorithm.ES256, Algorithm.ES384, Algorithm.EdDSA}
    ),
    rules=ClaimRules(
        required=(Required("jti", Form.TEXT),),
        refused=(
            RefuseIf(path="act", because=Unwanted.IMPERSONATED),
            RefuseIf(path="amr", because=Unwanted.OTHER_KIND),
            RefuseIf(path="auth_time", because=Unwanted.OTHER_KIND),
        ),
        client_claims=("azp", "client_id"),
        subject=SubjectRule(claims=("sub",), pattern=_NUMBER),
    ),
    maximum_age=timedelta(hours=12),
    unproven=(
        "the lifetime of access tokens",
        "how a service user's token differs: name no client that service users have",
    ),
)
