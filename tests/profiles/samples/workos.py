"""WorkOS: the access token of the reference's sample, without its impersonator."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://api.workos.com/user_management/client_01HBEQKA6K4QJAS93VPE39W1JT"

SAMPLE = Sample(
    profile="workos",
    claims={
        "iss": ISSUER,
        "sub": "user_01HBEQKA6K4QJAS93VPE39W1JT",
        "org_id": "org_01HRDMC6CM357W30QMHMQ96Q0S",
        "role": "member",
        "permissions": ["posts:read"],
        "sid": "session_01HQSXZGF8FHF7A9ZZFCW4387R",
        "jti": "01HQSXZXPPFPKMDD32RKTFY6PV",
        "exp": ago(-240),
        "iat": ago(60),
    },
    subject="user_01HBEQKA6K4QJAS93VPE39W1JT",
    session="session_01HQSXZGF8FHF7A9ZZFCW4387R",
    other_client=(bend("iss", iss="https://api.workos.com/user_management/client_01ZZZZZZZZ"),),
    other_kind=(
        bend("sub_type", sub_type="widget"),
        bend("sub_profile", sub_profile="agent"),
        bend("sid", sid=ABSENT),
        bend("sub", sub="client_01HBEQKA6K4QJAS93VPE39W1JT"),
    ),
    other_tenant=(bend("iss", iss="https://auth.other.example.com"),),
    impersonated=(bend("act", act={"sub": "admin@example.com"}),),
    traps=(
        ("an agent's token under the same key", bend("sub_profile", sub_profile="agent")),
        ("a widget's token under the same key", bend("sid", sub_type="widget", sid=ABSENT)),
        (
            "an issuer that the reference shows and nobody configured",
            bend("iss", iss="https://api.workos.com"),
        ),
    ),
    odd=(bend("sid", sid="app_1"),),
)
