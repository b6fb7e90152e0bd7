"""Modes and shares: what they are called, and whom they include."""

from __future__ import annotations

import itertools

import pytest

from segue.errors import ConfigurationError
from segue.migration.model import digest_of
from segue.migration.rollout import OFF, ON, SHADOW, Mode, Rollout, parse_rollout

PEOPLE = [digest_of("subject", "https://old.example", f"{number}") for number in range(4000)]


@pytest.mark.parametrize("text", ["off", "shadow", "on", "0%", "1%", "25%", "0.5%", "33.33%", "99.99%"])
def test_there_and_back(text: str) -> None:
    """A roll-out is written as it is read."""
    assert str(parse_rollout(text)) == text


@pytest.mark.parametrize("text", ["", "ON", "25", "101%", "-1%", "1.234%", "100.01%", "shadow ", "%", "²%"])
def test_not_a_rollout(text: str) -> None:
    """Anything else is refused, with the words that would do."""
    with pytest.raises(ConfigurationError, match="off, shadow, on or a percentage"):
        parse_rollout(text)


def test_whole_share_is_on() -> None:
    """A hundred percent is `on`."""
    assert parse_rollout("100%") == ON


@pytest.mark.parametrize(
    ("rollout", "share"), [(OFF, 0), (SHADOW, 0), (ON, 1), (parse_rollout("0%"), 0)], ids=str
)
def test_nobody_or_everybody(rollout: Rollout, share: int) -> None:
    """Off and shadow include nobody, on includes everybody."""
    assert {rollout.includes("old", person) for person in PEOPLE} == {bool(share)}


@pytest.mark.parametrize("percent", [1, 10, 25, 50, 90])
def test_share_of_the_users(percent: int) -> None:
    """About as many are included as the share says, and other ones at another provider."""
    rollout = Rollout(mode=Mode.ON, share=percent * 100)
    included = {person for person in PEOPLE if rollout.includes("old", person)}
    assert abs(len(included) - percent * 40) < 130
    assert included != {person for person in PEOPLE if rollout.includes("older", person)}


def test_growing_share_keeps_whom_it_has() -> None:
    """Whoever is in at a small share is in at every larger one."""
    shares = [Rollout(mode=Mode.ON, share=share) for share in (0, 1, 100, 2500, 5000, 9999, 10_000)]
    groups = [{person for person in PEOPLE if rollout.includes("old", person)} for rollout in shares]
    assert all(smaller <= larger for smaller, larger in itertools.pairwise(groups))
