"""Clerk: a session token of version 2."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://clerk.example.com"

SAMPLE = Sample(
    profile="clerk",
    claims={
        "azp": "https://app.example.com",
        "exp": ago(-40),
        "fva": [7, -1],
        "iat": ago(20),
        "iss": ISSUER,
        "jti": "3d9f5c1e2b",
        "nbf": ago(30),
        "sid": "sess_2abcDEF",
        "sts": "active",
        "sub": "user_2xyzABC",
        "v": 2,
    },
    subject="user_2xyzABC",
    session="sess_2abcDEF",
    other_client=(
        bend("azp", azp="https://evil.example.com"),
        bend("azp", azp="https://app.example.com:8443"),
    ),
    other_kind=(
        bend("sid", sid=ABSENT),
        bend("typ", header={"typ": "at+jwt"}),
        bend("sub", sub="mch_2machine"),
        bend("sid", sid="orgsess_1"),
    ),
    other_tenant=(bend("iss", iss="https://other-1.clerk.accounts.dev"),),
    impersonated=(bend("act", act={"sub": "user_2support", "iss": "https://dashboard.clerk.com"}),),
    traps=(
        ("a sign-in that is not complete", bend("sts", sts="pending")),
        ("a token without origin", bend("azp", azp=ABSENT)),
        ("a token made from a template, bound to no session", bend("sid", sid=ABSENT, jti=ABSENT)),
        ("a token of the last minute", bend("exp", iat=ago(80), nbf=ago(90), exp=ago(20))),
    ),
)
