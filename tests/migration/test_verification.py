"""What a previous provider's token must say: each wrong thing alone is enough to refuse it."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import (
    ClaimsRefused,
    KeyUnknown,
    MigrationClosed,
    SignatureRefused,
    TokenExpired,
    TokenMalformed,
    TokenNotActive,
    TokenRefused,
)
from segue.flow import drive, performer
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.credential import BearerToken
from segue.migration.key_sources import PinnedKeys
from segue.migration.model import Identity
from segue.migration.provider import CredentialKind, Provider
from segue.migration.verifying import Migration, Verified, verify
from segue.tokens import base64url
from segue.tokens.algorithms import Algorithm, SharedSecret
from segue.tokens.jwk import key_from_pem, public_jwk
from segue.tokens.keys import KeySet
from tests.migration.issuer import (
    ABSENT,
    API,
    ISSUER,
    LATE,
    NOW,
    PAGE,
    claims,
    key,
    provider,
    published,
    seconds,
    signed,
    token,
    verified,
)

ID_TOKEN = CredentialKind.ID_TOKEN
MILLISECOND = timedelta(milliseconds=1)
LEEWAY = timedelta(seconds=10)


def id_provider(**changes: Any) -> Provider:
    """The provider, configured for ID tokens: their audience is the page."""
    return provider(**{"credential": ID_TOKEN, "audiences": frozenset({PAGE}), **changes})


def id_claims(**changes: Any) -> dict[str, Any]:
    """What a good ID token says."""
    return claims(**{"aud": PAGE, "azp": ABSENT, "nonce": "n", "at_hash": "h", **changes})


def same_user(_identity: Identity) -> str:
    """A mapping of the application's own."""
    return "user"


def proved(text: str, configured: Migration, *, now: datetime) -> Verified:
    """What the flow says of a token."""
    return drive(verify(BearerToken(text=text), configured, now=now), performer({}))


def migration(*providers: Provider) -> Migration:
    """Providers with pinned keys."""
    return Migration(providers=providers, key_caches={}, version="test")


# --- good tokens -----------------------------------------------------------------------------------------------------


def test_good_access_token() -> None:
    """A good token becomes an identity of issuer, subject, sign-in, times and the provider's tenant."""
    identity = verified(token())
    assert (identity.provider, identity.issuer, identity.subject) == ("old", ISSUER, "alice")
    assert (identity.provider_session_id, identity.token_id, identity.tenant_id) == (
        "sign-in-1",
        "token-1",
        "public",
    )
    assert identity.issued_at == NOW - timedelta(minutes=1)
    assert identity.authenticated_at == NOW - timedelta(hours=1)
    assert identity.expires_at == NOW + timedelta(minutes=9)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [API, "https://other.example"]},
        {"azp": ABSENT, "client_id": PAGE},
        {"client_id": PAGE},
        {"typ": "Bearer", "nonce": "n"},
        {"token_use": "access", "nonce": "n"},
        {"token_type": "access"},
        {"auth_time": ABSENT},
        {"sid": ABSENT, "jti": ABSENT},
        {"iat": seconds(NOW) - 60.75},
        {"exp": 253_402_300_799},
    ],
    ids=str,
)
def test_good_access_tokens_of_other_makes(changes: dict[str, Any]) -> None:
    """What providers differ in does no harm, up to the last second of the calendar."""
    assert verified(token(**changes)).subject == "alice"


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", ABSENT], ids=str)
def test_header_types(kind: object) -> None:
    """The type in the header has any case and may have the long form; a missing one counts as JWT."""
    assert verified(signed(claims(), header={"typ": kind})).subject == "alice"


def test_good_id_tokens() -> None:
    """An ID token is taken where it is the configured kind: with one audience, or with the page as azp."""
    assert verified(signed(id_claims()), by=id_provider()).subject == "alice"
    declared = id_provider(audiences=frozenset({PAGE, "project"}))
    assert verified(signed(id_claims(aud=[PAGE, "project"], azp=PAGE)), by=declared).subject == "alice"


