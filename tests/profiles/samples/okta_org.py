"""Okta: an ID token of the org's own authorization server."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://acme.okta.com"

SAMPLE = Sample(
    profile="okta-org",
    claims={
        "ver": 1,
        "iss": ISSUER,
        "aud": "0oaclient1",
        "sub": "00uuser1",
        "iat": ago(60),
        "exp": ago(-3540),
        "jti": "ID.4eAWJOCMB3SX8XewDfVR",
        "auth_time": ago(600),
        "nonce": "n",
        "at_hash": "h",
        "amr": ["pwd"],
        "idp": "00oidp1",
    },
    header={"typ": ABSENT},
    subject="00uuser1",
    other_client=(bend("aud", aud="0oaother"), bend("aud", aud=["0oaclient1", "0oaother"])),
    other_kind=(
        bend("scp", scp=["openid"], cid="0oaclient1", aud=ISSUER),
        bend("cid", cid="0oaclient1"),
    ),
    other_tenant=(bend("iss", iss="https://other.okta.com"), bend("iss", iss=f"{ISSUER}/oauth2/default")),
    impersonated=(bend("act", act={"sub": "support"}),),
    odd=(bend("scp", scp=["openid"]),),
)
