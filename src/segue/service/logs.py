"""
What the service writes: one line an event, on standard error.

House rules: a line feed in a text becomes two characters, so that nobody can forge a line; of an error that nobody
foresaw, the log has its type and its place and never its text, which may quote a token (threat T22).
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime

LOGGER = "segue"
_FRAMES = 4


class OneLine(logging.Formatter):
    """Instant, level, text."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as one line of printable text."""
        instant = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        error = record.exc_info[1] if record.exc_info else None
        text = record.getMessage() + (f": {place_of(error)}" if error is not None else "")
        return f"{instant.replace('+00:00', 'Z')} {record.levelname.lower():<7} {printable(text)}"


def printable(text: str) -> str:
    """Text in which control characters and line ends are spelt out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def place_of(error: BaseException) -> str:
    """An error by its type and the innermost places of its traceback; without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [
        f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})" for frame in reversed(frames)
    ]
    return " < ".join([type(error).__name__, *places])


def set_up_logs(level: str) -> None:
    """Send the log of this process to standard error; of other packages only what went wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(LOGGER).setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