# --- T1, T2: for whom, and which kind --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"aud": "https://other.example"}, "aud"),
        ({"aud": API + "/"}, "aud"),
        ({"aud": API.upper()}, "aud"),
        ({"aud": ABSENT}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": [API, 7]}, "aud"),
        ({"aud": {API: True}}, "aud"),
        ({"aud": [API] * 65}, "aud"),
        ({"azp": "other"}, "azp"),
        ({"azp": ABSENT}, "azp"),
        ({"azp": None}, "azp"),
        ({"azp": [PAGE]}, "azp"),
        ({"azp": None, "client_id": PAGE}, "azp"),
        ({"azp": ABSENT, "client_id": "other"}, "azp"),
        ({"client_id": "other"}, "azp"),
        ({"azp": "other", "client_id": PAGE}, "azp"),
    ],
    ids=str,
)
def test_t1_audience_confusion(changes: dict[str, Any], wrong: str) -> None:
    """A token for another audience or given to another client of the issuer buys nothing (T1)."""
    with pytest.raises(ClaimsRefused) as refused:
        verified(token(**changes))
    assert refused.value.args[0] == wrong


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"aud": [PAGE, "stranger"]}, "aud"),
        ({"aud": [PAGE, "stranger"], "azp": PAGE}, "aud"),
        ({"aud": "stranger", "azp": PAGE}, "aud"),
        ({"aud": [PAGE, "project"]}, "azp"),
        ({"aud": [PAGE, "project"], "azp": "project"}, "azp"),
        ({"aud": PAGE, "azp": "stranger"}, "azp"),
        ({"aud": PAGE, "azp": None}, "azp"),
    ],
    ids=str,
)
def test_t1_id_token_for_several_audiences(changes: dict[str, Any], wrong: str) -> None:
    """An ID token names only declared audiences, and with several of them the page as azp (T1, OIDC Core §3.1.3.7)."""
    with pytest.raises(ClaimsRefused) as refused:
        verified(signed(id_claims(**changes)), by=id_provider(audiences=frozenset({PAGE, "project"})))
    assert refused.value.args[0] == wrong


def test_t1_one_binding_given_up_leaves_the_other() -> None:
    """Without an audience check the client still counts, and the other way round (T1)."""
    any_audience = provider(audiences=ANY_AUDIENCE)
    assert verified(token(aud=ABSENT), by=any_audience).subject == "alice"
    with pytest.raises(ClaimsRefused):
        verified(token(aud=ABSENT, azp="other"), by=any_audience)
    any_party = provider(authorized_parties=ANY_PARTY)
    assert verified(token(azp=ABSENT), by=any_party).subject == "alice"
    with pytest.raises(ClaimsRefused):
        verified(token(aud="other"), by=any_party)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"nonce": "n"}, "nonce"),
        ({"at_hash": "h"}, "nonce"),
        ({"c_hash": "h"}, "nonce"),
        ({"s_hash": "h"}, "nonce"),
        ({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}, "events"),
        ({"token_use": "id"}, "token_use"),
        ({"token_use": None}, "token_use"),
        ({"typ": "ID"}, "typ"),
        ({"typ": "Refresh"}, "typ"),
        ({"typ": "Offline"}, "typ"),
        ({"typ": "Logout"}, "typ"),
        ({"typ": ["Bearer"]}, "typ"),
        ({"token_type": "refresh"}, "token_type"),
        ({"token_type": {}}, "token_type"),
        ({"purpose": "password-reset"}, "purpose"),
        ({"act": {"sub": "support"}}, "act"),
        ({"may_act": {"sub": "support"}}, "may_act"),
        ({"impersonator_user_id": "support"}, "impersonator_user_id"),
        ({"cnf": {"jkt": "thumbprint"}}, "cnf"),
        ({"gty": "client-credentials"}, "gty"),
        ({"gty": ["password", "client_credentials"]}, "gty"),
        ({"sub": PAGE}, "sub"),
        ({"azp": ABSENT, "client_id": PAGE, "sub": PAGE}, "sub"),
        ({"azp": PAGE, "client_id": "robot", "sub": "robot"}, "sub"),
        ({"sub": ABSENT}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "a" * 513}, "sub"),
        ({"sub": "alice\n"}, "sub"),
        ({"sid": 7}, "sid"),
        ({"jti": ""}, "jti"),
    ],
    ids=str,
)
def test_t2_type_substitution(changes: dict[str, Any], wrong: str) -> None:
    """An ID, logout, refresh, machine, support, one-purpose or key-bound token is no user's access token (T2)."""
    with pytest.raises(ClaimsRefused) as refused:
        verified(token(**changes))
    assert refused.value.args[0] == wrong


