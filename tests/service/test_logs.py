"""One line an event, and nothing in it that somebody else put there."""

from __future__ import annotations

import logging

import pytest

from segue.service.logs import OneLine


def line(message: str, *, error: BaseException | None = None) -> str:
    """How an event is written."""
    info = (type(error), error, error.__traceback__) if error is not None else None
    return OneLine().format(logging.LogRecord("segue", logging.ERROR, "file", 1, message, None, info))


def test_line_ends_are_spelt_out() -> None:
    """A text with line ends and terminal escapes stays one printable line."""
    written = line("a\nb\r\u2028c\x1b[31m")
    assert written.isprintable()
    assert written.endswith(r"a\nb\r\u2028c\x1b[31m")


def test_unforeseen_error_leaves_its_text_out() -> None:
    """Of an error that nobody foresaw there is the type and the place; its text may quote a token."""
    tokens: dict[str, str] = {}
    with pytest.raises(KeyError) as caught:
        tokens["secret-token"]
    written = line("it failed", error=caught.value)
    assert "KeyError < test_unforeseen_error_leaves_its_text_out (test_logs.py:" in written
    assert "secret-token" not in written
