"""
`find_session` and `end_session` of a provider on PHP whose sessions are files: PHP's own, and Laravel's.

Facts: PHP 8.2 keeps `sess_{id}`, Laravel 8 `{id}`; both write under an exclusive lock and in place, and both look at a
file's own time to know how long nobody came. House rules: a key names a file in this folder or none, whoever signed it;
a file that is over is no session, though it lies about until it is swept; what is being written is not read.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from segue.clock import Clock, SystemClock
from segue.errors import ConfigurationError, StateUnavailable
from segue.migration.cookies.model import MAX_SESSION

_KEY = re.compile(r"[A-Za-z0-9,-]{22,256}")
_PREFIX = re.compile(r"[A-Za-z0-9_-]{0,32}")
_MAX_DEPTH = 5


class PhpFiles:
    """
    A folder of session files.

    Args:
        folder: `session.save_path`, without the number in front of it.
        idle: `session.gc_maxlifetime`: unseen for longer, a session is over.
        prefix: of the files' names.
        depth: that number: how many levels of folders there are.
        clock: of the machine, unless a test has another.

    Raises:
        ConfigurationError: there is no such folder, or a value that cannot be.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        idle: timedelta = timedelta(minutes=24),
        prefix: str = "sess_",
        depth: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self._folder = Path(folder)
        self._idle = idle
        self._prefix = prefix
        self._depth = depth
        self._clock = clock or SystemClock()
        if not self._folder.is_dir():
            raise ConfigurationError(
                f"{self._folder} is no folder; give the one in which PHP keeps its sessions"
            )
        if idle <= timedelta(0) or not _PREFIX.fullmatch(prefix) or not 0 <= depth <= _MAX_DEPTH:
            raise ConfigurationError(
                f"PhpFiles: idle is positive, prefix has letters and digits, depth is 0 to {_MAX_DEPTH}"
            )

    def find_session(self, key: str) -> bytes | None:
        """
        The content of a session that is not over; None: there is none.

        Raises:
            StateUnavailable: its file is there and cannot be read, or PHP has it open at this moment.
        """
        if not _KEY.fullmatch(key):
            return None
        try:
            opened = os.open(self._path(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(opened, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return file.read(MAX_SESSION + 1) if self._lives(os.fstat(file.fileno())) else None
        except FileNotFoundError:
            return None
        except BlockingIOError:
            raise StateUnavailable("a session file: in use by PHP") from None
        except OSError as error:
            raise StateUnavailable(f"a session file: {errno.errorcode.get(error.errno or 0)}") from None

    def end_session(self, key: str) -> None:
        """Delete the file; that it is not there is no error."""
        if _KEY.fullmatch(key):
            self._path(key).unlink(missing_ok=True)

    def _lives(self, found: os.stat_result) -> bool:
        changed_at = datetime.fromtimestamp(found.st_mtime, UTC)
        return stat.S_ISREG(found.st_mode) and self._clock.now() < changed_at + self._idle

    def _path(self, key: str) -> Path:
        return self._folder.joinpath(*key[: self._depth], f"{self._prefix}{key}")


class LaravelFiles(PhpFiles):
    """
    The folder of Laravel's `file` driver.

    Args:
        folder: `files` of `config/session.php`: `storage/framework/sessions`.
        idle: `lifetime` there.
        clock: of the machine, unless a test has another.

    Raises:
        ConfigurationError: as `PhpFiles`.
    """

    def __init__(
        self, folder: Path | str, *, idle: timedelta = timedelta(minutes=120), clock: Clock | None = None
    ) -> None:
        super().__init__(folder, idle=idle, prefix="", clock=clock)
