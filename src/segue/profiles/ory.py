"""Ory: sessions of Kratos made into JWTs, and access tokens of Hydra with the strategy `jwt` (ory.com/docs)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Unpack

from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.claim_rules import ClaimRules, Form, RefuseIf, Required, SubjectRule, Unwanted
from segue.migration.endings import HydraEnding, KratosEnding, Revocation7009
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import GUID, base_url, text, texts
from segue.tokens.algorithms import Algorithm


def kratos(*, issuer: str, jwks_url: str, name: str = "kratos", **policy: Unpack[Policy]) -> Provider:
    """Identities of Kratos by tokenized sessions; `segue.profiles.ory.KRATOS` says what is checked."""
    own = text(issuer, name="issuer", example="https://auth.example.com")
    return KRATOS.provider(
        name=name,
        issuers=(own,),
        keys=LiveKeys(
            issuer=own, jwks_url=text(jwks_url, name="jwks_url", example="https://auth.example.com/jwks.json")
        ),
        audiences=ANY_AUDIENCE,
        authorized_parties=ANY_PARTY,
        policy=policy,
    )


def hydra(
    *,
    issuer: str,
    client_ids: Collection[str],
    audience: str | None = None,
    name: str = "hydra",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of an Ory Hydra with JWT access tokens; `segue.profiles.ory.HYDRA` says what is checked."""
    own = text(issuer, name="issuer", example="https://auth.example.com/")
    address = base_url(own.removesuffix("/"), name="issuer", example="https://auth.example.com/")
    return HYDRA.provider(
        name=name,
        issuers=(own,),
        keys=LiveKeys(issuer=own, jwks_url=f"{address}/.well-known/jwks.json"),
        audiences=ANY_AUDIENCE
        if audience is None
        else frozenset({text(audience, name="audience", example="https://api.example.com")}),
        authorized_parties=texts(client_ids, name="client_ids", example="the client of your page"),
        policy=policy,
    )


KRATOS = Profile(
    id="kratos",
    title="Ory Kratos, sessions as JWTs",
    make=kratos,
    values=(
        Value(name="issuer", meaning="`iss` of the tokens", example="https://auth.example.com"),
        Value(
            name="jwks_url",
            meaning="where the keys of the tokenizer template are published; those of your own JWK set",
            example="https://auth.example.com/tokenizer/jwks.json",
        ),
    ),
    presents="`tokenized` of `whoami?tokenize_as={template}`. Cookie and session token themselves are opaque: for them "
    "ask `whoami` in a verifier of your own (`OwnProvider`)",
    browser="`GET /sessions/whoami?tokenize_as=segue` with credentials, then `tokenized`; the log-out flow",
    fresh="ten minutes by default",
    binds_by="the key set is that of a template of your own: it signs nothing else",
    kind_test="`sid` is there: every tokenized session has one",
    session="`sid`",
    ending="`DELETE /admin/sessions/{sid}` at the admin port ends this session, `/admin/identities/{id}/sessions` all",
    ends_with=(KratosEnding,),
    algorithms=frozenset({Algorithm.ES256, Algorithm.RS256, Algorithm.ES512, Algorithm.EdDSA}),
    rules=ClaimRules(
        required=(Required("sid", Form.TEXT), Required("jti", Form.TEXT)),
        issuer_only="the template's keys are yours and sign for this application alone",
        subject=SubjectRule(claims=("sub",), pattern=GUID),
    ),
    session_claims=("sid",),
    unproven=(
        "that `whoami` answers 403 where a second factor is due: let the template's claims carry `aal` if it matters",
    ),
)
HYDRA = Profile(
    id="hydra",
    title="Ory Hydra, JWT access tokens",
    make=hydra,
    values=(
        Value(
            name="issuer",
            meaning="`iss`, exactly: often with a slash at its end",
            example="https://auth.example.com/",
        ),
        Value(
            name="client_ids",
            meaning="the clients of your pages",
            example=("9d3e1f5a-2222-3333-4444-555555555555",),
            kind=ValueKind.TEXTS,
        ),
        Value(
            name="audience",
            meaning="your API in `aud`, if your pages ask for one",
            example="https://api.example.com",
            required=False,
        ),
    ),
    presents="the access token, with the strategy `jwt`. Opaque ones (`ory_at_…`) need an `OpaqueProvider`",
    browser="as your OAuth client keeps it; `GET /oauth2/sessions/logout`",
    binds_by="`client_id` is your page, and `aud` your API if you name it",
    kind_test="`client_id` and `jti` are there, and no `at_hash`, `nonce` or `sid`, as in ID tokens",
    session="nothing names it: the token's `jti`",
    names_sign_ins=False,
    ending="the admin port ends log-in sessions by subject or `sid`; `/oauth2/revoke` the refresh token",
    ends_with=(
        HydraEnding,
        Revocation7009,
    ),
    rules=ClaimRules(
        required=(Required("jti", Form.TEXT),),
        refused=(RefuseIf(path="sid", because=Unwanted.OTHER_KIND),),
        client_claims=("client_id",),
    ),
    unproven=("that no access token carries `sid`",),
)
