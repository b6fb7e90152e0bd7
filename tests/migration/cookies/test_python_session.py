"""What Python's formats have in common: times that the application has noted, and what is demanded of a session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import ClaimsRefused
from segue.migration.cookies.flask import FlaskSession
from segue.migration.cookies.python_session import read_time
from tests.migration.cookies.python_vectors import NOW, SECRET, VECTORS, read, refusal

TIMES: str = VECTORS["flask"]["times"]


@pytest.mark.parametrize("path", ["seconds", "whole", "text", "flask"])
def test_time_of_the_sign_in(path: str) -> None:
    """Seconds, ISO 8601 and what Flask makes of a datetime say when the user signed in."""
    session = read(FlaskSession(secrets=(SECRET,), signed_in_at=path), TIMES)
    assert session.authenticated_at is not None
    assert abs(session.authenticated_at - (NOW - timedelta(hours=1))) <= timedelta(seconds=1)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("naive", "TOKEN_CLAIMS_INVALID"),
        ("missing", "TOKEN_CLAIMS_INVALID"),
        ("_fresh", "TOKEN_CLAIMS_INVALID"),
        ("_id", "TOKEN_CLAIMS_INVALID"),
        ("future", "TOKEN_NOT_ACTIVE"),
    ],
)
def test_time_that_is_none(path: str, code: str) -> None:
    """A time without a zone, something else, nothing at all, or one that has not come is never taken for "unknown"."""
    assert refusal(FlaskSession(secrets=(SECRET,), signed_in_at=path), TIMES) == code


@given(
    value=st.one_of(
        st.none(), st.booleans(), st.floats(), st.integers(), st.text(), st.from_regex(r"[\d:, +-]{0,40}")
    )
)
def test_any_value_as_a_time(value: Any) -> None:
    """Whatever stands there is an instant with a zone, or refused."""
    try:
        instant = read_time({"at": value}, "at")
    except ClaimsRefused:
        return
    assert instant.utcoffset() == timedelta(0)


def test_what_is_demanded() -> None:
    """A session that lacks what is required, or has what is forbidden, is no complete sign-in of the user himself."""
    good: str = VECTORS["flask"]["good"]
    asks: dict[str, Any] = {"secrets": (SECRET,)}
    assert (
        read(FlaskSession(**asks, required=(("_fresh", True),), forbidden=("acting_for",)), good).subject
        == "7"
    )
    assert refusal(FlaskSession(**asks, required=(("_fresh", 1),)), good) == "TOKEN_CLAIMS_INVALID"
    assert refusal(FlaskSession(**asks, required=(("otp", True),)), good) == "TOKEN_CLAIMS_INVALID"
    assert refusal(FlaskSession(**asks, forbidden=("_permanent",)), good) == "TOKEN_CLAIMS_INVALID"
