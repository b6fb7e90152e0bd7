"""
What no profile accepts, whatever its provider: another client's token, one of another kind or tenant, an impersonated
one, one that is too old, and one that another key signed under this issuer's name.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from msgspec.structs import replace

from segue.errors import ClaimsRefused, SignatureRefused, TokenExpired, TokenNotActive, TokenRefused
from segue.migration.claim_rules import Unwanted
from segue.migration.provider import Provider
from segue.profiles import PROFILES
from tests.profiles.sample import Bend, Sample, ago, bend, key_of, verified

SAMPLES: dict[str, Sample] = {
    path.stem: import_module(f"tests.profiles.samples.{path.stem}").SAMPLE
    for path in sorted((Path(__file__).parent / "samples").glob("*.py"))
    if path.stem != "__init__"
}
EVERY = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def refusals(sample: Sample) -> list[tuple[str, Bend]]:
    """Every bent token that a sample has, with what it is."""
    return [
        *(("another client's", each) for each in sample.other_client),
        *(("of another kind", each) for each in sample.other_kind),
        *(("another tenant's", each) for each in sample.other_tenant),
        *(("impersonated", each) for each in sample.impersonated),
        *(("odd", each) for each in sample.odd),
        *sample.traps,
    ]


REFUSED = [
    pytest.param(sample, each, id=f"{name}-{number}-{what}")
    for name, sample in SAMPLES.items()
    for number, (what, each) in enumerate(refusals(sample))
]
TAKEN = [
    pytest.param(sample, each, id=f"{name}-{what}")
    for name, sample in SAMPLES.items()
    for what, each in sample.also_good
]


def test_every_profile_has_a_sample() -> None:
    """No profile goes without tokens as its provider makes them, and each sample names somebody of every sort."""
    assert {sample.profile for sample in SAMPLES.values()} == set(PROFILES)
    for name, sample in SAMPLES.items():
        sorts = (sample.other_client, sample.other_kind, sample.other_tenant, sample.impersonated)
        assert all(sorts), name


@EVERY
def test_good_token(sample: Sample) -> None:
    """The token that the provider's documentation describes is taken, for its user and of its sign-in."""
    identity = verified(sample.token(), sample.provider())
    assert (identity.subject, identity.provider_session_id) == (sample.subject, sample.session)


@pytest.mark.parametrize(("sample", "how"), TAKEN)
def test_other_good_token(sample: Sample, how: Bend) -> None:
    """What differs between versions and settings of a provider does no harm."""
    assert verified(sample.token(how), sample.provider()).subject == sample.subject


@pytest.mark.parametrize(("sample", "how"), REFUSED)
def test_t1_t2_token_that_is_not_ours_to_take(sample: Sample, how: Bend) -> None:
    """A token of another client, kind or tenant, an impersonated one, or a trap, is refused for that claim (T1, T2)."""
    with pytest.raises((ClaimsRefused, TokenExpired, TokenNotActive)) as refused:
        verified(sample.token(how), sample.provider())
    assert str(refused.value.args[0]).partition(" → ")[0] == how.wrong


@EVERY
def test_t6_key_of_another_provider(sample: Sample) -> None:
    """A token in this issuer's name that another provider's key signed is refused (T6)."""
    with pytest.raises(SignatureRefused):
        verified(sample.token(private=key_of(sample.algorithm, "another")), sample.provider())


@EVERY
def test_t12_older_than_its_maximum(sample: Sample) -> None:
    """A token is refused from its maximum age on, whatever its own end says (T12)."""
    provider = sample.provider()
    limit = (provider.maximum_age + provider.leeway).total_seconds()
    times = provider.rules.times
    unit = times.unit.value
    young, old = (
        bend(
            "",
            **{
                times.issued: ago(age) * unit,
                "nbf": ago(age),
                times.expires: ago(-99_999) * unit,
                "auth_time": _or(sample, age),
            },
        )
        for age in (limit - 1, limit)
    )
    assert verified(sample.token(_kept(sample, young)), provider).subject == sample.subject
    with pytest.raises(TokenExpired):
        verified(sample.token(_kept(sample, old)), provider)


def _or(sample: Sample, age: float) -> int:
    return min(ago(age), int(sample.claims.get("auth_time", ago(age))))


def _kept(sample: Sample, how: Bend) -> Bend:
    """Without the claims that the provider's tokens do not have."""
    names = sample.claims.keys()
    return Bend(claims={name: value for name, value in how.claims.items() if name in names}, wrong="")


@EVERY
def test_t3_unsigned(sample: Sample) -> None:
    """An unsigned token, as emulators make them, is refused whatever it says (T3)."""
    _, payload, _ = sample.token().split(".")
    with pytest.raises(TokenRefused):
        verified(f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.", sample.provider())


@EVERY
@pytest.mark.parametrize(
    "text", ["v2.local.opaque", "ory_at_opaque", "a.b.c.d.e", "eyJhbGciOiJkaXIifQ..iv.c.tag", ""]
)
def test_opaque_and_encrypted_tokens(sample: Sample, text: str) -> None:
    """An opaque or encrypted token, such as one that was asked for without an API, is refused and asks nobody."""
    with pytest.raises(TokenRefused):
        verified(text, sample.provider())


@EVERY
def test_who_is_admitted_by_name(sample: Sample) -> None:
    """Only whom a profile offers to let in can be let in, and then nobody else besides."""
    profile = PROFILES[sample.profile]
    for unwanted in Unwanted:
        admit = frozenset({unwanted})
        if unwanted not in profile.admissible:
            with pytest.raises(Exception, match="cannot be admitted"):
                sample.provider(admit=admit)
            continue
        provider = sample.provider(admit=admit)
        marks = [mark for mark in sample.provider().rules.refused if mark.because is unwanted]
        assert marks
        assert not any(mark in provider.rules.refused for mark in marks)
        for _, how in refusals(sample):
            if how.wrong not in {
                str(mark.path if isinstance(mark.path, str) else mark.path[0]) for mark in marks
            }:
                with pytest.raises(TokenRefused):
                    verified(sample.token(how), provider)


GLOBAL = frozenset({"act", "impersonator_user_id", "purpose"})
"""Refused of every provider, so that a profile's own rule says the same once more."""


@EVERY
def test_every_rule_of_a_profile_is_what_refuses_some_token(sample: Sample) -> None:
    """Each rule of a profile refuses a token of its sample that nothing else would: none is there for show."""
    provider = sample.provider()
    bent = [how for _, how in refusals(sample)]
    for label in ("required", "one_of", "refused", "refused_headers"):
        rules = getattr(provider.rules, label)
        for position, rule in enumerate(rules):
            if rule.path in GLOBAL:
                continue
            fewer = replace(provider.rules, **{label: rules[:position] + rules[position + 1 :]})
            softer = replace(provider, rules=fewer)
            assert any(passes(sample.token(how), softer) for how in bent), f"nothing tests {label} {rule}"


def passes(text: str, provider: Provider) -> bool:
    """Whether a token is taken."""
    try:
        verified(text, provider)
    except TokenRefused:
        return False
    return True
