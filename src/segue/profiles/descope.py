"""Descope: session JWTs (docs.descope.com: session overview; both SDKs, of which neither compares `drn`)."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Unpack

from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.claim_rules import ClaimRules, OneOf
from segue.migration.endings import DescopeEnding
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import host, text, texts

_PROJECT = re.compile("P[A-Za-z0-9]{20,40}")


def descope(
    *,
    project_id: str,
    issuers: Collection[str],
    api_host: str = "api.descope.com",
    name: str = "descope",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of a Descope project; `segue.profiles.descope.DESCOPE` says what is checked."""
    text(project_id, name="project_id", example="P2abc…", pattern=_PROJECT)
    known = sorted(texts(issuers, name="issuers", example=project_id))
    api = host(api_host, name="api_host", example="api.descope.com")
    return DESCOPE.provider(
        name=name,
        issuers=tuple(known),
        keys=LiveKeys(issuer=known[0], jwks_url=f"https://{api}/v2/keys/{project_id}"),
        audiences=ANY_AUDIENCE,
        authorized_parties=ANY_PARTY,
        policy=policy,
    )


DESCOPE = Profile(
    id="descope",
    title="Descope",
    make=descope,
    values=(
        Value(name="project_id", meaning="the project's id", example="P2abcdefghijklmnopqrstuvwxyz"),
        Value(
            name="issuers",
            meaning="`iss` as you see it in your tokens: the bare project id, or an address that ends with it",
            example=("P2abcdefghijklmnopqrstuvwxyz",),
            kind=ValueKind.TEXTS,
        ),
        Value(
            name="api_host",
            meaning="where the project's keys are: another region, or your custom domain",
            example="api.descope.com",
            required=False,
        ),
    ),
    presents="the session JWT",
    browser="`getSessionToken()`; `sdk.logout()`, which needs the refresh token",
    fresh="a few minutes: ask for the token just before you present it",
    binds_by="the key set is your project's alone, and the issuer names it",
    kind_test="`drn` is `DS`: the refresh token is signed by the same keys",
    session="nothing names it that was read in a source: the token itself",
    names_sign_ins=False,
    ending="`POST /v1/auth/logout` with the refresh token ends this session; the management API all of them",
    ends_with=(DescopeEnding,),
    rules=ClaimRules(
        one_of=(OneOf("drn", frozenset({"DS"})),),
        issuer_only="Descope signs for each project with keys of its own",
    ),
    leeway=timedelta(seconds=5),
    unproven=(
        "that the refresh token says `drn: DSR`; whatever is not `DS` is refused",
        "how a token looks that an access key of a machine was exchanged for: make sure yours are refused",
        "how long session JWTs live by default",
        "that tokens have a `jti`",
    ),
)