@pytest.mark.parametrize(
    "kind", ["logout+jwt", "secevent+jwt", "dpop+jwt", "", "at+jwt ", None, 7, ["JWT"]], ids=str
)
def test_t2_header_type_of_another_kind(kind: object) -> None:
    """A type in the header that is not accepted by configuration refuses the token (T2, RFC 8725 §3.11)."""
    with pytest.raises(ClaimsRefused, match="typ"):
        verified(signed(claims(), header={"typ": kind}))


@pytest.mark.parametrize(
    ("changes", "header"),
    [
        ({}, {"typ": "at+jwt"}),
        ({"typ": "Bearer"}, {}),
        ({"token_use": "access"}, {}),
        ({"token_type": "Bearer"}, {}),
        ({"aud": API}, {}),
        ({"events": {}}, {}),
    ],
    ids=str,
)
def test_t2_access_token_where_an_id_token_belongs(changes: dict[str, Any], header: dict[str, Any]) -> None:
    """Where ID tokens are presented, nothing else is taken for one (T2)."""
    with pytest.raises(ClaimsRefused):
        verified(signed(id_claims(**changes), header=header), by=id_provider())


def test_t2_required_claim_missing() -> None:
    """A claim that configuration demands must be there with exactly that text (T2)."""
    rules = provider(required_claims=(("role", "member"),))
    assert verified(token(role="member"), by=rules).subject == "alice"
    for role in (ABSENT, "admin", ["member"], None):
        with pytest.raises(ClaimsRefused, match="role"):
            verified(token(role=role), by=rules)


def test_t2_machine_behind_another_user_claim() -> None:
    """A machine does not become a user because the user id is read from another claim (T2)."""
    rules = provider(user_claim="uid")
    assert verified(token(uid="u1"), by=rules).subject == "u1"
    with pytest.raises(ClaimsRefused, match="sub"):
        verified(token(uid=PAGE), by=rules)


# --- T3, T4: algorithms and keys -------------------------------------------------------------------------------------


def test_t3_public_key_as_hmac_secret() -> None:
    """An HMAC made with the text of the public RSA key is refused (T3)."""
    private = rsa.generate_private_key(65537, 2048)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    rules = provider(keys=PinnedKeys.from_pem(pem, key_id="k1", not_after=LATE))
    genuine = signed(claims(), private=private, algorithm=Algorithm.RS256)
    assert verified(genuine, by=rules).subject == "alice"
    forged = signed(claims(), private=SharedSecret(secret=pem), algorithm=Algorithm.HS256)
    with pytest.raises(SignatureRefused):
        verified(forged, by=rules)


@pytest.mark.parametrize("name", ["none", "None", "nOnE", "none "])
def test_t3_unsigned(name: str) -> None:
    """`none` in any spelling, with or without a signature, is refused (T3)."""
    _, payload, signature = token().split(".")
    header = base64url.encode(json.dumps({"alg": name, "kid": "k1"}).encode()).decode()
    for text in (f"{header}.{payload}.", f"{header}.{payload}.{signature}"):
        with pytest.raises(TokenMalformed):
            verified(text)


@pytest.mark.parametrize("name", ["es256", "ES256K", "ES384", "RS256", "PS256", "EdDSA", "HS256"])
def test_t3_header_names_another_algorithm(name: str) -> None:
    """The header cannot talk a key into another algorithm or curve (T3)."""
    _, payload, signature = token().split(".")
    header = base64url.encode(json.dumps({"alg": name, "kid": "k1"}).encode()).decode()
    with pytest.raises(SignatureRefused):
        verified(f"{header}.{payload}.{signature}")


