"""Ory Kratos: a session that `whoami` tokenized."""

from segue.tokens.algorithms import Algorithm
from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://auth.example.com"
IDENTITY = "cccccccc-2222-3333-4444-555555555555"
SESSION = "dddddddd-2222-3333-4444-555555555555"

SAMPLE = Sample(
    profile="kratos",
    claims={
        "iss": ISSUER,
        "sub": IDENTITY,
        "sid": SESSION,
        "jti": "eeeeeeee-2222-3333-4444-555555555555",
        "iat": ago(60),
        "nbf": ago(60),
        "exp": ago(-540),
    },
    algorithm=Algorithm.ES256,
    subject=IDENTITY,
    session=SESSION,
    other_client=(bend("iss", iss="https://other.example.com"),),
    other_kind=(bend("sid", sid=ABSENT), bend("jti", jti=ABSENT), bend("nonce", nonce="n")),
    other_tenant=(bend("iss", iss=f"{ISSUER}/"),),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(("a subject that is no identity", bend("sub", sub="alice@example.com")),),
)
