"""From an old session to an identity: what is not said is taken for the worse."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from segue import Identity, OldSession, OncePer
from segue.errors import (
    ClaimsRefused,
    ConfigurationError,
    SessionError,
    SignInRevoked,
    TokenExpired,
    TokenNotActive,
)
from segue.ids import TenantId
from segue.migration.old_sessions import claim_of, identity_of, require_old_session
from segue.migration.once import absolute_end
from segue.migration.user_state import require_since
from tests.migration.issuer import NOW
from tests.migration.old_shop import DAY, HOUR, MINUTE, shop

SECOND = timedelta(seconds=1)


def old(**changes: Any) -> OldSession:
    """Alice's cookie of an hour ago."""
    return replace(OldSession(subject="alice", written_at=NOW - HOUR), **changes)


def proved(made: OldSession, **rules: Any) -> Identity:
    """Her identity by the shop's policy."""
    return identity_of(made, shop(**rules), now=NOW)


@pytest.mark.parametrize(
    ("made", "rules", "refusal"),
    [
        ({"written_at": NOW - 14 * DAY - 10 * SECOND}, {}, TokenExpired),
        ({"written_at": None, "authenticated_at": NOW - 15 * DAY}, {}, TokenExpired),
        ({"written_at": NOW - 15 * DAY, "record_key": "k"}, {}, TokenExpired),
        ({"expires_at": NOW - 10 * SECOND}, {}, TokenExpired),
        ({"written_at": NOW + MINUTE}, {}, TokenNotActive),
        ({"authenticated_at": NOW + MINUTE}, {}, TokenNotActive),
        ({"written_at": None}, {}, ClaimsRefused),
        ({"written_at": None, "expires_at": NOW + DAY}, {}, ClaimsRefused),
        ({}, {"issued_before": NOW - HOUR}, ClaimsRefused),
        ({"written_at": None, "record_key": "k"}, {"issued_before": NOW}, ClaimsRefused),
        ({"subject": ""}, {}, ClaimsRefused),
        ({"subject": "a" * 513}, {}, ClaimsRefused),
        ({"subject": "alice\n"}, {}, ClaimsRefused),
        ({"subject": 17}, {}, ClaimsRefused),
        ({"session_id": ""}, {}, ClaimsRefused),
        ({"session_id": "a" * 513}, {}, ClaimsRefused),
        ({}, {"tenant_claim": "org"}, ClaimsRefused),
        ({"claims": {"org": "Not An Id"}}, {"tenant_claim": "org"}, ClaimsRefused),
        (
            {"claims": {"org": "b"}},
            {"tenant_claim": "org", "tenants": (("a", TenantId("t")),)},
            ClaimsRefused,
        ),
    ],
    ids=str,
)
def test_t10_refused(made: dict[str, Any], rules: dict[str, Any], refusal: type[SessionError]) -> None:
    """Too old, of unknown age, made after the cut-over, without user or tenant: no session (T10, T23, T25)."""
    proved(old())
    with pytest.raises(refusal):
        proved(old(**made), **rules)


def test_times() -> None:
    """The sign-in counts from when the user signed in, else from when the cookie was written, and never from later."""
    assert proved(old()).authenticated_at == NOW - HOUR
    assert proved(old(authenticated_at=NOW - DAY)).authenticated_at == NOW - DAY
    assert proved(old(authenticated_at=NOW - MINUTE)).authenticated_at == NOW - HOUR
    assert proved(old(expires_at=NOW - 9 * SECOND)).expires_at == NOW - 9 * SECOND


def test_row_of_unknown_age() -> None:
    """A row that is there just now lives: its session ends with the old one, and no cut-off in time can be passed."""
    found = proved(old(written_at=None, record_key="k", expires_at=NOW + DAY))
    assert (found.dated, absolute_end(found, shop(), now=NOW)) == (False, NOW + DAY)
    endless = proved(old(written_at=None, record_key="k"))
    assert absolute_end(endless, shop(), now=NOW) == NOW + shop().session_lifetime
    with pytest.raises(SignInRevoked):
        require_since(endless, NOW - 300 * DAY, source="sign_ins_since")
    long_ago = proved(old(written_at=None, record_key="k", authenticated_at=NOW - 20 * DAY))
    assert absolute_end(long_ago, shop(), now=NOW) == NOW + 10 * DAY


def test_tenant_from_what_was_proved() -> None:
    """The tenant is in the proved content, or the provider's (T23)."""
    assert proved(old()).tenant_id == "public"
    assert proved(old(claims={"org": "blue"}), tenant_claim="org").tenant_id == "blue"
    assert (
        proved(old(claims={"org": "a"}), tenant_claim="org", tenants=(("a", TenantId("t")),)).tenant_id == "t"
    )


SAME: dict[str, Any] = {"written_at": NOW - HOUR, "claims": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    ("once_per", "first", "second", "same"),
    [
        (OncePer.PERSON, {"session_id": "s"}, {"session_id": "s", "written_at": NOW}, True),
        (OncePer.PERSON, {"session_id": "s"}, {"session_id": "t"}, False),
        (
            OncePer.PERSON,
            {"authenticated_at": NOW - DAY},
            {"authenticated_at": NOW - DAY, "written_at": NOW},
            True,
        ),
        (OncePer.PERSON, {"authenticated_at": NOW - DAY}, {"authenticated_at": NOW - DAY - SECOND}, False),
        (OncePer.PERSON, {}, {"written_at": NOW, "claims": {"other": 1}}, True),
        (OncePer.PERSON, {}, {"subject": "bob"}, False),
        (OncePer.CREDENTIAL, SAME, {"written_at": NOW - HOUR, "claims": {"b": 2, "a": 1}}, True),
        (OncePer.CREDENTIAL, SAME, {**SAME, "written_at": NOW - MINUTE}, False),
        (OncePer.CREDENTIAL, SAME, {**SAME, "claims": {"a": 1}}, False),
        (OncePer.CREDENTIAL, SAME, {**SAME, "subject": "bob"}, False),
        (OncePer.CREDENTIAL, {"session_id": "s"}, {"session_id": "s", "written_at": NOW}, True),
    ],
    ids=str,
)
def test_t8_which_sign_in(
    once_per: OncePer, first: dict[str, Any], second: dict[str, Any], same: bool
) -> None:
    """By id, else by the time of the sign-in, else by the person or the content (T8)."""
    claims = [claim_of(proved(made), made, once_per) for made in (old(**first), old(**second))]
    assert (claims[0] == claims[1]) is same


@pytest.mark.parametrize(
    "answer",
    [None, "alice", old(written_at=datetime(2026, 1, 1)), old(written_at=1), old(claims="x")],  # noqa: DTZ001 - the point
    ids=["none", "text", "no time zone", "number", "claims"],
)
def test_t24_verifier_that_gives_no_session(answer: object) -> None:
    """What is no proof is our fault to mend, and lets nobody in (T24)."""
    with pytest.raises(ConfigurationError):
        require_old_session(answer)
