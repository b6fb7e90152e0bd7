"""
`find_session` and `end_session` of a provider on express-session whose sessions are files (session-file-store).

Facts: session-file-store 1.5.0 writes `{id}.json`, whole or not at all; a session ends `cookie.originalMaxAge`, else
the store's `ttl`, after `__lastAccess`, and its file lies about until it is swept. House rules: a key names a file
in this folder or none, whoever signed it; a file that is over is no session.
"""

from __future__ import annotations

import errno
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeGuard

from segue.clock import Clock, SystemClock
from segue.errors import ConfigurationError, StateUnavailable
from segue.json import JsonObject, parse_object
from segue.migration.cookies.contents import find_member
from segue.migration.cookies.model import MAX_SESSION

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.~+=,@-]{0,199}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_2200 = 7_258_118_400_000


class ExpressFiles:
    """
    The folder of session-file-store.

    Args:
        folder: its option `path`.
        lifetime: its option `ttl`, which counts where the application has set no `cookie.maxAge`.
        extension: its option `fileExtension`.
        clock: of the machine, unless a test has another.

    Raises:
        ConfigurationError: there is no such folder.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        lifetime: timedelta = timedelta(hours=1),
        extension: str = ".json",
        clock: Clock | None = None,
    ) -> None:
        self._folder = Path(folder)
        self._lifetime = lifetime
        self._extension = extension
        self._clock = clock or SystemClock()
        if not self._folder.is_dir():
            raise ConfigurationError(f"{self._folder} is no folder; give the `path` of session-file-store")

    def find_session(self, key: str) -> bytes | None:
        """
        The content of a session that is not over; None: there is none.

        Raises:
            StateUnavailable: its file is there and cannot be read.
        """
        content = self._read(key)
        if content is None:
            return None
        try:
            session = parse_object(content)
        except ValueError:
            return content  # for the format to refuse
        return content if self._clock.now() < self._end_of(session) else None

    def end_session(self, key: str) -> None:
        """Delete the file; that it is not there is no error."""
        if _NAME.fullmatch(key):
            (self._folder / f"{key}{self._extension}").unlink(missing_ok=True)

    def _read(self, key: str) -> bytes | None:
        if not _NAME.fullmatch(key):
            return None
        try:
            opened = os.open(self._folder / f"{key}{self._extension}", os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateUnavailable(f"a session file: {errno.errorcode.get(error.errno or 0)}") from None
        with os.fdopen(opened, "rb") as file:
            return file.read(MAX_SESSION + 1)

    def _end_of(self, session: JsonObject) -> datetime:
        accessed, length = session.get("__lastAccess"), find_member(session, "cookie.originalMaxAge")
        if not _is_span(accessed):
            return _EPOCH
        lifetime = timedelta(milliseconds=length) if _is_span(length) and length else self._lifetime
        return _EPOCH + timedelta(milliseconds=accessed) + lifetime


def _is_span(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _YEAR_2200
