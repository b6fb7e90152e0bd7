"""Supabase Auth: session tokens under signing keys, or under the project's legacy JWT secret (supabase/auth)."""

from __future__ import annotations

from typing import Unpack

from msgspec.structs import replace

from segue.migration.binding import ANY_PARTY
from segue.migration.claim_rules import (
    EACH,
    ClaimRules,
    Form,
    OneOf,
    RefuseIf,
    Required,
    SubjectRule,
    TimeClaims,
    Unwanted,
)
from segue.migration.endings import SupabaseEnding
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value
from segue.profiles.values import GUID, base_url, choice
from segue.tokens.algorithms import Algorithm

_EXAMPLE = "https://abcdefghijklmnopqrst.supabase.co/auth/v1"


def supabase(
    *, issuer: str, assurance: str = "aal1", name: str = "supabase", **policy: Unpack[Policy]
) -> Provider:
    """Users of a project with signing keys; `segue.profiles.supabase.SUPABASE` says what is checked."""
    url = base_url(issuer, name="issuer", example=_EXAMPLE)
    keys = LiveKeys(issuer=url, jwks_url=f"{url}/.well-known/jwks.json")
    return _provider(SUPABASE, url, keys, assurance=assurance, name=name, policy=policy)


def supabase_secret(
    *, issuer: str, assurance: str = "aal1", name: str = "supabase-secret", **policy: Unpack[Policy]
) -> Provider:
    """Users of a project whose tokens its legacy JWT secret signs; `keys` is `SharedSecrets.of(secret)`."""
    url = base_url(issuer, name="issuer", example=_EXAMPLE)
    return _provider(SUPABASE_SECRET, url, None, assurance=assurance, name=name, policy=policy)


def _provider(
    profile: Profile, issuer: str, keys: LiveKeys | None, *, assurance: str, name: str, policy: Policy
) -> Provider:
    rules = profile.rules
    if choice(assurance, name="assurance", among=("aal1", "aal2")) == "aal2":
        rules = replace(rules, one_of=(*rules.one_of, OneOf("aal", frozenset({"aal2"}))))
    return profile.provider(
        name=name,
        issuers=(issuer,),
        keys=keys,
        audiences=frozenset({"authenticated"}),
        authorized_parties=ANY_PARTY,
        rules=rules,
        policy=policy,
    )


SUPABASE = Profile(
    id="supabase",
    title="Supabase with signing keys",
    make=supabase,
    values=(
        Value(
            name="issuer", meaning="`iss` of its tokens: the project's URL and `/auth/v1`", example=_EXAMPLE
        ),
        Value(
            name="assurance",
            meaning="`aal2` where your application demands a second factor",
            example="aal1",
            required=False,
        ),
    ),
    presents="the session's access token",
    browser="`(await supabase.auth.getSession()).data.session.access_token`; `signOut({scope: 'local'})`",
    fresh="one hour: `getSession` renews it when it has to",
    binds_by="the issuer is your project, and `aud` is `authenticated`",
    kind_test="`role` is `authenticated` and `session_id` is there: the API keys have neither",
    session="`session_id`; the earliest time in `amr` is the sign-in",
    ending="`POST /logout?scope=local` with the user's own token ends this session; without the scope all of them",
    ends_with=(SupabaseEnding,),
    algorithms=frozenset({Algorithm.ES256, Algorithm.RS256}),
    rules=ClaimRules(
        required=(Required("session_id", Form.TEXT),),
        one_of=(OneOf("role", frozenset({"authenticated"})),),
        refused=(
            RefuseIf(path="is_anonymous", because=Unwanted.ANONYMOUS, other_than=frozenset({False})),
            RefuseIf(path="client_id", because=Unwanted.OTHER_CLIENT),
        ),
        subject=SubjectRule(claims=("sub",), pattern=GUID),
        times=TimeClaims(authenticated=("amr", EACH, "timestamp")),
    ),
    admissible=frozenset({Unwanted.ANONYMOUS, Unwanted.OTHER_CLIENT}),
    session_claims=("session_id",),
)
SUPABASE_SECRET = replace(
    SUPABASE,
    id="supabase-secret",
    title="Supabase with the legacy JWT secret",
    make=supabase_secret,
    kind_test="`role` is `authenticated` and `session_id` is there: the API keys, under the same secret, have neither",
    keys_given=True,
    algorithms=frozenset({Algorithm.HS256}),
)
