"""WorkOS AuthKit: access tokens of user sessions (workos.com/docs: session tokens; the SDK's own user-session test)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Unpack

from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.claim_rules import ClaimRules, Form, RefuseIf, Required, SubjectRule, Unwanted
from segue.migration.endings import WorkosEnding
from segue.migration.key_sources import LiveKeys
from segue.migration.provider import Provider
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.values import text, texts

_CLIENT = re.compile("client_[A-Za-z0-9]+")


def workos(
    *, client_id: str, other_issuers: Collection[str] = (), name: str = "workos", **policy: Unpack[Policy]
) -> Provider:
    """Users of a WorkOS environment; `segue.profiles.workos.WORKOS` says what is checked."""
    text(client_id, name="client_id", example="client_01HBEQKA6K4QJAS93VPE39W1JT", pattern=_CLIENT)
    own = f"https://api.workos.com/user_management/{client_id}"
    others = (
        texts(other_issuers, name="other_issuers", example="https://auth.example.com")
        if other_issuers
        else ()
    )
    return WORKOS.provider(
        name=name,
        issuers=(own, *sorted(others)),
        keys=LiveKeys(issuer=own, jwks_url=f"https://api.workos.com/sso/jwks/{client_id}"),
        audiences=ANY_AUDIENCE,
        authorized_parties=ANY_PARTY,
        policy=policy,
    )


WORKOS = Profile(
    id="workos",
    title="WorkOS AuthKit",
    make=workos,
    values=(
        Value(
            name="client_id",
            meaning="the client ID of the environment",
            example="client_01HBEQKA6K4QJAS93VPE39W1JT",
        ),
        Value(
            name="other_issuers",
            meaning="what else stands in `iss`: a custom authentication domain, or plain `https://api.workos.com`",
            example=("https://auth.example.com",),
            kind=ValueKind.TEXTS,
            required=False,
        ),
    ),
    presents="the access token",
    browser="`await getAccessToken()`; `signOut()`",
    fresh="five minutes by default: ask for the token just before you present it",
    binds_by="the key set is that of your client ID alone, and the issuer names it",
    kind_test="`sid` begins with `session_`, no `sub_type`, no other `sub_profile` than `user`",
    session="`sid`",
    ending="`POST /user_management/sessions/revoke` with the API key ends this session",
    ends_with=(WorkosEnding,),
    rules=ClaimRules(
        required=(Required("sid", Form.TEXT),),
        refused=(
            RefuseIf(path="sid", because=Unwanted.OTHER_KIND, pattern=re.compile("(?!session_).*")),
            RefuseIf(path="sub_type", because=Unwanted.OTHER_KIND),
            RefuseIf(path="sub_profile", because=Unwanted.MACHINE, other_than=frozenset({"user"})),
            RefuseIf(path="act", because=Unwanted.IMPERSONATED),
        ),
        issuer_only="WorkOS signs for each client ID with keys of its own",
        subject=SubjectRule(claims=("sub",), pattern=re.compile("user_.+")),
    ),
    session_claims=("sid",),
    unproven=(
        "that tokens carry `auth_time`: the SDK wants it, the reference's sample has none; it is not required here",
        "that an impersonator always stands in `act`",
    ),
)
