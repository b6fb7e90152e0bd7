"""Wrong or missing values of a profile are refused when it is built, with the sentence that mends them (T24)."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any, get_args, get_type_hints

import pytest

from segue.errors import ClaimsRefused, ConfigurationError, TokenExpired
from segue.migration.binding import ANY_AUDIENCE
from segue.migration.endings import Ending
from segue.migration.key_sources import KeyForm, LiveKeys, live_part
from segue.migration.policy import ProviderPolicy
from segue.migration.provider import Provider
from segue.migration.shared_secrets import SharedSecrets
from segue.migration.user_state import KEYS_ONLY
from segue.profiles import PROFILES, Policy, ValueKind
from segue.profiles.model import Profile
from segue.tokens.algorithms import Algorithm
from tests.migration.issuer import ABSENT, LATE
from tests.profiles.sample import ago, bend, keys_of, verified
from tests.profiles.samples import entra as entra_sample
from tests.profiles.samples import jwt as jwt_sample
from tests.profiles.samples import keycloak as keycloak_sample
from tests.profiles.samples import okta as okta_sample
from tests.profiles.samples import stytch as stytch_sample
from tests.profiles.samples import supabase as supabase_sample
from tests.profiles.samples import supertokens as supertokens_sample

EVERY = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


def built(profile: str, **changes: Any) -> Provider:
    """A provider by the examples of a profile, with values changed; None leaves one out."""
    known = PROFILES[profile]
    values: dict[str, Any] = {value.name: value.example for value in known.values if value.required}
    given = {"live_check": KEYS_ONLY, "deadline": LATE, **values, **changes}
    if known.keys_given:
        given.setdefault("keys", SharedSecrets.of(b"s" * 32))
    return known.make(**{name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(
    ("profile", "changes", "mend"),
    [
        (
            "auth0",
            {"domain": "https://acme.eu.auth0.com/"},
            "domain is a host name such as acme.eu.auth0.com",
        ),
        ("auth0", {"domain": "Acme.eu.auth0.com"}, "in lower case"),
        ("auth0", {"domain": ""}, "domain is a host name"),
        ("auth0", {"api": ""}, "api is a text such as https://api.example.com"),
        ("auth0", {"api": " https://api.example.com"}, "exactly as it stands"),
        ("auth0", {"client_ids": "spa"}, "client_ids is a list"),
        ("auth0", {"client_ids": ()}, "client_ids names nobody"),
        ("auth0", {"client_ids": ("*",)}, "client_ids is a text"),
        ("auth0", {"live_check": None}, "live_check=KEYS_ONLY"),
        ("cognito", {"region": "Frankfurt"}, "region is a text such as eu-central-1"),
        ("cognito", {"user_pool_id": "us-east-1_AbCdEfGhI"}, "begins with the region"),
        ("cognito", {"token": "refresh"}, "token is one of access, id"),
        ("firebase", {"project_id": "123456789012"}, "the id, not the number"),
        ("okta", {"domain": "acme.okta.com/oauth2"}, "without a slash"),
        ("keycloak", {"server": "https://sso.example.com/"}, "no slash at the end"),
        ("keycloak", {"server": "sso.example.com"}, "https"),
        ("keycloak", {"server": "http://sso.example.com"}, "https"),
        ("entra", {"directory_ids": ("common",)}, "directory_ids is a text such as"),
        ("entra", {"api": ("https://graph.microsoft.com",)}, "names Microsoft Graph"),
        ("b2c", {"policy_claim": "acr_values"}, "policy_claim is one of tfp, acr"),
        ("clerk", {"origins": ("https://app.example.com/",)}, "no path and no slash"),
        ("clerk", {"origins": ("app.example.com",)}, "scheme and host"),
        ("supabase", {"issuer": "https://abc.supabase.co/auth/v1/"}, "no slash at the end"),
        ("supabase", {"assurance": "mfa"}, "assurance is one of aal1, aal2"),
        ("workos", {"client_id": "01HBEQ"}, "client_id is a text such as client_"),
        ("stytch", {"project_id": "live"}, "project_id is a text"),
        ("stytch", {"product": "b2c"}, "product is one of consumer, b2b"),
        ("descope", {"issuers": ()}, "issuers names nobody"),
        ("fusionauth", {"fusionauth_tenant": "default"}, "the tenant's UUID"),
        ("zitadel", {"project_id": "shop"}, "project_id is a text"),
        ("hydra", {"issuer": "auth.example.com"}, "https"),
        ("jwt", {"user_claim": ""}, "user_claim is a text such as userId"),
        ("jwt", {"user_claim": "email"}, "somebody else's tomorrow"),
        ("jwt", {"must_say": {"role": ""}}, "names claims and their exact texts"),
        ("jwt", {"without_exp_for": timedelta(hours=25)}, "at most maximum_age"),
        ("jwt", {"without_exp_for": timedelta(0)}, "must be positive"),
        ("jwt", {"deadline": None}, "shared secret without an end"),
        ("supertokens", {"old_tenants": ()}, "old_tenants names nobody"),
    ],
    ids=str,
)
def test_t24_wrong_value(profile: str, changes: dict[str, Any], mend: str) -> None:
    """A value that cannot be right is refused, and the sentence says what is (T24)."""
    built(profile)
    with pytest.raises(ConfigurationError, match=mend):
        built(profile, **changes)


@pytest.mark.parametrize(
    "profile", [each for each in PROFILES.values() if each.keys_given], ids=lambda each: each.id
)
def test_t24_keys_that_have_to_be_given(profile: Profile) -> None:
    """Where nobody publishes the keys, they have to be given, and the sentence says how (T24)."""
    with pytest.raises(ConfigurationError, match=r"SharedSecrets\.of"):
        profile.make(
            **{value.name: value.example for value in profile.values if value.required}, live_check=KEYS_ONLY
        )


@EVERY
def test_values_are_those_of_the_constructor(profile: Profile) -> None:
    """What a profile says of its values is what its constructor takes: names, and which have to be given."""
    parameters = inspect.signature(profile.make).parameters
    taken = {
        name: parameter.default is inspect.Parameter.empty
        for name, parameter in parameters.items()
        if name not in {"name", "policy"}
    }
    assert {value.name: value.required for value in profile.values} == taken
    assert parameters["name"].default == profile.id
    assert all(value.kind is not ValueKind.TEXT or isinstance(value.example, str) for value in profile.values)


@EVERY
def test_profile_says_what_a_page_needs(profile: Profile) -> None:
    """Every profile has its words, an end for the age of its tokens, and endings that can be configured."""
    for text in (
        profile.presents,
        profile.browser,
        profile.binds_by,
        profile.kind_test,
        profile.session,
        profile.ending,
    ):
        assert text
    assert timedelta(0) < profile.maximum_age <= timedelta(hours=24)
    assert set(profile.ends_with) <= set(get_args(Ending))


@EVERY
def test_live_keys_are_on_a_known_host(profile: Profile) -> None:
    """Keys are asked for over https, and as certificates where the provider publishes those."""
    source = live_part(built(profile.id).keys)
    assert (source is None) == profile.keys_given
    if source is not None and source.jwks_url is not None:
        assert source.jwks_url.startswith("https://")
        assert (source.form is KeyForm.CERTIFICATES) == profile.id.startswith("firebase")


def test_policy_is_that_of_every_provider() -> None:
    """What a profile leaves to its user is everything of a `Provider` that is not a fact of the provider."""
    jwts = {"keys", "algorithms", "introspection", "back_channel_logout"}
    own = {*ProviderPolicy.__struct_fields__, *jwts, "admit"} - {"name"}
    assert set(get_type_hints(Policy)) == own


# --- what single values change ----------------------------------------------------------------------------------------


def test_entra_several_directories() -> None:
    """Users of each directory come under its own issuer and id; the subjects of both stay apart."""
    sample = entra_sample.SAMPLE
    both = (entra_sample.DIRECTORY, entra_sample.OTHER)
    provider = sample.provider(directory_ids=both)
    moved = bend("", iss=entra_sample.ISSUER.replace(*both), tid=entra_sample.OTHER)
    assert verified(sample.token(moved), provider).subject == f"{entra_sample.OTHER}:{entra_sample.USER}"
    with pytest.raises(ClaimsRefused, match="tid"):
        verified(sample.token(bend("tid", tid=entra_sample.OTHER)), provider)


def test_keycloak_audience() -> None:
    """Where an audience mapper is named, another audience is refused."""
    sample = keycloak_sample.SAMPLE
    provider = sample.provider(audience="shop-api")
    assert verified(sample.token(bend("", aud=["account", "shop-api"])), provider).subject == sample.subject
    with pytest.raises(ClaimsRefused, match="aud"):
        verified(sample.token(), provider)
    assert sample.provider().audiences is ANY_AUDIENCE


def test_supabase_assurance() -> None:
    """Where a second factor is due, a session with one is not enough."""
    sample = supabase_sample.SAMPLE
    provider = sample.provider(assurance="aal2")
    assert verified(sample.token(bend("", aal="aal2")), provider).subject == sample.subject
    for wrong in ("aal1", ABSENT):
        with pytest.raises(ClaimsRefused, match="aal"):
            verified(sample.token(bend("aal", aal=wrong)), provider)


def test_supabase_sign_in_is_the_first_factor() -> None:
    """The sign-in is the earliest time in `amr`, so that a second factor does not stretch the session (T10)."""
    sample = supabase_sample.SAMPLE
    factors = [{"method": "totp", "timestamp": ago(30)}, {"method": "password", "timestamp": ago(6000)}]
    identity = verified(sample.token(bend("", amr=factors)), sample.provider())
    assert identity.authenticated_at.timestamp() == ago(6000)


def test_stytch_for_organizations() -> None:
    """For organizations a member of one comes, and nobody else; the keys are those of that product."""
    sample = stytch_sample.SAMPLE
    provider = sample.provider(product="b2b")
    organization = {"https://stytch.com/organization": {"organization_id": "organization-live-1"}}
    member = bend("", sub="member-live-1", **organization)
    assert verified(sample.token(member), provider).subject == "member-live-1"
    for wrong in (bend("", sub="member-live-1"), bend("", **organization)):
        with pytest.raises(ClaimsRefused):
            verified(sample.token(wrong), provider)
    live = live_part(
        built("stytch", product="b2b", project_id=stytch_sample.PROJECT.replace("live", "test")).keys
    )
    assert isinstance(live, LiveKeys)
    assert live.jwks_url is not None
    assert live.jwks_url.startswith("https://test.stytch.com/v1/b2b/sessions/jwks/")


def test_stytch_session_ends_with_the_old_one() -> None:
    """The session claim says when the sign-in was and when it ends."""
    sample = stytch_sample.SAMPLE
    identity = verified(sample.token(), sample.provider())
    assert identity.session_ends_at is not None
    assert identity.session_ends_at.isoformat() == "2026-11-24T11:50:00+00:00"
    assert identity.authenticated_at.isoformat() == "2026-11-23T11:50:00+00:00"


def test_t8_renewed_token_is_the_same_sign_in() -> None:
    """Okta names no session: its time of sign-in does, so that a renewed token buys no second session (T8)."""
    sample = okta_sample.SAMPLE
    first, renewed = (
        verified(sample.token(bend("", jti=f"AT.{number}", iat=ago(number))), sample.provider())
        for number in (40, 30)
    )
    assert first.one_sign_in_at_a_time
    assert first.authenticated_at == renewed.authenticated_at


@EVERY
@pytest.mark.parametrize("wrong", [None, 5, True, b"text", [5], [None]], ids=str)
def test_value_that_is_no_text(profile: Profile, wrong: object) -> None:
    """What is no text at all, such as a variable that is not set, is refused like every other wrong value."""
    given = {value.name: value.example for value in profile.values if value.required}
    texts = [value for value in profile.values if value.kind in {ValueKind.TEXT, ValueKind.TEXTS}]
    for value in texts:
        if wrong is not None or value.required:
            policy = {"live_check": KEYS_ONLY, "deadline": LATE, "keys": keys_of(Algorithm.RS256)}
            with pytest.raises(ConfigurationError, match=value.name):
                profile.make(**{**policy, **given, value.name: wrong})


def test_jwt_without_end() -> None:
    """A home-made token without `exp` is taken as long as is said, and no longer."""
    sample = jwt_sample.SAMPLE
    provider = sample.provider(without_exp_for=timedelta(hours=2))
    assert verified(sample.token(bend("", exp=ABSENT, iat=ago(7000))), provider).subject == "42"
    with pytest.raises(TokenExpired):
        verified(sample.token(bend("", exp=ABSENT, iat=ago(7300))), provider)
    with pytest.raises(ClaimsRefused, match="iat"):
        verified(sample.token(bend("", exp=ABSENT, iat=ABSENT)), provider)


def test_jwt_without_issue() -> None:
    """A home-made token without `iat` was made its whole life before its end, if somebody says how long that is."""
    sample = jwt_sample.SAMPLE
    bare = bend("", iat=ABSENT, exp=ago(-600))
    with pytest.raises(ClaimsRefused, match="iat"):
        verified(sample.token(bare), sample.provider())
    identity = verified(sample.token(bare), sample.provider(token_lifetime=timedelta(hours=1)))
    assert identity.issued_at.timestamp() == ago(3000)


def test_jwt_with_issuer_audience_and_a_public_key() -> None:
    """A home-made token under a key pair is bound by its issuer and audience where it has them."""
    sample = jwt_sample.SAMPLE
    named: dict[str, Any] = {
        "issuer": "https://app.example.com",
        "audience": "app",
        "session_claims": ("sid",),
    }
    provider = sample.provider(**named)
    good = bend("", iss="https://app.example.com", aud="app", sid="s")
    assert verified(sample.token(good), provider).provider_session_id == "s"
    for wrong in ({"iss": "https://other.example.com"}, {"iss": ABSENT}, {"aud": "other"}, {"aud": ABSENT}):
        with pytest.raises(ClaimsRefused):
            verified(sample.token(bend("", **{**good.claims, **wrong})), provider)
    assert sample.provider(keys=keys_of(Algorithm.RS256)).algorithms >= {Algorithm.RS256, Algorithm.ES256}


def test_supertokens_with_issuer_and_tenants() -> None:
    """An older core's back end may set an issuer, and users of named tenants come."""
    sample = supertokens_sample.SAMPLE
    provider = sample.provider(issuer="https://api.example.com/auth", old_tenants=("public", "acme"))
    good = bend("", iss="https://api.example.com/auth", tId="acme")
    assert verified(sample.token(good), provider).subject == sample.subject
    with pytest.raises(ClaimsRefused, match="iss"):
        verified(sample.token(), provider)
