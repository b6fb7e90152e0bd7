"""
Which addresses we may ask: the one reader of URLs that lead out (RFC 3986, RFC 6125 §1.7.2 for names in certificates).

A URL is read once, here, and travels on in its parts, so that no two libraries can see two hosts in one text. House
rule: https, except to the machine itself; no user name, no fragment, no character that would need a second opinion.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import msgspec

MAX_URL = 2048
"""Characters of a URL that we follow."""

_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=%._~-]+")
"""The characters of RFC 3986 and no others: readers disagree about spaces, backslashes and control characters."""
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*")
_NETLOC = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@]+)(:[0-9]{1,5})?")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class UrlRefused(ValueError):
    """A URL that we do not follow; the text says what is wrong with it, without quoting it."""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """A URL, read: where to connect, and what to ask for there."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without its brackets."""
    port: int
    target: str
    """Path and query as they go on the wire."""

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's own: what `Host` says and what allow-lists compare."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_url(url: str) -> Destination:
    """
    Read an absolute URL that we may follow.

    Raises:
        UrlRefused: not https (nor http to this machine), or not of the strict form.
    """
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        raise UrlRefused(f"a URL is at most {MAX_URL} characters of those that RFC 3986 allows")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UrlRefused("the host cannot be read") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise UrlRefused("the URL must begin with https://")
    if "@" in parts.netloc:
        raise UrlRefused("a user name or password may not stand in the URL")
    if "#" in url:
        raise UrlRefused("a fragment (#…) may not stand in the URL")
    host, port = _host_and_port(parts)
    if parts.scheme == "http" and not is_this_machine(host):
        raise UrlRefused("http:// is allowed to localhost only; use https://")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(scheme=parts.scheme, host=host, port=port, target=target)


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    matched = _NETLOC.fullmatch(parts.netloc)
    if matched is None:
        raise UrlRefused("the host is not a plain name or address")
    port = int(matched[2][1:]) if matched[2] else _DEFAULT_PORTS[parts.scheme]
    if not 0 < port < 65536:
        raise UrlRefused("there is no such port")
    return _host(matched[1].lower()), port


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return ipaddress.IPv6Address(text[1:-1]).compressed
        except ValueError:
            raise UrlRefused("the IPv6 address cannot be read") from None
    if not _NAME.fullmatch(text):
        raise UrlRefused("the host is not a plain name or address")
    if _NUMBER.match(text.rpartition(".")[2]) and not _is_address(text):
        raise UrlRefused("the IPv4 address is not four decimal numbers")  # 127.1, 0x7f000001 and the like
    return text


def parse_authority(text: str) -> str:
    """
    `host` or `host:port` of an allow-list, in the form that `Destination.authority` has.

    Raises:
        UrlRefused: anything else, such as a URL, a path or a wildcard.
    """
    if "/" in text or "?" in text:
        raise UrlRefused("write the host alone, without scheme and path")
    return parse_url(f"https://{text}/").authority


def is_this_machine(host: str) -> bool:
    """Whether a host says in so many words that it is the machine itself: `localhost`, 127.0.0.0/8, `::1`."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
