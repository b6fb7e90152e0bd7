"""Ory Hydra: an access token of the strategy `jwt`."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://auth.example.com/"
CLIENT = "9d3e1f5a-2222-3333-4444-555555555555"

SAMPLE = Sample(
    profile="hydra",
    claims={
        "aud": [],
        "client_id": CLIENT,
        "exp": ago(-3540),
        "ext": {},
        "iat": ago(60),
        "iss": ISSUER,
        "jti": "eeeeeeee-2222-3333-4444-555555555555",
        "nbf": ago(60),
        "scp": ["openid"],
        "sub": "alice",
    },
    subject="alice",
    other_client=(bend("azp", client_id="another"), bend("azp", client_id=ABSENT)),
    other_kind=(
        bend("sid", client_id=ABSENT, aud=[CLIENT], at_hash="h", sid="s"),
        bend("sid", sid="s", auth_time=ago(600)),
        bend("sub", sub=CLIENT),
    ),
    other_tenant=(bend("iss", iss="https://other.example.com/"),),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(
        ("an issuer without the slash at its end", bend("iss", iss=ISSUER.rstrip("/"))),
        ("a machine's token, whose subject is its client", bend("sub", sub=CLIENT)),
    ),
    odd=(
        bend("jti", jti=ABSENT),
        bend("nonce", at_hash="h"),
    ),
)
