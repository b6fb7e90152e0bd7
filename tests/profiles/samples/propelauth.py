"""PropelAuth: an access token under its one key."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

SAMPLE = Sample(
    profile="propelauth",
    claims={
        "user_id": "31c41c16-c281-44ae-9602-8a047e3bf33d",
        "sub": "31c41c16-c281-44ae-9602-8a047e3bf33d",
        "email": "alice@example.com",
        "iat": ago(60),
        "exp": ago(-1740),
        "iss": "https://auth.example.com",
    },
    subject="31c41c16-c281-44ae-9602-8a047e3bf33d",
    other_client=(bend("iss", iss="https://auth.other.example.com"),),
    other_kind=(bend("user_id", user_id=ABSENT), bend("nonce", nonce="n")),
    other_tenant=(bend("iss", iss="https://1234.propelauthtest.com"),),
    impersonated=(bend("impersonator_user_id", impersonator_user_id="99999999"),),
    traps=(
        ("a support engineer in the user's place", bend("impersonator_user_id", impersonator_user_id="x")),
    ),
)
