"""Descope: a session JWT whose issuer is the bare project id."""

from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, ago, bend

PROJECT = "P2abcdefghijklmnopqrstuvwxyz"

SAMPLE = Sample(
    profile="descope",
    claims={
        "amr": ["email"],
        "drn": "DS",
        "exp": ago(-540),
        "iat": ago(60),
        "iss": PROJECT,
        "rexp": "2026-12-20T12:00:00Z",
        "sub": "U2abcdefghijklmnopqrstuvwxyz",
    },
    subject="U2abcdefghijklmnopqrstuvwxyz",
    other_client=(bend("iss", iss="P2zzzzzzzzzzzzzzzzzzzzzzzzzz"),),
    other_kind=(bend("drn", drn="DSR"), bend("drn", drn=ABSENT), bend("drn", drn="DSX")),
    other_tenant=(bend("iss", iss=f"https://api.descope.com/{PROJECT}"),),
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=(("the refresh token, signed by the same keys", bend("drn", drn="DSR")),),
)
