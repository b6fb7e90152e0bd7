"""A cut-over over the running service, with bad tokens, tokens that come twice, and a provider that fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from benchmarks.rehearsal.__main__ import rehearse

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes
PEOPLE = 600


def test_everybody_tells_the_same_story(tmp_path: Path) -> None:
    """Two processes on one file: pages, events, report, rows and the old provider agree to the last one."""
    result = asyncio.run(rehearse("segue.sqlite3", tmp_path, people=PEOPLE, workers=2, outage=1.0))
    assert [line.text() for line in result.lines if not line.agrees] == []
    assert [*result.alone.surprises, *result.crowd.surprises] == []
    assert result.crowd.answers["KEYS_UNAVAILABLE"] > 0, "the second outage was felt"
    assert result.asked_for_keys < PEOPLE / 20
