"""Okta: an access token of the custom authorization server `default`."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://acme.okta.com/oauth2/default"

SAMPLE = Sample(
    profile="okta",
    claims={
        "ver": 1,
        "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
        "iss": ISSUER,
        "aud": "api://default",
        "sub": "alice@example.com",
        "iat": ago(60),
        "exp": ago(-3540),
        "cid": "0oaclient1",
        "uid": "00uuser1",
        "scp": ["openid", "email"],
        "auth_time": ago(600),
    },
    header={"typ": ABSENT},
    subject="00uuser1",
    other_client=(
        bend("azp", cid="0oaother"),
        bend("azp", cid=ABSENT),
        bend("aud", aud="api://other"),
    ),
    other_kind=(
        bend("scp", scp=ABSENT, cid=ABSENT, uid=ABSENT, aud="0oaclient1", nonce="n"),
        bend("uid", uid=ABSENT),
        bend("scp", scp="openid email"),
    ),
    other_tenant=(
        bend("iss", iss="https://other.okta.com/oauth2/default"),
        bend("iss", iss="https://acme.okta.com/oauth2/aus123"),
    ),
    impersonated=(bend("act", act={"sub": "support"}),),
    traps=(
        ("a machine's token, whose subject is its client", bend("sub", sub="0oaclient1")),
        ("an access token of the org's own server", bend("iss", iss="https://acme.okta.com")),
    ),
    odd=(bend("scp", scp=ABSENT),),
)
