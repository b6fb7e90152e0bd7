"""Supabase: a session's access token under a signing key."""

from segue.tokens.algorithms import Algorithm
from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://abcdefghijklmnopqrst.supabase.co/auth/v1"
USER = "d0714948-1111-4222-8333-444455556666"
SESSION = "5e551011-1111-4222-8333-444455556666"
CLAIMS = {
    "iss": ISSUER,
    "sub": USER,
    "aud": "authenticated",
    "exp": ago(-3540),
    "iat": ago(60),
    "email": "alice@example.com",
    "phone": "",
    "app_metadata": {"provider": "email", "providers": ["email"]},
    "user_metadata": {},
    "role": "authenticated",
    "aal": "aal1",
    "amr": [{"method": "password", "timestamp": ago(600)}],
    "session_id": SESSION,
    "is_anonymous": False,
}
OTHER_KIND = (
    bend("iss", iss="supabase", ref="abcdefghijklmnopqrst", role="anon", sub=ABSENT, session_id=ABSENT),
    bend("session_id", role="service_role", sub=ABSENT, session_id=ABSENT),
    bend("session_id", session_id=ABSENT),
    bend("role", role="service_role"),
    bend("role", role="anon"),
)
TRAPS = (
    ("an anonymous user", bend("is_anonymous", is_anonymous=True)),
    ("a user's token for somebody else's OAuth client", bend("client_id", client_id="9d3e1f5a")),
    (
        "an API key, signed like a user's token",
        bend("session_id", role="anon", session_id=ABSENT, sub=ABSENT),
    ),
    ("a subject that is no user", bend("sub", sub="alice")),
)
OTHER_TENANT = (bend("iss", iss=ISSUER.replace("abc", "xyz")),)

SAMPLE = Sample(
    profile="supabase",
    claims=CLAIMS,
    algorithm=Algorithm.ES256,
    subject=USER,
    session=SESSION,
    other_client=(bend("aud", aud="other"), bend("client_id", client_id="9d3e1f5a")),
    other_kind=OTHER_KIND,
    other_tenant=OTHER_TENANT,
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=TRAPS,
)
