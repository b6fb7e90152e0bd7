"""
Who has failed too often: by address, by person, and by provider (threat T21, ASVS V2.4).

What looks like guessing or forging costs a whole failure, what merely comes too late or twice a twentieth, a good
attempt nothing to its address and little to its person. So an office behind one address moves at once, and whoever
tries tokens is soon heard no more. While failures of one provider come in masses, an address that has failed even once
has to wait. House rule: time is an argument; the lock is never held across I/O.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import msgspec

from segue.errors import ConfigurationError, StoreUnavailable, TooManyAttempts
from segue.ids import Digest
from segue.migration.buckets import Budget

_REMEMBERED = 100_000
"""Buckets at most; the emptiest are forgotten first."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_OVERALL = "all"


class Sharing(StrEnum):
    """Where failures are counted."""

    STORE = "store"
    """In the store, for all processes."""
    PROCESS = "process"
    """In each process by itself."""
    NOWHERE = "off"
    """Nobody is ever held up: only behind something else that limits."""


class Outage(StrEnum):
    """What happens while the shared counters do not answer."""

    OPEN = "open"
    """Each process counts by itself."""
    CLOSED = "closed"
    """Nobody is migrated."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """
    How often migrating may fail.

    Raises:
        ConfigurationError: a budget of nothing, or a proxy that is no network.
    """

    address: Budget = Budget(burst=10, every=timedelta(minutes=10))
    """Of one address (an IPv6 network of 64 bits counts as one)."""
    subject: Budget = Budget(burst=100, every=timedelta(seconds=10))
    """Of one person at the provider, counted in each process; a success costs a quarter."""
    provider: Budget = Budget(burst=600, every=timedelta(milliseconds=100))
    """Of all tokens of one provider, counted in each process. Beyond it, addresses that have failed once must wait."""
    overall: Budget = Budget(burst=1200, every=timedelta(milliseconds=50))
    """Likewise of everything."""
    sharing: Sharing = Sharing.STORE
    on_outage: Outage = Outage.OPEN
    trusted_proxies: tuple[str, ...] = ()
    """
    Addresses or networks whose `X-Forwarded-For` is believed.

    Leave it empty where the server in front of the application sets the client's address already, as uvicorn does with
    `--forwarded-allow-ips` and `segue serve` with `trusted_proxies`.
    """

    def __post_init__(self) -> None:
        for name in ("address", "subject", "provider", "overall"):
            budget: Budget = getattr(self, name)
            if budget.burst < 1 or budget.every <= timedelta(0):
                raise ConfigurationError(f"limits.{name}: allow at least one failure, and one every so often")
        for proxy in self.trusted_proxies:
            try:
                ip_network(proxy, strict=False)
            except ValueError:
                raise ConfigurationError(
                    f"limits.trusted_proxies: {proxy!r} is no address and no network"
                ) from None


class Weight(StrEnum):
    """What a failure says of who sent it."""

    GRAVE = "grave"
    LIGHT = "light"
    NONE = "none"


_GRAVE: Final = frozenset(
    {
        "TOKEN_MALFORMED",
        "TOKEN_SIGNATURE_INVALID",
        "TOKEN_KID_UNKNOWN",
        "TOKEN_CLAIMS_INVALID",
        "CLIENT_REFUSED",
    }
)
_FREE: Final = frozenset(
    {
        "MIGRATED",
        "REPEATED",
        "ALREADY",
        "MIGRATION_NOT_YET",
        "MIGRATION_CLOSED",
        "TOO_MANY_ATTEMPTS",
    }
)
_LIGHTER = 20
_SUCCESS = 4


def weight_of(code: str, *, retryable: bool) -> Weight:
    """What an outcome costs: nothing where the fault is ours, or nobody's."""
    if retryable or code in _FREE:
        return Weight.NONE
    return Weight.GRAVE if code in _GRAVE else Weight.LIGHT


