"""
Files that hold secrets: read only if nobody else can, written so that nobody else ever could.

House rule: what a file holds appears in no error; what is wrong with the file does, with the command that mends it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from segue.errors import ConfigurationError

_MOST = 64 * 1024


def read_private(path: Path) -> str:
    """
    The text of a file that belongs to us and that nobody else may read.

    Raises:
        ConfigurationError: not there, not ours, open to others, or no text.
    """
    try:
        with path.open("rb") as file:
            _require_private(
                os.fstat(file.fileno()), path
            )  # of what was opened, not of what the name means now
            content = file.read(_MOST + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > _MOST:
        raise ConfigurationError(f"{path} is too large to be a secret")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not text") from None


def require_private(path: Path) -> None:
    """
    Refuse a file that somebody else could read or change.

    Raises:
        ConfigurationError: the text holds the command that mends it.
    """
    try:
        _require_private(path.stat(), path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def _require_private(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(f"{path} is not a file")
    if found.st_uid != os.geteuid():
        raise ConfigurationError(
            f"{path} holds a secret and belongs to another user: chown {os.geteuid()} '{path}'"
        )
    if found.st_mode & 0o077:
        raise ConfigurationError(f"{path} holds a secret and is open to other users: chmod 600 '{path}'")


def write_private(path: Path, text: str, *, replace: bool = False) -> None:
    """
    Write a file that only we may read, from its first byte on.

    Args:
        path: of the file.
        text: what it shall hold.
        replace: put it in the place of one that is there; whoever reads meanwhile sees the old one or the new one.

    Raises:
        FileExistsError: it is there, and is not to be replaced.
        OSError: it cannot be written.
    """
    target = path.with_name(f".{path.name}.new") if replace else path
    if replace:
        target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    if replace:
        target.replace(path)
