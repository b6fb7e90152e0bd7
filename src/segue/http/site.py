"""
Web addresses as the browser sees them: origins, and which hosts belong to one *site*.

Whether a cookie travels from the website to the API depends on their sites, the registrable domains (RFC 6265bis §5.2).
The public suffix list decides, private suffixes included: two `*.vercel.app` hosts are strangers. The list comes with
the package `publicsuffixlist`. House rule: nothing here resolves a name or fetches a list.
"""

from __future__ import annotations

import ipaddress
from functools import cache
from urllib.parse import SplitResult, urlsplit

import msgspec
from publicsuffixlist import PublicSuffixList

from segue.errors import ConfigurationError

LOCALHOST = "localhost"

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Scheme, host and port (RFC 6454)."""

    scheme: str
    """`http` or `https`."""
    host: str
    """Lower case, IDNA form, without brackets."""
    port: int | None
    """None where it is the scheme's own."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port is not None else "")

    @property
    def site(self) -> str:
        """The registrable domain of the host."""
        return top_level_site(self.host)


def parse_origin(text: str, *, setting: str) -> Origin:
    """
    Read an origin as people write it in a configuration.

    Args:
        text: `https://api.example.com`; a path is dropped. Without a scheme: http on this machine, else https.
        setting: its name, for the error.

    Raises:
        ConfigurationError: no host, a user or a wildcard in it, or another scheme.
    """
    stripped = text.strip()
    try:
        parts = urlsplit(stripped if "://" in stripped else f"//{stripped}")
        host, port = _host(parts), parts.port
    except ValueError as error:
        raise ConfigurationError(f"{setting} is not a web address such as https://example.com") from error
    scheme = parts.scheme or ("http" if is_local(host) else "https")
    if scheme not in _DEFAULT_PORTS:
        raise ConfigurationError(f"{setting} must begin with https:// or http://")
    return Origin(scheme=scheme, host=host, port=None if port == _DEFAULT_PORTS[scheme] else port)


def _host(parts: SplitResult) -> str:
    host = parts.hostname
    if not host or "*" in host or parts.username is not None:
        raise ValueError("no plain host")
    return host if host.isascii() else host.encode("idna").decode()


def parse_path(text: str) -> str:
    """A path with a slash in front and none behind; the root is empty text."""
    inner = text.strip().strip("/")
    return f"/{inner}" if inner else ""


def parse_cookie_domain(text: str) -> str:
    """
    Read a cookie's domain as people write it: `.Example.com`, or by mistake a whole address.

    A leading dot is kept; browsers ignore it. This machine and addresses go without.
    """
    stripped = text.strip().lower()
    parts = urlsplit(stripped if "://" in stripped else f"//{stripped}")
    host = parts.hostname or ""
    bare = host.removeprefix(".")
    return bare if is_local(bare) else host


def is_local(host: str) -> bool:
    """Whether a host is this machine, or an address: neither has a registrable domain."""
    return host.startswith(LOCALHOST) or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def top_level_site(host: str) -> str:
    """
    The registrable domain of a host, as SuperTokens SDKs reckon it; local names and addresses are one site.

    Raises:
        ConfigurationError: the host is itself a public suffix, so that no site can be told.
    """
    if is_local(host):
        return LOCALHOST
    suffixes = _suffixes()
    registrable = suffixes.privatesuffix(host)
    if registrable is not None and not (host.endswith(".local") and _is_unknown(suffixes, host)):
        return registrable
    if host.endswith((".local", ".amazonaws.com", ".amazonaws.com.cn")):
        return host
    raise ConfigurationError(
        f"{host} is a public suffix, under which strangers have names; use a name of your own"
    )


def _is_unknown(suffixes: PublicSuffixList, host: str) -> bool:
    return suffixes.publicsuffix(host, accept_unknown=False) is None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