def test_t3_algorithm_outside_the_allow_list() -> None:
    """A good signature of a good key is refused when configuration does not allow its algorithm (T3)."""
    with pytest.raises(SignatureRefused):
        verified(token(), by=provider(algorithms=frozenset({Algorithm.RS256})))


def test_t3_critical_header() -> None:
    """A header extension that we must understand and do not is refused (T3, RFC 7515 §4.1.11)."""
    header = json.dumps({"alg": "ES256", "kid": "k1", "crit": ["exp"], "exp": 1}).encode()
    _, payload, signature = token().split(".")
    with pytest.raises(TokenMalformed):
        verified(f"{base64url.encode(header).decode()}.{payload}.{signature}")


def test_t4_key_brought_by_the_token() -> None:
    """A key or an address of keys in the header is never used (T4)."""
    thief = ec.generate_private_key(ec.SECP256R1())
    own = public_jwk(thief.public_key(), key_id="k1", algorithm=Algorithm.ES256)
    brought = {
        "jwk": own,
        "jku": "https://thief.example/keys",
        "x5u": "https://thief.example/x",
        "x5c": ["AAAA"],
    }
    with pytest.raises(SignatureRefused):
        verified(signed(claims(), header=brought, private=thief))
    assert verified(signed(claims(), header=brought)).subject == "alice"


@pytest.mark.parametrize(
    ("key_id", "refusal"),
    [
        ("../../../dev/null", KeyUnknown),
        ("k1' OR '1'='1", KeyUnknown),
        ("https://thief.example/key", KeyUnknown),
        ("", KeyUnknown),
        ("K1", KeyUnknown),
        ("k1\x00", TokenMalformed),
        ("k" * 257, TokenMalformed),
        (None, TokenMalformed),
        (["k1"], TokenMalformed),
    ],
    ids=repr,
)
def test_t4_key_id_injection(key_id: object, refusal: type[TokenRefused]) -> None:
    """A key id is compared letter by letter and leads nowhere else (T4)."""
    header = json.dumps({"alg": "ES256", "kid": key_id}).encode()
    _, payload, signature = token().split(".")
    with pytest.raises(refusal):
        verified(f"{base64url.encode(header).decode()}.{payload}.{signature}")


def test_signature_of_another_payload() -> None:
    """Claims that were changed after signing are refused."""
    header, _, signature = token().split(".")
    bent = base64url.encode(json.dumps(claims(sub="mallory")).encode()).decode()
    with pytest.raises(SignatureRefused):
        verified(f"{header}.{bent}.{signature}")


# --- T6: which issuer ------------------------------------------------------------------------------------------------


def test_t6_issuer_signed_by_another_issuers_key() -> None:
    """A provider's token is verified with that provider's keys, although another's key has the same id (T6)."""
    other = "https://other.example"
    both = migration(
        provider(), provider(name="other", issuers=(other,), keys=published(other), map_user=same_user)
    )
    mixed = signed(claims(iss=ISSUER), private=key(other))
    with pytest.raises(SignatureRefused):
        proved(mixed, both, now=NOW)
    for issuer in (ISSUER, other):
        good = signed(claims(iss=issuer), private=key(issuer))
        identity = proved(good, both, now=NOW).identity
        assert proved(good, both, now=NOW).provider.issuers == (identity.issuer,) == (issuer,)


@pytest.mark.parametrize(
    "issuer",
    [
        ISSUER + "/",
        ISSUER[:-1],
        ISSUER.upper(),
        " " + ISSUER,
        ISSUER + "\x00",
        "",
        7,
        None,
        [ISSUER],
        ABSENT,
        "x" * 513,
    ],
    ids=str,
)
def test_t6_issuer_that_is_not_exactly_ours(issuer: object) -> None:
    """An issuer is compared letter by letter: a slash more or less is another one (T6)."""
    text = token(iss=issuer)
    with pytest.raises(ClaimsRefused, match="iss"):
        proved(text, migration(provider()), now=NOW)
    with pytest.raises(ClaimsRefused, match="iss"):
        verified(text)