class Throttle:
    """The counters of one process."""

    __slots__ = ("_empty_at", "_light", "_lock", "_outage_until", "_success", "limits")

    def __init__(self, limits: Limits, *, lock: AbstractContextManager[object]) -> None:
        """
        Args:
            limits: checked already.
            lock: held for moments, never across I/O; `threading.Lock()`, which serves tasks as well.
        """
        self.limits = limits
        self._lock = lock
        self._empty_at: dict[str, datetime] = {}
        self._outage_until = _NEVER
        self._success = limits.subject.every / _SUCCESS
        self._light = limits.address.every / _LIGHTER

    def admit(self, address: str | None, provider: str | None = None, *, now: datetime) -> None:
        """
        Let an address try.

        Args:
            address: None: nobody knows it.
            provider: whose token it has; None: that is not known yet.
            now: aware UTC instant.

        Raises:
            TooManyAttempts: not now.
            StoreUnavailable: the shared counters do not answer, and that closes the door.
        """
        if self.limits.sharing is Sharing.NOWHERE:
            return
        if now < self._outage_until:
            raise StoreUnavailable("the shared limits do not answer")
        if address is None:
            return
        empty_at = self._empty_at.get(f"address {address}")
        if empty_at is None or empty_at <= now:
            return
        free_at = self.limits.address.free_at(empty_at)
        if free_at <= now and self._in_masses(provider, now):
            free_at = min(empty_at, now + self.limits.address.every)
        _require_past(free_at, "address", now)

    def admit_subject(self, subject: Digest, *, now: datetime) -> None:
        """
        Let a person try.

        Raises:
            TooManyAttempts: not now.
        """
        if self.limits.sharing is not Sharing.NOWHERE:
            empty_at = self._empty_at.get(f"subject {subject.hex()}", _NEVER)
            if empty_at > now:
                _require_past(self.limits.subject.free_at(empty_at), "subject", now)

    def count(
        self,
        address: str | None,
        provider: str | None,
        subject: Digest | None,
        code: str,
        *,
        retryable: bool,
        now: datetime,
    ) -> bool:
        """Count what became of an attempt; whether other processes have to hear of it."""
        limits, weight = self.limits, weight_of(code, retryable=retryable)
        if limits.sharing is Sharing.NOWHERE:
            return False
        if subject is not None and (weight is not Weight.NONE or code in {"MIGRATED", "REPEATED", "ALREADY"}):
            cost = self._success if weight is Weight.NONE else limits.subject.every
            self._spend(f"subject {subject.hex()}", limits.subject, cost, now)
        if weight is Weight.NONE:
            return False
        if address is not None:
            cost = limits.address.every if weight is Weight.GRAVE else self._light
            self._spend(f"address {address}", limits.address, cost, now)
        if weight is Weight.GRAVE:
            self._spend(_OVERALL, limits.overall, limits.overall.every, now)
            self._spend(f"provider {provider or ''}", limits.provider, limits.provider.every, now)
        return weight is Weight.GRAVE and address is not None and limits.sharing is Sharing.STORE

    def heard(self, address: str, empty_at: datetime) -> None:
        """What the shared counter of an address says."""
        name = f"address {address}"
        with self._lock:
            self._empty_at[name] = max(self._empty_at.get(name, _NEVER), empty_at)

    def heard_nothing(self, *, until: datetime) -> None:
        """The shared counters do not answer."""
        if self.limits.on_outage is Outage.CLOSED:
            self._outage_until = until

    def _in_masses(self, provider: str | None, now: datetime) -> bool:
        limits = self.limits
        return limits.overall.free_at(
            self._empty_at.get(_OVERALL, _NEVER + limits.overall.capacity)
        ) > now or (
            provider is not None
            and limits.provider.free_at(
                self._empty_at.get(f"provider {provider}", _NEVER + limits.provider.capacity)
            )
            > now
        )

    def _spend(self, name: str, budget: Budget, cost: timedelta, now: datetime) -> None:
        with self._lock:
            self._empty_at[name] = budget.spent(self._empty_at.get(name, now), cost, now=now)
            if len(self._empty_at) > _REMEMBERED:
                self._forget(now)

    def _forget(self, now: datetime) -> None:
        kept = sorted(
            (item for item in self._empty_at.items() if item[1] > now), key=lambda item: item[1], reverse=True
        )
        self._empty_at = dict(kept[: _REMEMBERED // 2])


def _require_past(free_at: datetime, limit: str, now: datetime) -> None:
    if free_at > now:
        raise TooManyAttempts(limit, math.ceil((free_at - now).total_seconds()))


def address_of(peer: str | None, forwarded: tuple[str, ...], trusted: tuple[str, ...]) -> str | None:
    """
    Whom to hold an attempt against: the last address that nobody whom we trust has vouched for.

    Args:
        peer: of the connection, as the server says.
        forwarded: every `X-Forwarded-For` header, in order.
        trusted: networks whose word counts.
    """
    if not peer:
        return None
    networks = _networks(trusted)
    chain = [part.strip() for line in forwarded for part in line.split(",")] if networks else []
    current = peer
    while chain and _within(current, networks):
        current = chain.pop()
    return _normal(current)


@lru_cache(maxsize=16)
def _networks(trusted: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each, strict=False) for each in trusted)


def _within(text: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """
    An address in any of its forms: some proxies write the client's port behind it, as sockets do brackets.

    Was the port taken for a part of it, each connection of one client would be somebody else (threat T21).
    """
    host, colon, port = text.rpartition(":")
    if not (colon and port.isdecimal() and (host.endswith("]") or ":" not in host)):
        host = text
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address  # a socket of both families shows an IPv4 proxy so


@lru_cache(maxsize=4096)
def _normal(text: str) -> str:
    """One text for each client: of IPv6 the network, in which a client has its choice of addresses."""
    address = _address(text)
    if address is None:
        return text[:64]  # of a test's or a socket's making
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), 64), strict=False))
