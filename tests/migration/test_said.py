"""What counts as a short text and as an instant, whatever kind of credential says it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from segue.migration.said import instant_of, is_text


@pytest.mark.parametrize("value", ["a", "x" * 512, "Zoë"], ids=["shortest", "longest", "letters"])
def test_a_short_text_is_one(value: str) -> None:
    """Up to 512 printable characters."""
    assert is_text(value)


@pytest.mark.parametrize("value", ["", "x" * 513, "a\nb", 7, None, ["a"]], ids=repr)
def test_what_is_no_short_text(value: object) -> None:
    """Nothing, too much, a line of its own in a log, or no text at all."""
    assert not is_text(value)


@pytest.mark.parametrize(
    ("value", "per_second", "instant"),
    [
        (0, 1, datetime(1970, 1, 1, tzinfo=UTC)),
        (1.5, 1, datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)),
        (1500, 1000, datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)),
        (253_402_300_799, 1, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
    ids=["first", "fraction", "milliseconds", "last"],
)
def test_a_number_is_an_instant(value: float, per_second: int, instant: datetime) -> None:
    """Seconds or milliseconds since 1970, to the end of the calendar."""
    assert instant_of(value, per_second=per_second) == instant


@pytest.mark.parametrize(
    "value", [True, -1, 253_402_300_800, float("nan"), float("inf"), "0", None], ids=repr
)
def test_what_is_no_instant(value: object) -> None:
    """A truth value, a time before or beyond the calendar, a text."""
    assert instant_of(value) is None
