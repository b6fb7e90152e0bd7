"""Logto: an access token for an API resource, under an EC key."""

from segue.tokens.algorithms import Algorithm
from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://acme.logto.app/oidc"

SAMPLE = Sample(
    profile="logto",
    claims={
        "jti": "VovNyqJ5_tuYac89eTbpF",
        "sub": "rkxl1ops7gs1",
        "iat": ago(60),
        "exp": ago(-3540),
        "scope": "read write",
        "client_id": "spa1app",
        "iss": ISSUER,
        "aud": "https://api.example.com",
    },
    header={"typ": "at+jwt"},
    algorithm=Algorithm.ES384,
    subject="rkxl1ops7gs1",
    other_client=(
        bend("azp", client_id="another"),
        bend("aud", aud="https://other.example.com"),
        bend("aud", aud="urn:logto:organization:o1"),
    ),
    other_kind=(
        bend("scope", client_id=ABSENT, scope=ABSENT, aud="spa1app", at_hash="h"),
        bend("sub", sub="spa1app"),
    ),
    other_tenant=(bend("iss", iss="https://other.logto.app/oidc"), bend("iss", iss="https://acme.logto.app")),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(
        ("a machine's token, whose subject is its client", bend("sub", sub="spa1app")),
        ("the endpoint in the place of the issuer", bend("iss", iss="https://acme.logto.app")),
    ),
    also_good=(("a plain type in the header", bend("", header={"typ": "JWT"})),),
    odd=(bend("scope", scope=ABSENT),),
)
