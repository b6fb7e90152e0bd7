"""Azure AD B2C: an access token of a user flow."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend
from tests.profiles.samples.entra import API, DIRECTORY, OTHER, PAGE, USER

ISSUER = f"https://acme.b2clogin.com/{DIRECTORY}/v2.0/"

SAMPLE = Sample(
    profile="b2c",
    claims={
        "iss": ISSUER,
        "exp": ago(-3540),
        "nbf": ago(60),
        "iat": ago(60),
        "auth_time": ago(600),
        "aud": API,
        "sub": USER,
        "tfp": "B2C_1_signin",
        "azp": PAGE,
        "scp": "access",
        "ver": "1.0",
    },
    subject=USER,
    other_client=(bend("aud", aud=OTHER), bend("azp", azp=OTHER)),
    other_kind=(bend("scp", scp=ABSENT), bend("scp", scp=ABSENT, azp=ABSENT, aud=PAGE, nonce="n")),
    other_tenant=(
        bend("iss", iss=ISSUER.replace(DIRECTORY, OTHER)),
        bend("iss", iss=ISSUER.replace("acme", "other")),
    ),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(
        ("another user flow, such as one for changed passwords", bend("tfp", tfp="B2C_1_passwordreset")),
        (
            "the subject that an old setting writes",
            bend("sub", sub="Not supported currently. Use oid claim."),
        ),
        ("an issuer without the slash at its end", bend("iss", iss=ISSUER.rstrip("/"))),
    ),
    also_good=(
        (
            "the issuer that names the user flow",
            bend("", iss=f"https://acme.b2clogin.com/tfp/{DIRECTORY}/b2c_1_signin/v2.0/"),
        ),
    ),
)
