"""Stytch: session JWTs, for consumers and for organizations (stytch-python `jwt_helpers.py`, `sessions.py`)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Unpack

from msgspec.structs import replace

from segue.migration.binding import ANY_PARTY
from segue.migration.claim_rules import (
    ClaimRules,
    Form,
    Moments,
    RefuseIf,
    Required,
    SubjectRule,
    TimeClaims,
    Unwanted,
)
from segue.migration.endings import StytchEnding
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import choice, text, texts

_PROJECT = re.compile("project-(live|test)-[0-9a-f-]{36}")
_SESSION = "https://stytch.com/session"
_ORGANIZATION = "https://stytch.com/organization"


def stytch(
    *,
    project_id: str,
    product: str = "consumer",
    other_issuers: Collection[str] = (),
    name: str = "stytch",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of a Stytch project; `segue.profiles.stytch.STYTCH` says what is checked."""
    text(project_id, name="project_id", example="project-live-…", pattern=_PROJECT)
    business = choice(product, name="product", among=("consumer", "b2b")) == "b2b"
    own = f"stytch.com/{project_id}"
    others = (
        texts(other_issuers, name="other_issuers", example="https://login.example.com")
        if other_issuers
        else ()
    )
    api = "test.stytch.com" if project_id.startswith("project-test-") else "api.stytch.com"
    rules = STYTCH.rules
    if business:
        rules = replace(
            rules,
            required=(*rules.required, Required(_ORGANIZATION, Form.OBJECT)),
            subject=SubjectRule(claims=("sub",), pattern=re.compile("member-.+")),
        )
    return STYTCH.provider(
        name=name,
        issuers=(own, *sorted(others)),
        keys=LiveKeys(
            issuer=own, jwks_url=f"https://{api}/v1/{'b2b/' if business else ''}sessions/jwks/{project_id}"
        ),
        audiences=frozenset({project_id}),
        authorized_parties=ANY_PARTY,
        rules=rules,
        policy=policy,
    )


STYTCH = Profile(
    id="stytch",
    title="Stytch",
    make=stytch,
    values=(
        Value(
            name="project_id",
            meaning="the project's id, which is in `iss` and `aud`",
            example="project-live-11111111-2222-3333-4444-555555555555",
        ),
        Value(name="product", meaning="`consumer` or `b2b`", example="consumer", required=False),
        Value(
            name="other_issuers",
            meaning="the project's domain, if it stands in `iss`",
            example=("https://login.example.com",),
            kind=ValueKind.TEXTS,
            required=False,
        ),
    ),
    presents="the session JWT",
    browser="`stytch.session.getTokens().session_jwt`; `stytch.session.revoke()`",
    fresh="five minutes: ask for the token just before you present it",
    binds_by="`aud` is your project",
    kind_test="the claim `https://stytch.com/session` is there: tokens of connected apps have `client_id` and none",
    session="`id` in the claim `https://stytch.com/session`, which also says when the session began and ends",
    ending="`POST /v1/sessions/revoke` with the project's secret ends this session",
    ends_with=(StytchEnding,),
    rules=ClaimRules(
        required=(Required((_SESSION, "id"), Form.TEXT), Required("nbf", Form.NUMBER)),
        refused=(
            RefuseIf(path="client_id", because=Unwanted.OTHER_CLIENT),
            RefuseIf(path="scope", because=Unwanted.OTHER_CLIENT),
        ),
        subject=SubjectRule(claims=("sub",), pattern=re.compile("user-.+")),
        times=TimeClaims(
            authenticated=(_SESSION, "started_at"), ends=(_SESSION, "expires_at"), moments=Moments.TEXTS
        ),
    ),
    session_claims=((_SESSION, "id"),),
    unproven=("the times in the session claim of B2B tokens",),
)