def test_t18_unacceptable_algorithm_asks_nobody_for_keys() -> None:
    """A token that no key could verify is refused before any key is fetched (T18)."""
    _, payload, signature = token().split(".")
    header = base64url.encode(b'{"alg":"HS256","kid":"unknown"}').decode()
    with pytest.raises(SignatureRefused):
        proved(f"{header}.{payload}.{signature}", migration(provider()), now=NOW)


# --- T19: sizes and numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'"alice"',
        b"\xff\xfe",
        b'{"iss":"https://old.example","iss":"https://old.example"}',
        b'{"a":' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b'{"exp":1e999}',
        b'{"exp":' + b"9" * 5000 + b"}",
        b'{"sub":"\\ud800"}',
    ],
    ids=lambda payload: repr(payload[:20]),
)
def test_t19_payload_that_is_not_strict_json(payload: bytes) -> None:
    """A payload that is deep, huge, doubled, not finite or no object is malformed (T19)."""
    with pytest.raises(TokenMalformed):
        verified(signed(payload))


def test_t19_token_too_long() -> None:
    """A token over 8 KiB is refused before anything of it is decoded (T19)."""
    with pytest.raises(TokenMalformed, match="longer"):
        verified(token(padding="x" * 8192))


@pytest.mark.parametrize("name", ["iat", "exp", "nbf", "auth_time"])
@pytest.mark.parametrize(
    "value",
    [True, "1763899200", None, [], -1, -0.5, 253_402_300_800, 1e300, 10**400],
    ids=lambda value: str(value)[:12],
)
def test_t19_time_that_is_none(name: str, value: object) -> None:
    """A time must be a number of seconds within the calendar (T19, RFC 7519 §2)."""
    with pytest.raises(TokenRefused):
        verified(token(**{name: value}))


@pytest.mark.parametrize("name", ["iat", "exp"])
def test_time_missing(name: str) -> None:
    """A token without iat or exp has no end that we could keep to."""
    with pytest.raises(ClaimsRefused, match=name):
        verified(token(**{name: ABSENT}))


@pytest.mark.parametrize("now", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC)], ids=str)
@pytest.mark.parametrize("instant", [0, 1, 253_402_300_799], ids=str)
def test_t19_ends_of_the_calendar(now: datetime, instant: int) -> None:
    """Times at both ends of the calendar are judged like others, however the clock stands (T19)."""
    rules = provider(maximum_age=timedelta(days=3653), leeway=timedelta(seconds=60))
    for changes in (
        {"iat": instant},
        {"exp": instant},
        {"nbf": instant},
        {"iat": instant, "exp": 253_402_300_799},
    ):
        with pytest.raises((TokenExpired, TokenNotActive)):
            verified(token(**changes), by=rules, now=now)


# --- times at the boundary -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "edge", "refusal"),
    [
        ({"exp": seconds(NOW)}, NOW + LEEWAY, TokenExpired),
        (
            {"iat": seconds(NOW), "exp": seconds(NOW) + 10**6},
            NOW + timedelta(hours=24) + LEEWAY,
            TokenExpired,
        ),
    ],
    ids=["exp", "maximum_age"],
)
def test_last_moment(changes: dict[str, Any], edge: datetime, refusal: type[TokenRefused]) -> None:
    """A token holds until the millisecond before its end plus leeway, and not at it (RFC 7519 §4.1.4)."""
    assert verified(token(**changes), now=edge - MILLISECOND).subject == "alice"
    with pytest.raises(refusal):
        verified(token(**changes), now=edge)


@pytest.mark.parametrize("name", ["iat", "nbf", "auth_time"])
def test_first_moment(name: str) -> None:
    """A token holds from leeway before each of its beginnings, and not a millisecond earlier (RFC 7519 §4.1.5)."""
    text = token(**{"exp": seconds(NOW) + 600, name: seconds(NOW)})
    assert verified(text, now=NOW - LEEWAY).subject == "alice"
    with pytest.raises(TokenNotActive, match=name):
        verified(text, now=NOW - LEEWAY - MILLISECOND)


def test_t10_sign_in_after_the_token() -> None:
    """A sign-in later than the token that came of it does not make the session longer (T10)."""
    text = token(iat=seconds(NOW) - 3600, auth_time=seconds(NOW))
    assert verified(text).authenticated_at == NOW - timedelta(hours=1)


