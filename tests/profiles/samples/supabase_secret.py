"""Supabase: the same token under the project's legacy JWT secret."""

from segue.tokens.algorithms import Algorithm
from tests.migration.issuer import ABSENT
from tests.profiles.sample import Sample, bend
from tests.profiles.samples.supabase import CLAIMS, OTHER_KIND, OTHER_TENANT, SESSION, TRAPS, USER

SAMPLE = Sample(
    profile="supabase-secret",
    claims=CLAIMS,
    header={"kid": ABSENT},
    algorithm=Algorithm.HS256,
    subject=USER,
    session=SESSION,
    other_client=(bend("aud", aud="other"), bend("client_id", client_id="9d3e1f5a")),
    other_kind=OTHER_KIND,
    other_tenant=OTHER_TENANT,
    impersonated=(bend("act", act={"sub": "admin"}),),
    traps=TRAPS,
    also_good=(("a token that names the secret's key", bend("", header={"kid": "Zt0"})),),
)
