"""Keycloak: an access token of a public client; its own name is not in `aud`."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

ISSUER = "https://sso.example.com/realms/shop"
USER = "f0a1b2c3-1111-4222-8333-444455556666"

SAMPLE = Sample(
    profile="keycloak",
    claims={
        "exp": ago(-240),
        "iat": ago(60),
        "auth_time": ago(600),
        "jti": "onrtac:aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "iss": ISSUER,
        "aud": "account",
        "sub": USER,
        "typ": "Bearer",
        "azp": "shop-web",
        "sid": "5e5510n1-1111-4222-8333-444455556666",
        "scope": "openid profile email",
        "preferred_username": "alice",
    },
    subject=USER,
    session="5e5510n1-1111-4222-8333-444455556666",
    other_client=(bend("azp", azp="other-web"), bend("azp", azp=ABSENT)),
    other_kind=(
        *(bend("typ", typ=kind) for kind in ("Refresh", "Offline", "ID", "Serialized-ID", "Logout", ABSENT)),
        bend("events", events={"http://schemas.openid.net/event/backchannel-logout": {}}),
    ),
    other_tenant=(bend("iss", iss="https://sso.example.com/realms/other"),),
    impersonated=(
        bend("act", act={"sub": "admin"}),
        bend("impersonator", impersonator={"id": "admin"}),
    ),
    traps=(
        ("a service account", bend("preferred_username", preferred_username="service-account-shop-web")),
        ("a token without `sub`, as the scope `basic` is missing", bend("sub", sub=ABSENT)),
        ("an issuer with the old path", bend("iss", iss="https://sso.example.com/auth/realms/shop")),
        ("an issuer by another host name", bend("iss", iss="https://internal.example.com/realms/shop")),
    ),
    also_good=(("a session named as before version 25", bend("", sid=ABSENT, session_state="s")),),
)
