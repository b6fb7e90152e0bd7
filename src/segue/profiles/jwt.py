"""
Home-made JWTs: what an application of your own signs with a secret or a key pair, and claims by whim.

The same secret often signs links for new passwords and addresses: their marks are refused, whatever they are called.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Unpack

from msgspec.structs import replace

from segue.errors import ConfigurationError
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.claim_rules import (
    ClaimRules,
    IssuerClaim,
    OneOf,
    RefuseIf,
    SubjectRule,
    TimeClaims,
    Unwanted,
    WithoutExp,
)
from segue.migration.provider import DEFAULT_ALGORITHMS, Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import text, texts

_PURPOSES = (
    *("purpose", "action", "intent", "use", "usage", "reset", "reset_password", "resetPassword"),
    *("password_reset", "passwordReset", "verify", "verify_email", "verifyEmail", "email_verification"),
    *("emailVerification", "confirm", "confirmation", "invite", "invitation", "magic", "magic_link", "otp"),
    *("unsubscribe", "download"),
)
_STEMS = (
    *(
        "refresh",
        "reset",
        "verify",
        "verification",
        "confirm",
        "invit",
        "activat",
        "recover",
        "forgot",
        "magic",
    ),
    *("otp", "mfa", "2fa", "challenge", "unsubscribe", "download"),
)
_OTHER_KIND = re.compile(rf"(?i:id|[\w-]*(?:{'|'.join(_STEMS)})[\w-]*)")
"""A word, however it is put together: `resetPassword`, `VERIFY_EMAIL`, `refresh-token`."""
_KIND_CLAIMS = ("type", "kind", "tokenType", "token_kind", "scope")
_NO_AUDIENCE = RefuseIf(path="aud", because=Unwanted.OTHER_CLIENT)
"""Where tokens name nobody, one that does is for somebody else (RFC 7519 §4.1.3): the page of a new password, say."""


def jwt(
    *,
    user_claim: str,
    issuer: str | None = None,
    audience: str | None = None,
    must_say: Mapping[str, str] | None = None,
    without_exp_for: timedelta | None = None,
    token_lifetime: timedelta | None = None,
    session_claims: Collection[str] = (),
    name: str = "jwt",
    **policy: Unpack[Policy],
) -> Provider:
    """Users of an application that signs its own tokens; `segue.profiles.jwt.JWT` says what is checked."""
    example = "https://app.example.com, or leave it out if its tokens have no iss"
    issuers = (name,) if issuer is None else (text(issuer, name="issuer", example=example),)
    wanted = dict(must_say or {})
    if not all(wanted.values()) or "" in wanted:
        raise ConfigurationError('must_say names claims and their exact texts, such as {role = "member"}')
    rules = replace(
        JWT.rules,
        refused=(*JWT.rules.refused, *(() if audience is not None else (_NO_AUDIENCE,))),
        one_of=tuple(OneOf(claim, frozenset({said})) for claim, said in sorted(wanted.items())),
        issuer_claim=IssuerClaim.ABSENT if issuer is None else IssuerClaim.NAMED,
        subject=SubjectRule(
            claims=(text(user_claim, name="user_claim", example="userId"),), whole_numbers=True
        ),
        times=TimeClaims(
            without_exp=None if without_exp_for is None else WithoutExp(accepted_for=without_exp_for),
            lifetime=token_lifetime,
        ),
    )
    return JWT.provider(
        name=name,
        issuers=issuers,
        keys=None,
        audiences=ANY_AUDIENCE
        if audience is None
        else frozenset({text(audience, name="audience", example="https://app.example.com")}),
        authorized_parties=ANY_PARTY,
        rules=rules,
        session_claims=tuple(sorted(texts(session_claims, name="session_claims", example="sid")))
        if session_claims
        else None,
        policy=policy,
    )


JWT = Profile(
    id="jwt",
    title="Home-made JWTs",
    make=jwt,
    values=(
        Value(
            name="user_claim",
            meaning="the claim that is the user's id, a text or a whole number",
            example="userId",
        ),
        Value(
            name="issuer",
            meaning="`iss`; left out where the tokens have none: one such provider at most",
            example="https://app.example.com",
            required=False,
        ),
        Value(
            name="audience",
            meaning="`aud`, if there is one: left out, a token that has one is refused",
            example="https://app.example.com",
            required=False,
        ),
        Value(
            name="must_say",
            meaning="claims that only sign-in tokens have, with their texts",
            example=(("role", "member"),),
            kind=ValueKind.PAIRS,
            required=False,
        ),
        Value(
            name="without_exp_for",
            meaning="where some tokens have no `exp`: how long after `iat` they are taken; at most maximum_age",
            example=timedelta(hours=12),
            kind=ValueKind.SPAN,
            required=False,
        ),
        Value(
            name="token_lifetime",
            meaning="where tokens have no `iat`: how long each of them lives, from which its age is known",
            example=timedelta(hours=1),
            kind=ValueKind.SPAN,
            required=False,
        ),
        Value(
            name="session_claims",
            meaning="claims that name the sign-in, if there are any",
            example=("sid",),
            kind=ValueKind.TEXTS,
            required=False,
        ),
    ),
    presents="the token that your pages send already",
    browser="as your pages keep it",
    binds_by="the key: it is your application's own. `iss` and `aud` where they are there",
    kind_test="`must_say`, if you give it; a token that says `type: refresh` or names a purpose is refused",
    session="the claims that you name, else `jti`, else the token itself",
    names_sign_ins=False,
    ending="nothing can: the tombstone alone keeps the old token from coming back",
    keys_given=True,
    algorithms=DEFAULT_ALGORITHMS,
    rules=ClaimRules(
        refused=(
            *(RefuseIf(path=claim, because=Unwanted.OTHER_PURPOSE) for claim in _PURPOSES),
            *(
                RefuseIf(path=claim, because=Unwanted.OTHER_KIND, pattern=_OTHER_KIND)
                for claim in _KIND_CLAIMS
            ),
        ),
        issuer_only="the secret or key belongs to this application alone",
        subject=SubjectRule(claims=("sub",), whole_numbers=True),
    ),
    maximum_age=timedelta(hours=24),
    run_against=(
        "simplejwt 5.5.1, Flask-JWT-Extended 4.7.4, fastapi-users 15.0.5, jsonwebtoken 9.0.3 and better-auth 1.7.25"
    ),
)
