"""SuperTokens: an access token of version 5, whose back end sets no issuer."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

USER = "fa7a0841-b533-4478-95533-0fde890c3483"
SESSION = "4f1b0c2e-1111-4222-8333-444455556666"

SAMPLE = Sample(
    profile="supertokens",
    claims={
        "iat": ago(60),
        "exp": ago(-3540),
        "sub": USER,
        "tId": "public",
        "rsub": USER,
        "sessionHandle": SESSION,
        "refreshTokenHash1": "9a1f" * 16,
        "parentRefreshTokenHash1": None,
        "antiCsrfToken": None,
    },
    header={"version": "5"},
    subject=USER,
    session=SESSION,
    other_client=(bend("iss", iss="https://api.example.com/auth"), bend("tId", tId="other")),
    other_kind=(
        bend("sessionHandle", sessionHandle=ABSENT, refreshTokenHash1=ABSENT, source="microservice"),
        bend("refreshTokenHash1", refreshTokenHash1=ABSENT),
    ),
    other_tenant=(bend("tId", tId="acme"),),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(("a JWT of the JWT recipe", bend("sessionHandle", sessionHandle=ABSENT)),),
    also_good=(
        ("version 3, before there were tenants", bend("", tId=ABSENT, rsub=ABSENT, header={"version": "3"})),
    ),
)
