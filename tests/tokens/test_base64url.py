"""One spelling for each sequence of bytes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.tokens import base64url

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
REFUSED = {
    "padding": b"YQ==",
    "padding_of_one": b"YWI=",
    "padding_alone": b"====",
    "padding_inside": b"YQ==YQ==",
    "superfluous_padding": b"YWJj====",
    "plus": b"YW+j",
    "slash": b"YW/j",
    "space_before": b" YWJj",
    "space_inside": b"YW Jj",
    "four_spaces": b"YWJj    ",
    "newline_behind": b"YWJj\n",
    "nul": b"YWJ\0",
    "not_ascii": b"YWJ\xff",
    "exclamation_mark": b"YWJ!",
    "one_character": b"Y",
    "five_characters": b"YWJjY",
    "four_unused_bits": b"YR",
    "two_unused_bits": b"YWJ",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_refused(text: bytes) -> None:
    """Every other spelling is an error."""
    assert not _reads(text)


def test_every_byte_at_every_place() -> None:
    """Only the 64 characters are ever read, wherever they stand."""
    for place in range(8):
        for byte in range(256):
            text = b"AAAAAAAA"[:place] + bytes([byte]) + b"AAAAAAAA"[place + 1 :]
            assert _reads(text) == (byte in ALPHABET), text


def test_every_ending_has_one_spelling() -> None:
    """Of all endings of two and three characters, exactly those decode that encoding makes."""
    pairs = {bytes([a, b]) for a in ALPHABET for b in ALPHABET}
    assert {pair for pair in pairs if _reads(pair)} == {
        base64url.encode(bytes([byte])) for byte in range(256)
    }
    triples = {b"A" + pair for pair in pairs}
    assert sum(map(_reads, triples)) == 64 * 16


@given(st.binary())
def test_decoding_undoes_encoding(data: bytes) -> None:
    """Any bytes come back, spelled as the standard library spells them without padding."""
    text = base64url.encode(data)
    assert text == base64.urlsafe_b64encode(data).rstrip(b"=")
    assert base64url.decode(text) == data


@given(st.binary() | st.text(ALPHABET.decode() + "=+/ ").map(str.encode))
def test_what_is_read_is_spelled_so(text: bytes) -> None:
    """Whatever decodes is what encoding would write: no two texts mean the same bytes."""
    if _reads(text):
        assert base64url.encode(base64url.decode(text)) == text


def _reads(text: bytes) -> bool:
    try:
        base64url.decode(text)
    except ValueError:
        return False
    return True
