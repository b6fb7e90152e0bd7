"""Amazon Cognito: an access token, which has no `aud`."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

POOL = "eu-central-1_AbCdEfGhI"
ISSUER = f"https://cognito-idp.eu-central-1.amazonaws.com/{POOL}"
USER = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

SAMPLE = Sample(
    profile="cognito",
    claims={
        "iss": ISSUER,
        "sub": USER,
        "client_id": "1example23456789",
        "origin_jti": "11111111-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "event_id": "22222222-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": ago(600),
        "iat": ago(60),
        "exp": ago(-3540),
        "jti": "33333333-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "username": "alice",
    },
    header={"typ": ABSENT},
    subject=USER,
    session="11111111-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    other_client=(bend("azp", client_id="another"), bend("azp", client_id=ABSENT)),
    other_kind=(
        bend("token_use", token_use="id", client_id=ABSENT, aud="1example23456789"),
        bend("token_use", token_use=ABSENT),
        bend("token_use", token_use="refresh"),
        bend("sub", sub="1example23456789"),
    ),
    other_tenant=(bend("iss", iss=ISSUER.replace(POOL, "eu-central-1_ZzZzZzZzZ")),),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(
        (
            "any client of the pool passes where the audience is not looked at",
            bend("azp", client_id="another"),
        ),
        ("a name in the place of the user's id", bend("sub", sub="alice")),
        ("an issuer with a slash at its end", bend("iss", iss=f"{ISSUER}/")),
    ),
    also_good=(
        ("the second form of the issuer", bend("", iss=ISSUER.replace("cognito-idp", "issuer-cognito-idp"))),
        ("an audience that a resource brought", bend("", aud="https://resource.example.com")),
    ),
)
