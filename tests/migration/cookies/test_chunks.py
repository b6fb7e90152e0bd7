"""A cookie in chunks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import TokenMalformed, TokenMissing
from segue.migration.cookies.chunks import join_chunks
from segue.migration.cookies.model import MAX_COOKIES


def test_in_one_piece() -> None:
    """A short value comes under the name itself."""
    assert join_chunks({"it": "value", "item": "x", "it.x": "y", "it.00": "z"}, "it") == "value"


def test_in_chunks_by_number() -> None:
    """Chunks are joined by number, not by letter, in whatever order they came."""
    chunks = {f"it.{number}": f"<{number}>" for number in reversed(range(12))}
    assert join_chunks(chunks, "it") == "".join(f"<{number}>" for number in range(12))


@pytest.mark.parametrize(
    "cookies",
    [
        {"it": "value", "it.0": "v"},
        {"it": "value", "it.7": "v"},
        {"it.1": "v"},
        {"it.0": "v", "it.2": "v"},
        {"it.0": "v", "it.1": ""},
        {"it": ""},
        {"it": "x" * (MAX_COOKIES + 1)},
        {f"it.{number}": "x" * 2048 for number in range(9)},
        {"it.0": "v", "it.999999": "v"},
    ],
    ids=[
        "both",
        "both, a stale chunk",
        "no first",
        "gap",
        "empty chunk",
        "empty",
        "long",
        "long in all",
        "far",
    ],
)
def test_not_one_reading(cookies: dict[str, str]) -> None:
    """What can be read in two ways, or not whole, is refused."""
    with pytest.raises(TokenMalformed):
        join_chunks(cookies, "it")


def test_nothing_there() -> None:
    """Other cookies, and numbers that nobody writes, are no chunks."""
    with pytest.raises(TokenMissing):
        join_chunks(
            {"other": "v", "it.x": "v", "it.": "v", "it.01": "v", "it.٣": "v", "it.1234567": "v"}, "it"
        )


@given(
    value=st.text("abcdefgh", min_size=1, max_size=200),
    cuts=st.lists(st.integers(1, 199), max_size=5, unique=True),
)
def test_cut_anywhere(value: str, cuts: list[int]) -> None:
    """However a value was cut, it is joined to the same."""
    places = [0, *sorted(cut for cut in cuts if cut < len(value)), len(value)]
    pieces = [value[start:end] for start, end in pairwise(places)]
    assert join_chunks({f"it.{number}": piece for number, piece in enumerate(pieces)}, "it") == value
