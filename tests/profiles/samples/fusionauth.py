"""FusionAuth: an access token of a registered user."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

TENANT = "11111111-2222-3333-4444-555555555555"
APPLICATION = "aaaaaaaa-2222-3333-4444-555555555555"
USER = "cccccccc-2222-3333-4444-555555555555"
SESSION = "dddddddd-2222-3333-4444-555555555555"

SAMPLE = Sample(
    profile="fusionauth",
    claims={
        "aud": APPLICATION,
        "exp": ago(-3540),
        "iat": ago(60),
        "iss": "acme.com",
        "sub": USER,
        "jti": "eeeeeeee-2222-3333-4444-555555555555",
        "authenticationType": "PASSWORD",
        "email": "alice@example.com",
        "email_verified": True,
        "applicationId": APPLICATION,
        "roles": ["user"],
        "scope": "openid offline_access",
        "sid": SESSION,
        "auth_time": ago(600),
        "tid": TENANT,
    },
    header={"gty": ["authorization_code"]},
    subject=USER,
    session=SESSION,
    other_client=(
        bend("applicationId", aud="bbbbbbbb-2222-3333-4444-555555555555", applicationId=ABSENT),
        bend("aud", aud="bbbbbbbb-2222-3333-4444-555555555555"),
        bend("applicationId", applicationId="bbbbbbbb-2222-3333-4444-555555555555"),
    ),
    other_kind=(
        bend("nonce", at_hash="h"),
        bend("roles", roles=ABSENT, at_hash="h"),
        bend("gty", header={"gty": ["client_credentials"]}),
    ),
    other_tenant=(bend("tid", tid="99999999-2222-3333-4444-555555555555"), bend("iss", iss="other.com")),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(
        ("a user who is not registered for the application", bend("applicationId", applicationId=ABSENT)),
        ("a machine's token, by the header", bend("gty", header={"gty": ["client_credentials"]})),
        ("an ID token, which has the same issuer, audience and type", bend("nonce", at_hash="h")),
    ),
    odd=(bend("roles", roles=ABSENT),),
)
