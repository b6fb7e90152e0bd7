"""Amazon Cognito: an ID token, for whoever needs the e-mail address."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend
from tests.profiles.samples.cognito import ISSUER, USER

SAMPLE = Sample(
    profile="cognito",
    values={"token": "id"},
    claims={
        "iss": ISSUER,
        "sub": USER,
        "aud": "1example23456789",
        "origin_jti": "11111111-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "token_use": "id",
        "auth_time": ago(600),
        "iat": ago(60),
        "exp": ago(-3540),
        "jti": "44444444-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "cognito:username": "alice",
        "email": "alice@example.com",
        "email_verified": True,
    },
    header={"typ": ABSENT},
    subject=USER,
    session="11111111-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    other_client=(bend("aud", aud="another"), bend("aud", aud=ABSENT)),
    other_kind=(bend("token_use", token_use="access", aud=ABSENT, client_id="1example23456789"),),
    other_tenant=(bend("iss", iss=f"{ISSUER}x"),),
    impersonated=(bend("act", act={"sub": "admin"}),),
    odd=(bend("token_use", token_use=ABSENT),),
)
