"""What an introspection answer proves of an opaque token (RFC 7662 §2.2)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from segue import ANY_PARTY
from segue.errors import ClaimsRefused, SessionError, StateUnavailable, TokenExpired, TokenNotActive
from segue.migration.model import Identity
from segue.migration.once import absolute_end
from segue.migration.opaque import read_answer
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.web import WebRequest, WebResponse
from tests.migration.issuer import ABSENT, NOW
from tests.migration.old_shop import ASKED, DAY, HOUR, MINUTE, opaque, seconds

ASK = WebRequest(url=ASKED.url, purpose="introspection")
API = frozenset({"https://api.example"})


def answered(rules: OpaqueProvider | None = None, /, **said: Any) -> Identity:
    """What comes of a good answer with members changed or left out."""
    good = {
        "active": True,
        "sub": "alice",
        "client_id": "page",
        "iat": seconds(NOW - MINUTE),
        "exp": seconds(NOW + HOUR),
    }
    members = {name: value for name, value in {**good, **said}.items() if value is not ABSENT}
    response = WebResponse(status=200, body=json.dumps(members).encode())
    return read_answer(ASK, response, rules or opaque(), now=NOW)


@pytest.mark.parametrize(
    ("rules", "said", "refusal"),
    [
        ({}, {"client_id": "another"}, ClaimsRefused),
        ({}, {"client_id": ABSENT}, ClaimsRefused),
        ({}, {"client_id": None}, ClaimsRefused),
        ({}, {"client_id": ["page"]}, ClaimsRefused),
        ({}, {"azp": "another"}, ClaimsRefused),
        ({"audiences": API}, {}, ClaimsRefused),
        ({"audiences": API}, {"aud": "https://other.example"}, ClaimsRefused),
        ({"audiences": API}, {"aud": [["https://api.example"]]}, ClaimsRefused),
        ({"audiences": API}, {"aud": ["x"] * 64 + ["https://api.example"]}, ClaimsRefused),
        ({}, {"iss": "https://opaque.example"}, ClaimsRefused),
        ({"issuer": "https://opaque.example"}, {"iss": "https://opaque.example/"}, ClaimsRefused),
        ({}, {"token_type": "refresh_token"}, ClaimsRefused),
        ({}, {"token_type": "DPoP"}, ClaimsRefused),
        ({}, {"token_type": 1}, ClaimsRefused),
        ({}, {"token_type": "Bearer", "token_use": "refresh_token"}, ClaimsRefused),
        ({}, {"token_use": ["access_token"]}, ClaimsRefused),
        ({}, {"cnf": {"jkt": "x"}}, ClaimsRefused),
        ({}, {"impersonator_user_id": "support"}, ClaimsRefused),
        ({}, {"act": {"sub": "support"}}, ClaimsRefused),
        ({"required_claims": (("scope", "openid"),)}, {"scope": "openid email"}, ClaimsRefused),
        ({}, {"sub": ABSENT, "username": "alice"}, ClaimsRefused),
        ({}, {"sub": ""}, ClaimsRefused),
        ({}, {"sub": ["alice"]}, ClaimsRefused),
        ({}, {"sub": True}, ClaimsRefused),
        ({}, {"sub": "page"}, ClaimsRefused),
        ({"authorized_parties": ANY_PARTY, "audiences": API}, {"aud": [*API], "sub": "page"}, ClaimsRefused),
        (
            {"authorized_parties": ANY_PARTY, "audiences": API},
            {"aud": [*API], "sub": 7, "client_id": 7},
            ClaimsRefused,
        ),
        ({"tenant_claim": "org"}, {}, ClaimsRefused),
        ({}, {"exp": seconds(NOW - HOUR)}, TokenExpired),
        ({}, {"exp": "tomorrow"}, ClaimsRefused),
        ({}, {"iat": seconds(NOW - 2 * DAY)}, TokenExpired),
        ({}, {"iat": seconds(NOW + HOUR)}, TokenNotActive),
        ({}, {"nbf": seconds(NOW + HOUR)}, TokenNotActive),
        ({}, {"auth_time": seconds(NOW + HOUR)}, TokenNotActive),
        ({}, {"iat": 1e300}, ClaimsRefused),
        ({"issued_before": NOW - HOUR}, {}, ClaimsRefused),
        ({"issued_before": NOW - HOUR}, {"iat": ABSENT}, ClaimsRefused),
        ({}, {"active": "true"}, StateUnavailable),
        ({}, {"active": 1}, StateUnavailable),
        ({}, {"active": ABSENT}, StateUnavailable),
    ],
    ids=str,
)
def test_t1_refused(rules: dict[str, Any], said: dict[str, Any], refusal: type[SessionError]) -> None:
    """Active is not enough: client, audience, issuer, kind, user and times are what they must be (T1, T2, T10, T25)."""
    answered()
    with pytest.raises(refusal):
        answered(opaque(**rules), **said)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"audiences": API}, {"aud": ["x", "https://api.example"]}),
        ({"issuer": "https://opaque.example"}, {"iss": "https://opaque.example"}),
        ({}, {"token_type": "Bearer", "scope": "openid", "exp": None}),
        ({}, {"token_type": "Bearer", "token_use": "access_token"}),
        ({"user_claim": "username"}, {"sub": ABSENT, "username": "alice"}),
        ({"authorized_parties": ANY_PARTY, "audiences": API}, {"client_id": "another", "aud": [*API]}),
        ({"required_claims": (("scope", "openid"),)}, {"scope": "openid"}),
    ],
    ids=str,
)
def test_accepted(rules: dict[str, Any], said: dict[str, Any]) -> None:
    """What a provider leaves out that is not asked for is no refusal."""
    assert answered(opaque(**rules), **said).subject == "alice"


def test_user_id_that_is_a_number() -> None:
    """A user's id in the provider's database may be a number; here it is text."""
    assert answered(sub=17).subject == "17"
    with pytest.raises(ClaimsRefused):
        answered(sub=10**600)


def test_t10_age_that_is_not_said() -> None:
    """Where nothing says when, the sign-in is as old as the policy lets it be; no renewal makes it younger (T10)."""
    rules = opaque(maximum_age=timedelta(days=2), session_lifetime=timedelta(days=10))
    identity = answered(rules, iat=ABSENT)
    assert identity.authenticated_at == identity.issued_at == NOW - timedelta(days=2)
    assert absolute_end(identity, rules, now=NOW) == NOW + timedelta(days=8)
    said = answered(rules, auth_time=seconds(NOW - timedelta(days=9)))
    assert absolute_end(said, rules, now=NOW) == NOW + timedelta(days=1)
