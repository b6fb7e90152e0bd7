"""
How the configuration of a format is judged: secrets, names of cookies, paths to members.

House rule: what is wrong is refused when it is built, and no text quotes a secret.
"""

from __future__ import annotations

from typing import cast

from segue.errors import ConfigurationError
from segue.migration.cookies.contents import Required


def require_secrets(format_name: str, secrets: tuple[str, ...], *, minimum: int = 1) -> None:
    """
    Refuse secrets with which everybody's cookies would hold.

    Args:
        format_name: for the text of the error.
        secrets: as configured.
        minimum: characters that each needs.

    Raises:
        ConfigurationError: none, not a tuple of texts, or one that is too short.
    """
    if not _is_tuple_of_texts(secrets) or not secrets:
        raise ConfigurationError(f"{format_name}: secrets must be a tuple of texts, with at least one")
    if any(len(secret) < minimum for secret in secrets):
        raise ConfigurationError(
            f"{format_name}: a secret has fewer than {minimum} characters, so cookies under it can be forged; "
            "if the old application really has no better one, let everybody sign in again"
        )


def require_cookie_name(format_name: str, name: str) -> None:
    """
    Refuse a name that no cookie has (RFC 6265 §4.1.1).

    Raises:
        ConfigurationError: likewise.
    """
    if not name or not name.isascii() or not name.isprintable() or set(name) & set(' ",;\\=()<>@:/[]?{}'):
        raise ConfigurationError(f"{format_name}: {name!r} is no name of a cookie")


def require_paths(
    format_name: str, *paths: str | None, required: Required = (), forbidden: tuple[str, ...] = ()
) -> None:
    """
    Refuse paths that lead nowhere.

    Args:
        format_name: for the text of the error.
        paths: as configured; None is one that is left out.
        required: as in every format.
        forbidden: likewise.

    Raises:
        ConfigurationError: an empty one, or with an empty name in it.
    """
    given = [path for path in paths if path is not None]
    for path in (*given, *(path for path, _ in required), *forbidden):
        if not all(path.split(".")):
            raise ConfigurationError(
                f"{format_name}: {path!r} is no path; write the names of the members with dots between them, "
                "such as passport.user"
            )


def _is_tuple_of_texts(values: object) -> bool:
    """A lone text is a collection of its letters to Python."""
    if not isinstance(values, tuple):
        return False
    return all(isinstance(value, str) for value in cast("tuple[object, ...]", values))
