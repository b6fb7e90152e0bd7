"""Microsoft Entra ID: a version 2 access token for one's own API."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

DIRECTORY = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"
API = "aaaaaaaa-2222-3333-4444-555555555555"
PAGE = "bbbbbbbb-2222-3333-4444-555555555555"
USER = "cccccccc-2222-3333-4444-555555555555"
ISSUER = f"https://login.microsoftonline.com/{DIRECTORY}/v2.0"
V1 = f"https://sts.windows.net/{DIRECTORY}/"

SAMPLE = Sample(
    profile="entra",
    claims={
        "aud": API,
        "iss": ISSUER,
        "iat": ago(60),
        "nbf": ago(60),
        "exp": ago(-4500),
        "azp": PAGE,
        "azpacr": "0",
        "name": "Alice",
        "oid": USER,
        "preferred_username": "alice@example.com",
        "rh": "0.AAAA",
        "scp": "access",
        "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
        "tid": DIRECTORY,
        "uti": "fqiBqXLPj0eQa82S-IYFAA",
        "ver": "2.0",
    },
    subject=f"{DIRECTORY}:{USER}",
    other_client=(bend("azp", azp=OTHER), bend("azp", azp=ABSENT), bend("aud", aud=OTHER)),
    other_kind=(
        bend("scp", scp=ABSENT, aud=PAGE, nonce="n"),
        bend("scp", scp=ABSENT, roles=["Reader"], idtyp="app"),
        bend("ver", ver="1.0"),
    ),
    other_tenant=(
        bend("iss", iss=ISSUER.replace(DIRECTORY, OTHER), tid=OTHER),
        bend("tid", tid=OTHER),
    ),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(
        ("a machine's token", bend("idtyp", idtyp="app")),
        ("a token for Microsoft Graph", bend("aud", aud="00000003-0000-0000-c000-000000000000")),
        (
            "the template of the metadata of `common`",
            bend("iss", iss=ISSUER.replace(DIRECTORY, "{tenantid}")),
        ),
        ("a version 1 token under the issuer of version 2", bend("ver", ver="1.0", azp=ABSENT, appid=PAGE)),
        ("a token without the directory's id of the user", bend("oid", oid=ABSENT)),
    ),
    also_good=(
        ("a version 1 token", bend("", iss=V1, ver="1.0", azp=ABSENT, appid=PAGE)),
        ("a user by type", bend("", idtyp="user")),
    ),
    odd=(
        bend("scp", scp=ABSENT),
        bend("tid", tid=ABSENT),
    ),
)
