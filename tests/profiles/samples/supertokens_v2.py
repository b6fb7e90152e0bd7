"""SuperTokens: an access token of version 2, in the form that cores before 2.21 gave it."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

USER = "fa7a0841-b533-4478-95533-0fde890c3483"
SESSION = "4f1b0c2e-1111-4222-8333-444455556666"

SAMPLE = Sample(
    profile="supertokens-v2",
    claims={
        "sessionHandle": SESSION,
        "userId": USER,
        "refreshTokenHash1": "9a1f" * 16,
        "parentRefreshTokenHash1": None,
        "userData": {},
        "antiCsrfToken": None,
        "expiryTime": ago(-3540) * 1000,
        "timeCreated": ago(60) * 1000,
        "lmrt": ago(60) * 1000,
    },
    subject=USER,
    session=SESSION,
    other_client=(bend("iss", iss="https://api.example.com/auth"),),
    other_kind=(
        bend("sessionHandle", sessionHandle=ABSENT),
        bend("refreshTokenHash1", refreshTokenHash1=ABSENT),
        bend("userId", userId=ABSENT, sub=USER),
    ),
    other_tenant=(bend("iss", iss="acme"),),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(
        (
            "times in seconds, which are long past",
            bend("expiryTime", expiryTime=ago(-3540), timeCreated=ago(60)),
        ),
        ("no end", bend("expiryTime", expiryTime=ABSENT)),
    ),
)
