"""Kinde: access tokens (docs.kinde.com: about access tokens, token structure of machine-to-machine applications)."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Unpack

from segue.migration.binding import ANY_AUDIENCE
from segue.migration.claim_rules import ClaimRules, Form, Required, SubjectRule
from segue.migration.endings import Revocation7009
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import host, text, texts


def kinde(
    *,
    domain: str,
    client_ids: Collection[str],
    api: str | None = None,
    name: str = "kinde",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of a Kinde business; `segue.profiles.kinde.KINDE` says what is checked."""
    issuer = f"https://{host(domain, name='domain', example='acme.kinde.com')}"
    return KINDE.provider(
        name=name,
        issuers=(issuer,),
        keys=LiveKeys(issuer=issuer, jwks_url=f"{issuer}/.well-known/jwks"),
        audiences=ANY_AUDIENCE
        if api is None
        else frozenset({text(api, name="api", example="https://api.example.com")}),
        authorized_parties=texts(client_ids, name="client_ids", example="the client ID of your page"),
        policy=policy,
    )


KINDE = Profile(
    id="kinde",
    title="Kinde",
    make=kinde,
    values=(
        Value(
            name="domain",
            meaning="the domain in `iss`: your custom one if you have one",
            example="acme.kinde.com",
        ),
        Value(
            name="client_ids",
            meaning="the client IDs of your pages",
            example=("d4d3c5b74e064badb9625a4aa6241bcc",),
            kind=ValueKind.TEXTS,
        ),
        Value(
            name="api",
            meaning="your API's audience, if your pages ask for one",
            example="https://api.example.com",
            required=False,
        ),
    ),
    presents="the access token",
    browser="`await getToken()`; `logout()`",
    binds_by="`azp` is your page, and `aud` your API if you name it",
    kind_test="`scp` is a list, and the user's id begins with `kp_`: a machine has no user id",
    session="nothing names it: the token's `jti`. A refresh gives the same token again until it is over",
    names_sign_ins=False,
    ending="`POST /oauth2/revoke` ends the grant",
    ends_with=(Revocation7009,),
    rules=ClaimRules(
        required=(Required("scp", Form.LIST),),
        client_claims=("azp",),
        subject=SubjectRule(claims=("sub",), pattern=re.compile("kp_.+")),
    ),
    maximum_age=timedelta(hours=24),
    session_lifetime=timedelta(days=15),
    unproven=("that `aud` is empty where no API was asked for", "that Kinde has introspection"),
)
