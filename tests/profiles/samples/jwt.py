"""A home-made token: HS256, the user under a claim of its own, neither issuer nor audience."""

from segue.tokens.algorithms import Algorithm
from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

PURPOSES = (
    *("action", "intent", "use", "usage", "reset", "reset_password", "resetPassword", "password_reset"),
    *("passwordReset", "verify", "verify_email", "verifyEmail", "email_verification", "emailVerification"),
    *(
        "confirm",
        "confirmation",
        "invite",
        "invitation",
        "magic",
        "magic_link",
        "otp",
        "unsubscribe",
        "download",
    ),
)

SAMPLE = Sample(
    profile="jwt",
    values={"must_say": {"role": "member"}},
    claims={"userId": 42, "role": "member", "iat": ago(60), "exp": ago(-604740)},
    header={"kid": ABSENT},
    algorithm=Algorithm.HS256,
    subject="42",
    other_client=(
        bend("iss", iss="https://other.example.com"),
        bend("role", role="partner"),
        bend("aud", aud="fastapi-users:reset"),
    ),
    other_kind=(
        bend("purpose", purpose="password-reset"),
        bend("type", type="refresh"),
        bend("token_type", token_type="refresh"),
        bend("role", role=ABSENT),
        *(
            bend(claim, **{claim: kind})
            for claim in ("type", "kind", "tokenType", "token_kind", "scope")
            for kind in (
                "resetPassword",
                "VERIFY_EMAIL",
                "refresh-token",
                "email_verification",
                "magicLink",
                "id",
            )
        ),
    ),
    other_tenant=(bend("role", role=["member"]),),
    impersonated=(bend("act", act={"sub": 1}), bend("impersonator", impersonator=1)),
    traps=(
        ("a link for a new password, under the same secret", bend("resetPassword", resetPassword=True)),
        ("a link that proves an address", bend("verify_email", verify_email=True)),
        ("an action in the token", bend("action", action="delete-account")),
        ("no end, though nobody said for how long it is taken", bend("exp", exp=ABSENT)),
        ("neither end nor issue", bend("exp", exp=ABSENT, iat=ABSENT)),
    ),
    also_good=(
        ("a user id that is a text", bend("", userId="42")),
        ("a kind that is none of those", bend("", type="access", scope="read:invitations reset:device")),
    ),
    odd=(
        *(bend(claim, **{claim: True}) for claim in PURPOSES),
        *(bend(claim, **{claim: "reset"}) for claim in ("type", "kind", "scope")),
    ),
)
