"""Auth0: an access token of the default profile, for one's own API."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://acme.eu.auth0.com/"
API = "https://api.example.com"

SAMPLE = Sample(
    profile="auth0",
    claims={
        "iss": ISSUER,
        "sub": "auth0|6553da60a54af58e29493993",
        "aud": [API, f"{ISSUER}userinfo"],
        "iat": ago(60),
        "exp": ago(-86340),
        "scope": "openid profile email",
        "azp": "spa-client",
    },
    subject="auth0|6553da60a54af58e29493993",
    other_client=(
        bend("azp", azp="another-client"),
        bend("azp", azp=ABSENT, client_id="another-client"),
        bend("aud", aud="https://other-api.example.com"),
    ),
    other_kind=(
        bend("scope", aud="spa-client", scope=ABSENT, azp=ABSENT, nonce="n", sid="s"),
        bend("scope", scope=ABSENT),
        bend("nonce", nonce="n", sid="s"),
    ),
    other_tenant=(bend("iss", iss="https://other.eu.auth0.com/"),),
    impersonated=(bend("act", act={"sub": "auth0|support"}),),
    traps=(
        ("a machine's token, by its subject", bend("sub", sub="AbCdEf@clients")),
        ("a machine's token, by its grant", bend("gty", gty="client-credentials")),
        ("an agent's token, by its profile", bend("sub_profile", sub_profile="agent")),
        ("a token for the Management API alone", bend("aud", aud=f"{ISSUER}api/v2/")),
        ("a token for enrolling factors", bend("aud", aud=f"{ISSUER}mfa/")),
        ("an issuer without the slash at its end", bend("iss", iss=ISSUER.rstrip("/"))),
    ),
    also_good=(
        (
            "the RFC 9068 profile",
            bend("", header={"typ": "at+jwt"}, azp=ABSENT, client_id="spa-client", jti="j"),
        ),
        ("a user by profile", bend("", sub_profile="user")),
    ),
)
