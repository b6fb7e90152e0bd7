"""A `[[provider]]` that names a profile: two or three values, and sentences for all that is wrong with them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue import KEYS_ONLY, SHORT_SECRETS, LiveKeys, PinnedFallback, SharedSecrets
from segue.adapters.web import AsyncHttpWeb
from segue.errors import ConfigurationError
from segue.migration.provider import Provider
from segue.profiles import PROFILES, auth0, jwt
from segue.service.checks import Verdict, look_at_provider
from segue.service.policy import policy_of, summary_of
from segue.tokens.algorithms import Algorithm
from tests.service.files import SMALLEST, load

if TYPE_CHECKING:
    from pathlib import Path

AUTH0 = """\
[[provider]]
name = "old"
profile = "auth0"
domain = "acme.eu.auth0.com"
api = "https://api.example.com"
client_ids = ["spa"]
live_check = "keys_only"
"""
JWT = """\
[[provider]]
name = "old"
profile = "jwt"
user_claim = "userId"
must_say = {role = "member"}
live_check = "keys_only"
deadline = 2100-01-01T00:00:00Z
"""
SECRET = "a secret of the old application, long enough"


def provider_of(folder: Path, text: str, environment: dict[str, str] | None = None) -> Provider:
    """The provider that a file makes."""
    (provider,) = load(folder, SMALLEST + text, environment).config.providers
    assert isinstance(provider, Provider)
    return provider


def test_file_and_python_say_the_same(tmp_path: Path) -> None:
    """The values of a file are those of the constructor, beside `profile` or in a table of their own."""
    wanted = auth0(
        name="old",
        domain="acme.eu.auth0.com",
        api="https://api.example.com",
        client_ids={"spa"},
        live_check=KEYS_ONLY,
    )
    assert provider_of(tmp_path, AUTH0) == wanted
    nested = AUTH0.replace('domain = "acme.eu.auth0.com"\n', "") + (
        '[provider.values]\ndomain = "acme.eu.auth0.com"\n'
    )
    assert provider_of(tmp_path, nested) == wanted


def test_policy_of_the_file_counts(tmp_path: Path) -> None:
    """What a profile leaves open is the file's; what it says of times is overruled where the file says so."""
    more = 'maximum_age = "2h"\nuser_id_prefix = "auth0:"\nalgorithms = ["PS256"]\n[provider.keys]\nmax_age = "1m"\n'
    provider = provider_of(tmp_path, AUTH0 + more)
    assert (provider.maximum_age, provider.session_lifetime) == (timedelta(hours=2), timedelta(days=30))
    assert provider.algorithms == {Algorithm.PS256}
    assert isinstance(provider.keys, LiveKeys)
    assert (provider.keys.max_age, provider.keys.jwks_url) == (
        timedelta(minutes=1),
        "https://acme.eu.auth0.com/.well-known/jwks.json",
    )


def test_pinned_keys_of_a_profile(tmp_path: Path) -> None:
    """Keys may be pinned, and the profile's own address asked before them."""
    pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n"
    pem += "q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n-----END PUBLIC KEY-----\n"
    more = (
        f'deadline = 2100-01-01T00:00:00Z\n[provider.keys]\nuse_pinned = "as_fallback"\npem = """{pem}"""\n'
    )
    keys = provider_of(tmp_path, AUTH0 + more).keys
    assert isinstance(keys, PinnedFallback)
    assert keys.live.jwks_url == "https://acme.eu.auth0.com/.well-known/jwks.json"


def test_shared_secrets(tmp_path: Path) -> None:
    """A secret comes from a file, one a line, in its encoding, or from the environment; HS256 unless it is said."""
    secret = tmp_path / "old.secret"
    secret.touch(0o600)
    secret.write_text(f"{SECRET}\n{'o' * 32}\n")
    provider = provider_of(tmp_path, JWT + '[provider.keys]\nsecret_file = "old.secret"\n')
    assert provider.algorithms == {Algorithm.HS256}
    assert provider.keys == SharedSecrets.of(SECRET, "o" * 32)
    assert (
        provider.rules
        == jwt(
            user_claim="userId",
            must_say={"role": "member"},
            name="old",
            live_check=KEYS_ONLY,
            deadline=provider.deadline,
            keys=provider.keys,
        ).rules
    )
    secret.write_text("6f" * 32)
    encoded = provider_of(
        tmp_path, JWT + '[provider.keys]\nsecret_file = "old.secret"\nsecret_encoding = "hex"\n'
    )
    assert encoded.keys == SharedSecrets.of("o" * 32)
    variable = {"SEGUE_PROVIDER_OLD_SECRET": SECRET}
    assert provider_of(tmp_path, JWT, variable).keys == SharedSecrets.of(SECRET)


def test_short_secret_is_accepted_by_name(tmp_path: Path) -> None:
    """A short secret is taken where the file says so, and nowhere else."""
    variable = {"SEGUE_PROVIDER_OLD_SECRET": "short-secret"}
    with pytest.raises(ConfigurationError, match="short_secrets"):
        provider_of(tmp_path, JWT, variable)
    provider = provider_of(tmp_path, JWT + '[provider.keys]\nshort_secrets = "accept"\n', variable)
    assert provider.keys == SharedSecrets.of("short-secret", short=SHORT_SECRETS)


