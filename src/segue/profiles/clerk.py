"""Clerk: session tokens (clerk.com/docs: session tokens, manual JWT verification)."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Unpack

from segue.migration.binding import ANY_AUDIENCE
from segue.migration.claim_rules import ClaimRules, Form, RefuseIf, Required, SubjectRule, Unwanted
from segue.migration.endings import ClerkEnding
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import host, texts

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


def clerk(
    *, frontend_api: str, origins: Collection[str], name: str = "clerk", **policy: Unpack[Policy]
) -> Provider:
    """Users of a Clerk application; `segue.profiles.clerk.CLERK` says what is checked."""
    issuer = f"https://{host(frontend_api, name='frontend_api', example='clerk.example.com')}"
    example = "https://app.example.com (scheme and host, no path and no slash)"
    return CLERK.provider(
        name=name,
        issuers=(issuer,),
        keys=LiveKeys(issuer=issuer, jwks_url=f"{issuer}/.well-known/jwks.json"),
        audiences=ANY_AUDIENCE,
        authorized_parties=texts(origins, name="origins", example=example, pattern=_ORIGIN),
        policy=policy,
    )


CLERK = Profile(
    id="clerk",
    title="Clerk",
    make=clerk,
    values=(
        Value(
            name="frontend_api",
            meaning="the host of your Frontend API URL, which is `iss`",
            example="clerk.example.com",
        ),
        Value(
            name="origins",
            meaning="the origins of your pages, which stand in `azp`",
            example=("https://app.example.com",),
            kind=ValueKind.TEXTS,
        ),
    ),
    presents="the session token",
    browser="`await Clerk.session.getToken()`; `Clerk.signOut({sessionId})`",
    fresh="60 seconds: ask for the token just before you present it",
    binds_by="`azp` is the origin of one of your pages; a token without it is refused",
    kind_test="`sid` begins with `sess_`: tokens of templates, machines and OAuth clients have none",
    session="`sid`",
    ending="`POST /v1/sessions/{sid}/revoke` with the secret key ends this session",
    ends_with=(ClerkEnding,),
    rules=ClaimRules(
        required=(Required("sid", Form.TEXT),),
        refused=(
            RefuseIf(path="sid", because=Unwanted.OTHER_KIND, pattern=re.compile("(?!sess_).*")),
            RefuseIf(path="sts", because=Unwanted.HALF_SIGNED_IN, values=frozenset({"pending"})),
            RefuseIf(path="act", because=Unwanted.IMPERSONATED),
        ),
        subject=SubjectRule(claims=("sub",), pattern=re.compile("user_.+")),
    ),
    session_claims=("sid",),
    leeway=timedelta(seconds=5),
    maximum_age=timedelta(minutes=5),
    session_lifetime=timedelta(days=7),
    unproven=("that an imported user's old id is not in the token",),
)
