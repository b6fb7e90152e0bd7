"""
Which core, and how it is asked.

A value of configuration: what cannot work is refused when it is built. House rule: the key is never shown.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import ClassVar, cast
from urllib.parse import quote, urlsplit

import msgspec

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.ids import PUBLIC_APP, AppId
from segue.migration.key_cache import CacheRules

_KEY = re.compile(r"[\x21-\x7e]{1,1024}")
_HOST = re.compile(r"[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\]")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_TIMEOUTS = (timedelta(milliseconds=100), timedelta(minutes=1))
_AGES = (timedelta(seconds=10), timedelta(hours=24))


class CoreHost(msgspec.Struct, frozen=True, kw_only=True):
    """One address of the core."""

    scheme: str
    host: str
    """Without the brackets of an IPv6 address."""
    port: int
    base_path: str
    """Empty, or beginning with a slash."""

    @property
    def url(self) -> str:
        """In front of every path."""
        return f"{self.scheme}://{self.authority}{self.base_path}"

    @property
    def authority(self) -> str:
        """For error texts and for `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class RemoteCore(Discreet, frozen=True, kw_only=True):
    """
    A core that speaks the SuperTokens core protocol, versions 3.0 to 5.6.

    Raises:
        ConfigurationError: no host, an address that cannot work, a key that cannot be sent, times outside their bounds.
    """

    unshown: ClassVar = frozenset({"api_key"})

    hosts: tuple[str, ...]
    """`http://core-1:3567`, with a base path if the core has one. All of them must be one core on one database."""
    api_key: str | None = None
    timeout: timedelta = timedelta(seconds=5)
    """For one exchange; also for connecting."""
    keys_max_age: timedelta = timedelta(minutes=5)
    """How long its public keys are used before they are asked for again; an unknown one is looked for at once."""
    keys_stale_for: timedelta = timedelta(hours=24)
    """How much longer, while it does not answer."""

    def __post_init__(self) -> None:
        if not isinstance(cast("object", self.hosts), tuple) or not self.hosts:
            raise ConfigurationError('core hosts must be a tuple of addresses: hosts=("http://core-1:3567",)')
        _ = self.addresses
        if self.api_key is not None and not _KEY.fullmatch(self.api_key):
            raise ConfigurationError(
                "the core's api_key cannot be sent: visible ASCII characters, at least one"
            )
        _require_between("timeout", self.timeout, _TIMEOUTS)
        _require_between("keys_max_age", self.keys_max_age, _AGES)

    @property
    def addresses(self) -> tuple[CoreHost, ...]:
        """The hosts, read."""
        return tuple(parse_host(text) for text in self.hosts)

    @property
    def key_rules(self) -> CacheRules:
        """How its keys are cached; half a second between attempts, as back-end SDKs do it."""
        return CacheRules(
            max_age=self.keys_max_age, stale_for=self.keys_stale_for, cool_down=timedelta(milliseconds=500)
        )


def parse_host(text: str) -> CoreHost:
    """
    Read a core's address as people write it.

    Raises:
        ConfigurationError: not of the form `http://host:port/base`.
    """
    wrong = ConfigurationError(
        "a core's address must look like http://core-1:3567 or https://core.example/base"
    )
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise wrong from error
    path, host = parts.path.rstrip("/"), parts.netloc.rpartition(":")[0] if port else parts.netloc
    plain = _HOST.fullmatch(host) and _PATH.fullmatch(path) and not parts.query and not parts.fragment
    if parts.scheme not in {"http", "https"} or not plain or not parts.hostname:
        raise wrong
    default = 443 if parts.scheme == "https" else 80
    return CoreHost(scheme=parts.scheme, host=parts.hostname, port=port or default, base_path=path)


def app_path(app_id: AppId) -> str:
    """Behind a core's base path, in front of every path of an app."""
    return "" if app_id == PUBLIC_APP else f"/appid-{quote(app_id, safe='')}"


def _require_between(name: str, span: timedelta, bounds: tuple[timedelta, timedelta]) -> None:
    shortest, longest = bounds
    if not shortest <= span <= longest:
        raise ConfigurationError(f"core {name} is {span}; it must lie between {shortest} and {longest}")
