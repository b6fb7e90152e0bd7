"""Any other OpenID provider: access tokens as RFC 9068 wants them, or ID tokens as OpenID Connect Core does."""

from __future__ import annotations

from collections.abc import Collection
from typing import Unpack

from segue.migration.claim_rules import ClaimRules, Form, RefuseIf, Required, TimeClaims, Unwanted
from segue.migration.endings import Revocation7009
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import DEFAULT_ALGORITHMS, CredentialKind, Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import text, texts


def oidc(
    *, issuer: str, api: str, client_ids: Collection[str], name: str = "oidc", **policy: Unpack[Policy]
) -> Provider:
    """Users of an OpenID provider, by RFC 9068 access tokens; `segue.profiles.oidc.OIDC` says what is checked."""
    own = text(issuer, name="issuer", example="https://login.example.org/")
    return OIDC.provider(
        name=name,
        issuers=(own,),
        keys=LiveKeys(issuer=own),
        audiences=frozenset({text(api, name="api", example="https://api.example.com")}),
        authorized_parties=texts(client_ids, name="client_ids", example="the client of your page"),
        policy=policy,
    )


def oidc_id_token(
    *, issuer: str, client_ids: Collection[str], name: str = "oidc-id-token", **policy: Unpack[Policy]
) -> Provider:
    """Users of an OpenID provider, by ID tokens; `segue.profiles.oidc.OIDC_ID_TOKEN` says what is checked."""
    own = text(issuer, name="issuer", example="https://login.example.org/")
    clients = texts(client_ids, name="client_ids", example="the client of your page")
    return OIDC_ID_TOKEN.provider(
        name=name,
        issuers=(own,),
        keys=LiveKeys(issuer=own),
        audiences=clients,
        authorized_parties=clients,
        policy=policy,
    )


_ISSUER = Value(
    name="issuer",
    meaning="`iss` to the letter; its keys are found by discovery",
    example="https://login.example.org/",
)
_CLIENTS = Value(
    name="client_ids", meaning="the clients of your pages", example=("spa",), kind=ValueKind.TEXTS
)

OIDC = Profile(
    id="oidc",
    title="Any OpenID provider, access tokens",
    make=oidc,
    values=(
        _ISSUER,
        Value(name="api", meaning="your API in `aud`", example="https://api.example.com"),
        _CLIENTS,
    ),
    presents="the access token, if the provider makes them as RFC 9068 says, of the type at+jwt",
    browser="as your OIDC client keeps it; its own sign-out",
    binds_by="`aud` has your API, and `client_id` or `azp` is your page",
    kind_test="`typ` is at+jwt in the header, and `jti` is there",
    session="`sid` where it is there, else the token's `jti`",
    names_sign_ins=False,
    ending="RFC 7009 revocation, where the provider has it",
    ends_with=(Revocation7009,),
    algorithms=DEFAULT_ALGORITHMS,
    token_types=frozenset({"at+jwt"}),
    rules=ClaimRules(required=(Required("jti", Form.TEXT),)),
    session_claims=("sid",),
    run_against="oidc-provider 9.13.3",
)
OIDC_ID_TOKEN = Profile(
    id="oidc-id-token",
    title="Any OpenID provider, ID tokens",
    make=oidc_id_token,
    values=(_ISSUER, _CLIENTS),
    presents="the ID token, where access tokens are opaque. It says who signed in at your page, nothing for an API",
    browser="as your OIDC client keeps it; its own sign-out",
    binds_by="`aud` is your page and nobody else, and so is `azp` if it is there",
    kind_test="no `scope`, `scp` or `client_id`, which access tokens have",
    session="`sid`, else `auth_time`",
    ending="the provider's sign-out page, in the browser; RFC 7009 for a refresh token",
    ends_with=(Revocation7009,),
    credential=CredentialKind.ID_TOKEN,
    algorithms=DEFAULT_ALGORITHMS,
    rules=ClaimRules(
        refused=(
            RefuseIf(path="scope", because=Unwanted.OTHER_KIND),
            RefuseIf(path="scp", because=Unwanted.OTHER_KIND),
            RefuseIf(path="client_id", because=Unwanted.OTHER_KIND),
        ),
        times=TimeClaims(name_the_sign_in=True),
    ),
    session_claims=("sid",),
    run_against="django-oauth-toolkit 3.4.1",
)
