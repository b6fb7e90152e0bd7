"""Kinde: an access token that was asked for without an API."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://acme.kinde.com"

SAMPLE = Sample(
    profile="kinde",
    claims={
        "aud": [],
        "azp": "d4d3c5b74e064badb9625a4aa6241bcc",
        "exp": ago(-86340),
        "iat": ago(60),
        "iss": ISSUER,
        "jti": "f95ed3e0-cc4d-40c4-b95a-9971729b0ae5",
        "org_code": "org_1",
        "scp": ["openid", "profile", "offline"],
        "sub": "kp_c3143a4b50ad43c88e541d9077681782",
    },
    subject="kp_c3143a4b50ad43c88e541d9077681782",
    other_client=(bend("azp", azp="another"), bend("azp", azp=ABSENT)),
    other_kind=(
        bend("scp", scp=ABSENT, at_hash="h", aud=["https://acme.kinde.com"]),
        bend("gty", gty=["client_credentials"], sub=ABSENT, v="2"),
        bend("sub", sub=ABSENT),
    ),
    other_tenant=(bend("iss", iss="https://other.kinde.com"),),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(("a machine's token", bend("gty", gty=["client_credentials"])),),
    odd=(bend("scp", scp=ABSENT),),
)