def test_shared_secret_without_a_profile(tmp_path: Path) -> None:
    """A provider that is written out may share a secret as well."""
    text = AUTH0.replace(
        'profile = "auth0"\ndomain = "acme.eu.auth0.com"\napi = "https://api.example.com"\n', ""
    )
    text = text.replace(
        'client_ids = ["spa"]', 'issuers = ["app"]\naudiences = ["api"]\nauthorized_parties = "any"'
    )
    text += "deadline = 2100-01-01T00:00:00Z\n"
    provider = provider_of(tmp_path, text, {"SEGUE_PROVIDER_OLD_SECRET": SECRET})
    assert provider.keys == SharedSecrets.of(SECRET)
    assert provider.algorithms == {Algorithm.HS256}


WRONG = {
    "no such profile": (
        AUTH0.replace('"auth0"', '"autho"'),
        r"provider\[0\].profile is 'autho'.*did you mean auth0",
    ),
    "value missing": (
        AUTH0.replace('domain = "acme.eu.auth0.com"\n', ""),
        "domain is missing: .*acme.eu.auth0.com",
    ),
    "value misspelt": (AUTH0.replace("domain", "domian"), "domian is no setting; did you mean domain"),
    "value of another profile": (
        AUTH0 + '[provider.values]\nrealm = "x"\n',
        "realm is no value of the profile",
    ),
    "wrong kind": (AUTH0.replace('["spa"]', '"spa"'), "client_ids: write a list such as"),
    "wrong value": (AUTH0.replace("acme.", "https://acme."), "provider old: domain is a host name such as"),
    "what the profile knows": (AUTH0 + 'audiences = ["x"]\n', "audiences is what the profile auth0 knows"),
    "where its keys are": (
        AUTH0 + '[provider.keys]\njwks_url = "https://x.example"\n',
        "jwks_url is what the profile knows",
    ),
    "values without a profile": (AUTH0.replace('profile = "auth0"\n', ""), "domain is no setting"),
    "no keys": (JWT, "keys have to be given"),
    "keys that nobody publishes": (JWT + '[provider.keys]\nmax_age = "1m"\n', "publishes no keys"),
    "secret and address": (
        JWT + '[provider.keys]\nsecret_file = "x"\njwks_url = "https://x.example"\n',
        "jwks_url belongs to published keys",
    ),
    "duration that is none": (JWT + 'without_exp_for = "half a day"\n', "without_exp_for: a duration"),
    "texts that are none": (
        JWT.replace('{role = "member"}', "{role = 1}"),
        "must_say: write a table of texts",
    ),
    "short without a secret": (
        AUTH0 + '[provider.keys]\nshort_secrets = "accept"\n',
        "short_secrets belongs to a shared secret",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_values_are_refused_with_what_mends_them(tmp_path: Path, wrong: str) -> None:
    """Each mistake is one sentence that names the place and the remedy."""
    text, sentence = WRONG[wrong]
    with pytest.raises(ConfigurationError, match=sentence):
        load(tmp_path, SMALLEST + text)


def test_file_with_a_secret_that_others_can_read(tmp_path: Path) -> None:
    """A settings file that holds the secret itself is closed to others, or refused; it is not shown."""
    with pytest.raises(ConfigurationError, match="open to other users") as refused:
        load(tmp_path, SMALLEST + JWT + f'[provider.keys]\nsecret = "{SECRET}"\n')
    assert SECRET not in str(refused.value)


def test_effective_policy_names_profile_and_doubts(tmp_path: Path) -> None:
    """`segue doctor` shows which profile is in effect, each of its rules, and what nobody has proven."""
    provider = provider_of(tmp_path, AUTH0)
    rules = policy_of(provider).rules
    assert ("profile", "auth0, not run against the live service") in rules
    assert ("must be there", "scope (text)") in rules
    assert ("not proven", PROFILES["auth0"].unproven[0]) in rules
    assert "provider old" in summary_of(provider)


def test_what_is_given_up_is_named(tmp_path: Path) -> None:
    """Binding by the issuer alone is not called a check that was given up, and a short secret is."""
    variable = {"SEGUE_PROVIDER_OLD_SECRET": "short-secret"}
    policy = policy_of(provider_of(tmp_path, JWT + '[provider.keys]\nshort_secrets = "accept"\n', variable))
    assert any("short" in sentence for sentence in policy.given_up)
    assert not any("audience is not checked" in sentence for sentence in policy.given_up)
    assert (
        "bound by the issuer alone",
        "the secret or key belongs to this application alone",
    ) in policy.rules


def test_doctor_looks_at_shared_secrets(tmp_path: Path) -> None:
    """`segue doctor` says that secrets are there, and fails where their time is over."""

    def findings(more: str) -> list[tuple[Verdict, str]]:
        provider = provider_of(tmp_path, JWT + more, {"SEGUE_PROVIDER_OLD_SECRET": SECRET})

        async def look() -> list[tuple[Verdict, str]]:
            now = datetime(2050, 1, 1, tzinfo=UTC)
            async with AsyncHttpWeb() as web:
                return [(each.verdict, each.text) async for each in look_at_provider(provider, web, now)]

        return asyncio.run(look())

    ((verdict, text),) = findings("")
    assert (verdict, text[:18]) == (Verdict.GOOD, "1 shared secret(s)")
    ((verdict, text),) = findings("[provider.keys]\nnot_after = 2040-01-01T00:00:00Z\n")
    assert (verdict, text[:30]) == (Verdict.BAD, "the shared secret served until")
