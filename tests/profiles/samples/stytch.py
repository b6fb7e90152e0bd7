"""Stytch: a session JWT of a consumer project."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

PROJECT = "project-live-11111111-2222-3333-4444-555555555555"
SESSION = {
    "id": "session-live-aaaaaaaa-2222-3333-4444-555555555555",
    "started_at": "2026-11-23T11:50:00Z",
    "last_accessed_at": "2026-11-23T11:59:00Z",
    "expires_at": "2026-11-24T11:50:00Z",
    "attributes": {"ip_address": "", "user_agent": ""},
    "authentication_factors": [{"type": "magic_link", "delivery_method": "email"}],
}
CLAIM = "https://stytch.com/session"


def session(**changes: object) -> dict[str, object]:
    """The session claim, changed."""
    return {CLAIM: {**SESSION, **changes}}


SAMPLE = Sample(
    profile="stytch",
    claims={
        "aud": [PROJECT],
        "exp": ago(-240),
        CLAIM: SESSION,
        "iat": ago(60),
        "iss": f"stytch.com/{PROJECT}",
        "nbf": ago(60),
        "sub": "user-live-bbbbbbbb-2222-3333-4444-555555555555",
    },
    subject="user-live-bbbbbbbb-2222-3333-4444-555555555555",
    session="session-live-aaaaaaaa-2222-3333-4444-555555555555",
    other_client=(
        bend("aud", aud=["project-live-other"]),
        bend("client_id", client_id="connected-app-live-1"),
    ),
    other_kind=(
        bend(CLAIM, **{CLAIM: ABSENT}, client_id="connected-app-live-1", scope="openid"),
        bend("scope", scope="openid"),
        bend("sub", sub="m2m-client-live-1"),
    ),
    other_tenant=(
        bend("iss", iss="stytch.com/project-live-99999999-2222-3333-4444-555555555555"),
        bend("iss", iss=f"https://stytch.com/{PROJECT}"),
    ),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(
        ("a connected app's access token", bend(CLAIM, **{CLAIM: ABSENT})),
        ("a session that is over", bend(CLAIM, **session(expires_at="2026-11-23T11:55:00Z"))),
        ("a session without an id", bend(CLAIM, **session(id=""))),
    ),
    odd=(bend("nbf", nbf=ABSENT),),
)
