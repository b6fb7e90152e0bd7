"""Any OpenID provider: an access token as RFC 9068 describes it."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://login.example.org/"
GOOD = {"iss": ISSUER, "sub": "alice", "iat": ago(60), "exp": ago(-3540), "auth_time": ago(600)}

SAMPLE = Sample(
    profile="oidc",
    claims={**GOOD, "aud": "https://api.example.com", "client_id": "spa", "jti": "j", "scope": "openid"},
    header={"typ": "at+jwt"},
    subject="alice",
    other_client=(bend("azp", client_id="other"), bend("aud", aud="https://other.example.com")),
    other_kind=(
        bend("typ", header={"typ": "JWT"}),
        bend("typ", header={"typ": ABSENT}),
        bend("jti", jti=ABSENT),
        bend("sub", sub="spa"),
    ),
    other_tenant=(bend("iss", iss="https://login.example.com/"), bend("iss", iss=ISSUER.rstrip("/"))),
    impersonated=(bend("act", act={"sub": "support"}),),
    traps=(("a machine's token, whose subject is its client", bend("sub", sub="spa")),),
)