def test_t25_issued_after_the_cut_over() -> None:
    """From the cut-over on no token can be genuine: at the very instant it is refused, leeway or not (T25)."""
    cut = NOW - timedelta(minutes=5)
    rules = provider(issued_before=cut)
    assert verified(token(iat=seconds(cut - MILLISECOND)), by=rules).subject == "alice"
    for iat in (cut, cut + MILLISECOND):
        with pytest.raises(ClaimsRefused, match="iat"):
            verified(token(iat=seconds(iat)), by=rules)


def test_t25_deadline() -> None:
    """From the deadline on nothing is migrated, before keys or signature are looked at (T25, T17)."""
    closed = migration(provider(deadline=NOW))
    with pytest.raises(MigrationClosed):
        proved(token() + "A", closed, now=NOW)
    identity = proved(token(), closed, now=NOW - MILLISECOND).identity
    assert identity.subject == "alice"


def test_t25_pinned_keys_at_their_end() -> None:
    """Pinned keys verify nothing from their end on (T25)."""
    keys = PinnedKeys(keys=published().keys, not_after=NOW)
    with pytest.raises(KeyUnknown):
        proved(token(), migration(provider(keys=keys)), now=NOW)


# --- anything at all -------------------------------------------------------------------------------------------------

CLAIM_NAMES = [
    *("iss", "sub", "aud", "azp", "client_id", "sid", "session_id", "origin_jti", "jti", "iat", "exp", "nbf"),
    *("auth_time", "typ", "token_use", "token_type", "gty", "act", "events", "nonce", "role", "uid"),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([ISSUER, API, PAGE]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
RULES = [
    provider(user_claim="uid", required_claims=(("role", "member"),)),
    provider(audiences=ANY_AUDIENCE, leeway=timedelta(0)),
    provider(authorized_parties=ANY_PARTY, maximum_age=timedelta(days=3653)),
    id_provider(),
    id_provider(audiences=ANY_AUDIENCE),
]


@given(changes=st.dictionaries(st.sampled_from(CLAIM_NAMES), JSON, max_size=6), rules=st.sampled_from(RULES))
def test_any_claims(changes: dict[str, Any], rules: Provider) -> None:
    """Whatever the claims hold, the token is accepted or refused; nothing else comes out."""
    try:
        identity = verified(signed(claims(**changes)), by=rules)
    except TokenRefused:
        return
    assert identity.issuer == ISSUER
    assert identity.authenticated_at <= identity.issued_at


@given(payload=JSON | st.binary(max_size=64))
def test_any_payload(payload: object) -> None:
    """A payload that is any JSON, or none, is refused as a token."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    with pytest.raises(TokenRefused):
        verified(signed(data))


@pytest.mark.parametrize("name", [*CLAIM_NAMES, "purpose", "cnf", "impersonator"])
@pytest.mark.parametrize(
    "value",
    ["canary-value", ["canary-value"], {"canary-name": "canary-value"}],
    ids=["text", "list", "object"],
)
def test_t22_refusals_repeat_nothing_of_the_token(name: str, value: object) -> None:
    """No error, nor one behind it, nor the representation of an identity shows a claim or a part of a token (T22)."""
    values = {claim: f"canary-{claim}" for claim in ("sub", "sid", "jti", "email")}
    text = token(**{**values, name: value})
    try:
        shown = repr(verified(text))
    except TokenRefused as refused:
        shown = "".join(traceback.format_exception(refused)) + repr(refused)
    assert "canary" not in shown
    assert not any(part in shown for part in text.split("."))


def test_keys_without_ids() -> None:
    """A token that names no key is tried on the issuer's fitting keys; one that names an unknown one is not."""
    pem = key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    other = (
        key("https://other.example")
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    keys = KeySet(keys=(key_from_pem(other, key_id="k0"), key_from_pem(pem)))
    rules = provider(keys=PinnedKeys(keys=keys, not_after=LATE))
    assert verified(signed(claims(), header={"kid": ABSENT}), by=rules).subject == "alice"
    with pytest.raises(KeyUnknown):
        verified(signed(claims(), header={"kid": "k9"}), by=rules)
