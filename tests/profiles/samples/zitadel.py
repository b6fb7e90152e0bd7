"""Zitadel: a JWT access token, whose audience is the whole project."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://acme-1a2b3c.zitadel.cloud"
PROJECT, PAGE, OTHER = "173823456789012345", "173823456789054321", "173823456789000000"

SAMPLE = Sample(
    profile="zitadel",
    claims={
        "aud": [PAGE, OTHER, PROJECT],
        "azp": PAGE,
        "exp": ago(-43000),
        "iat": ago(60),
        "nbf": ago(60),
        "iss": ISSUER,
        "jti": "V2_173823456789099999",
        "sub": "173823456789011111",
    },
    subject="173823456789011111",
    other_client=(bend("azp", azp=OTHER), bend("azp", azp=ABSENT), bend("aud", aud=[PAGE, OTHER])),
    other_kind=(
        bend("jti", jti=ABSENT, amr=["pwd"], auth_time=ago(600), at_hash="h"),
        bend("amr", amr=["pwd"]),
        bend("auth_time", auth_time=ago(600)),
        bend("sub", sub=PAGE),
    ),
    other_tenant=(bend("iss", iss="https://other-9z8y.zitadel.cloud"),),
    impersonated=(bend("act", act={"sub": "173823456789022222"}),),
    traps=(
        ("another client of the project, which is in `aud` with ours", bend("azp", azp=OTHER)),
        ("a token that was exchanged for an actor", bend("act", act={"sub": "1"})),
    ),
    odd=(
        bend("jti", jti=ABSENT),
        bend("nonce", at_hash="h"),
    ),
)
