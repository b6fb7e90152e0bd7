"""Firebase: a session cookie of the Admin SDK, as a bearer token."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend
from tests.profiles.samples.firebase import CLAIMS, ISSUER, OTHER_CLIENT, PROJECT, TENANT, USER

COOKIE = f"https://session.firebase.google.com/{PROJECT}"

SAMPLE = Sample(
    profile="firebase-cookie",
    claims={**CLAIMS, "iss": COOKIE, "exp": ago(-432000)},
    subject=USER,
    other_client=OTHER_CLIENT,
    other_kind=(bend("iss", iss=ISSUER), bend("firebase", firebase=ABSENT)),
    other_tenant=(bend("iss", iss=f"{COOKIE}x"), bend("firebase", firebase=TENANT)),
    impersonated=(bend("act", act={"sub": "support"}),),
    traps=(("an anonymous user", bend("firebase", firebase={"sign_in_provider": "anonymous"})),),
    odd=(bend("auth_time", auth_time=ABSENT),),
)
