"""
The cookies of a request (RFC 6265 §4.2), every value of every name.

A browser sends two cookies of one name when they differ in domain or path, and says of neither which is which; so
all are kept and counted. House rule: whatever is in the header, reading it raises nothing, and takes time in proportion
to its length at most; of more than a browser sends nothing is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote

import msgspec

from segue.http.message import HttpRequest

MAX_COOKIES: Final = 64 * 1024
"""Characters of all cookies of a request; servers and proxies that bound headers take less."""


BLANKS: Final = " \t"
"""
What browsers drop around names and values (RFC 6265 §5.2). Python's own idea of blanks is wider, and each further one
would make a name with a prefix of one that a browser let a neighbour set.
"""

_PREFIXES = ("__host-", "__secure-")


class RequestCookies(msgspec.Struct, frozen=True):
    """Cookies by name."""

    values: Mapping[str, Sequence[str]]
    """Percent-decoded, in the order received."""
    excessive: bool = False
    """There were more than are read (`MAX_COOKIES`), and so none is known."""

    def __repr__(self) -> str:
        return f"<RequestCookies {', '.join(self.values)}>"

    def all(self, name: str) -> Sequence[str]:
        """Every value of a name, the empty ones too."""
        return self.values.get(name, ())

    def first(self, name: str) -> str | None:
        """The first value that is not empty."""
        return next((value for value in self.all(name) if value), None)

    def doubled(self, *names: str) -> tuple[str, ...]:
        """Those of the names that came more than once."""
        return tuple(name for name in names if len(self.all(name)) > 1)


def read_cookies(request: HttpRequest) -> RequestCookies:
    """Every cookie of a request; HTTP/2 may spread them over several lines (RFC 9113 §8.2.3)."""
    lines = request.all("cookie")
    if not lines:
        return _NO_COOKIES
    if sum(map(len, lines)) > MAX_COOKIES:
        return _EXCESSIVE
    values: dict[str, list[str]] = {}
    for line in lines:
        for part in line.split(";"):
            name, equals, value = part.partition("=")
            if not equals:
                continue
            name, value = name.strip(BLANKS), value.strip(BLANKS)
            if '"' in value or "%" in part:  # seldom, and half of the time for a usual header
                name, value = _decoded_name(name), _decoded(_unquoted(value))
            known = values.get(name)
            if known is None:
                values[name] = [value]
            else:
                known.append(value)
    return RequestCookies(values)


_NO_COOKIES = RequestCookies({})
_EXCESSIVE = RequestCookies({}, excessive=True)


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] == '"'
    return value[1:-1] if quoted else value


def _decoded_name(name: str) -> str:
    # A browser guards these prefixes as they are spelled: `%5F_Host-` may be set by any neighbour (threat T28).
    decoded = _decoded(name)
    return name if decoded.strip().lower().startswith(_PREFIXES) else decoded


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text  # another application's cookie, in whatever encoding it likes
