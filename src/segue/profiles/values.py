"""
The values that users of profiles give: each is read once, and a wrong one is refused with the sentence that mends it.

House rules: what is accepted has one spelling; nothing is guessed from a value that nearly fits; what is no text at
all, such as the None of a variable that is not set, is refused like any other wrong value.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, cast

from segue.errors import ConfigurationError
from segue.migration.urls import UrlRefused, parse_authority, parse_url

GUID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
"""Lower case, as they stand in tokens."""


def host(value: str, *, name: str, example: str) -> str:
    """
    A host name alone.

    Raises:
        ConfigurationError: with a scheme, a path or a slash, or none at all.
    """
    try:
        authority = parse_authority(value) if _is_text(value) else ""
    except UrlRefused:
        authority = ""
    if not authority or authority != value:
        raise ConfigurationError(
            f"{name} is a host name such as {example}: in lower case, without https:// and without a slash"
        )
    return value


def base_url(value: str, *, name: str, example: str) -> str:
    """
    An address without a slash at its end.

    Raises:
        ConfigurationError: not https, or with a slash, a query or a fragment.
    """
    try:
        parse_url(value if _is_text(value) else "")
        wrong = value.endswith("/") or "?" in value
    except UrlRefused:
        wrong = True
    if wrong:
        raise ConfigurationError(f"{name} is an address such as {example}: https, and no slash at the end")
    return value


def texts(
    values: Collection[str], *, name: str, example: str, pattern: re.Pattern[str] | None = None
) -> frozenset[str]:
    """
    A set of exact texts, at least one.

    Raises:
        ConfigurationError: a lone text, none, or one that is not of its form.
    """
    if isinstance(values, str | bytes) or not isinstance(cast("object", values), Collection | None):
        raise ConfigurationError(f'{name} is a list such as ["{example}"], also where there is only one')
    if not values:
        raise ConfigurationError(
            f'{name} names nobody, so that other people\'s tokens would do; give ["{example}"]'
        )
    return frozenset(text(each, name=name, example=example, pattern=pattern) for each in values)


def text(value: str, *, name: str, example: str, pattern: re.Pattern[str] | None = None) -> str:
    """
    One exact text.

    Raises:
        ConfigurationError: empty, with blanks around it, with a wildcard, or not of its form.
    """
    odd = not _is_text(value) or not value or value != value.strip() or "*" in value
    if odd or (pattern is not None and not pattern.fullmatch(value)):
        raise ConfigurationError(f"{name} is a text such as {example}, exactly as it stands at the provider")
    return value


def choice(value: str, *, name: str, among: tuple[str, ...]) -> str:
    """
    One of a few words.

    Raises:
        ConfigurationError: another one.
    """
    if value not in among:
        raise ConfigurationError(f"{name} is one of {', '.join(among)}")
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str)
