"""Spans of time as text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.service.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(minutes=90)),
        ("100d", timedelta(days=100)),
        ("2w", timedelta(days=14)),
        ("0s", timedelta(0)),
    ],
)
def test_duration(text: str, span: timedelta) -> None:
    """Whole numbers with units add up."""
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "30", "1.5h", "-1s", "1h ", "1 h", "30m1h", "1h1h", "1y", "PT1H", "٣s", "99999d", "9999999999s"],
)
def test_duration_that_is_none(text: str) -> None:
    """Without unit, out of order, doubled, too long or in another script: refused."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=36525 * 86400))
def test_duration_is_read_back(seconds: int) -> None:
    """What is written reads as the same span."""
    span = timedelta(seconds=seconds)
    assert parse_duration(format_duration(span)) == span
