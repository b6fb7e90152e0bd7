"""Any OpenID provider: an ID token."""

from tests.profiles.sample import Sample, ago, bend
from tests.profiles.samples.oidc import GOOD, ISSUER

SAMPLE = Sample(
    profile="oidc-id-token",
    claims={**GOOD, "aud": "spa", "nonce": "n", "at_hash": "h", "sid": "s-1"},
    subject="alice",
    session="s-1",
    other_client=(
        bend("aud", aud="other"),
        bend("aud", aud=["spa", "other"], azp="spa"),
        bend("azp", azp="other"),
    ),
    other_kind=(
        bend("typ", header={"typ": "at+jwt"}),
        bend("client_id", client_id="spa"),
        bend("scope", scope="openid"),
        bend("events", events={"http://schemas.openid.net/event/backchannel-logout": {}}),
    ),
    other_tenant=(bend("iss", iss=ISSUER.rstrip("/")),),
    impersonated=(bend("act", act={"sub": "support"}),),
    traps=(("a sign-in in the future", bend("auth_time", auth_time=ago(-600))),),
    odd=(bend("scp", scp=["openid"]),),
)
