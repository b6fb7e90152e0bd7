"""Firebase: an ID token of a password sign-in."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

PROJECT = "my-project-1a2b3"
ISSUER = f"https://securetoken.google.com/{PROJECT}"
USER = "AbCdEfGhIjKlMnOpQrStUvWxYz12"
TOOLKIT = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"

CLAIMS = {
    "iss": ISSUER,
    "aud": PROJECT,
    "auth_time": ago(600),
    "user_id": USER,
    "sub": USER,
    "iat": ago(60),
    "exp": ago(-3540),
    "email": "alice@example.com",
    "email_verified": True,
    "firebase": {"identities": {"email": ["alice@example.com"]}, "sign_in_provider": "password"},
}
OTHER_CLIENT = (bend("aud", aud="another-project-9z8y7"), bend("aud", aud=[PROJECT, "another-project-9z8y7"]))
TENANT = {"sign_in_provider": "password", "tenant": "customers-4f5g6"}

SAMPLE = Sample(
    profile="firebase",
    claims=CLAIMS,
    subject=USER,
    other_client=OTHER_CLIENT,
    other_kind=(
        bend("auth_time", aud=TOOLKIT, firebase=ABSENT, auth_time=ABSENT),
        bend("auth_time", auth_time=ABSENT),
        bend("firebase", firebase=ABSENT),
        bend("iss", iss=f"https://session.firebase.google.com/{PROJECT}"),
    ),
    other_tenant=(
        bend("iss", iss="https://securetoken.google.com/another-project-9z8y7", aud="another-project-9z8y7"),
        bend("firebase", firebase=TENANT),
    ),
    impersonated=(bend("act", act={"sub": "support"}),),
    traps=(
        ("an anonymous user", bend("firebase", firebase={"sign_in_provider": "anonymous"})),
        ("a custom token, which is no ID token", bend("aud", aud=TOOLKIT)),
        ("the project's number in the place of its id", bend("aud", aud="123456789012")),
        ("a sign-in in the future", bend("auth_time", auth_time=ago(-600))),
        ("a user id that is too long", bend("sub", sub="x" * 129)),
    ),
)
