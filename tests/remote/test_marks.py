"""What is written down with a session in a core is read again, and what others wrote there does no harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from segue.ids import Digest, SessionHandle
from segue.remote.marks import (
    END,
    MARK,
    Mark,
    end_of,
    kept_mark,
    mark_of,
    with_end,
    with_mark,
    without_end,
    without_mark,
)
from segue.sessions.model import Device, Provenance

NOW = datetime(2026, 3, 1, 12, 0, 0, 750_000, tzinfo=UTC)
ORIGIN = Provenance(
    provider="old",
    issuer="https://old.example",
    subject_digest=Digest(b"s" * 32),
    claim_id=Digest(b"c" * 32),
    authenticated_at=NOW - timedelta(days=1),
    verifier_version="1.0",
)
FULL = Mark(provenance=ORIGIN, device=Device(label="Firefox", ip="::1"), after=SessionHandle("before"))


@pytest.mark.parametrize("mark", [FULL, Mark(), Mark(device=Device(label="Firefox"))])
def test_mark_is_read_as_written(mark: Mark) -> None:
    """Origin, device and attempt come back whole, and the application's data stays as it was."""
    data = with_mark({"cart": 3}, mark)
    assert mark_of(data) == mark
    assert without_mark(data) == {"cart": 3}


@pytest.mark.parametrize(
    "written",
    [1, "text", [], {}, {"from": {"provider": "old"}}, {"from": {"at": "x"}, "device": 3, "after": 1}],
)
def test_mark_of_somebody_else(written: Any) -> None:
    """What cannot be read says nothing."""
    assert mark_of({MARK: written}) == Mark()


def test_new_data_keeps_the_mark() -> None:
    """The application replaces its data, never what we have noted; nor can it note anything."""
    stored = with_mark({"cart": 3}, FULL)
    replaced = kept_mark({"cart": 4, MARK: {"after": "forged"}}, stored)
    assert (without_mark(replaced), mark_of(replaced)) == ({"cart": 4}, FULL)
    assert MARK not in kept_mark({MARK: {"after": "forged"}}, {})


def test_end_is_rounded_down_and_replaced() -> None:
    """The end is in whole seconds, never later than meant; whatever the payload said of one is dropped."""
    payload = with_end({"plan": "gold", END: 9_999_999_999}, NOW)
    assert end_of(payload) == NOW.replace(microsecond=0)
    assert without_end(payload) == {"plan": "gold"}
    assert END not in with_end(payload, None)


@pytest.mark.parametrize("stated", [None, "never", 1.5, True, [], 10**30, -(10**30)])
def test_end_that_cannot_be_read(stated: Any) -> None:
    """Who cannot say when a session ends has ended it."""
    end = end_of({END: stated})
    assert end is not None
    assert end < NOW
