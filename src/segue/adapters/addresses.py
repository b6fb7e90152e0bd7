"""
Which network addresses an outgoing request may reach (OWASP: server-side request forgery).

A name is resolved once, all its addresses are judged here, and the connection goes to one that was judged, so a name
that resolves differently a moment later gains nothing. House rule: a mixed answer is refused as a whole, because
nobody honest has one public and one private address for the same name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TypeAlias

from segue.errors import FetchFailed
from segue.migration.urls import is_this_machine

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_ADDRESSES = 8
"""Addresses of a name that are tried."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_TUNNELS = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))
_NEVER_PUBLIC = (ipaddress.IPv4Network("192.88.99.0/24"), ipaddress.IPv4Network("192.0.0.0/24"))
_PRIVATE = (
    *(ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    *(ipaddress.ip_network(block) for block in ("100.64.0.0/10", "127.0.0.0/8", "fc00::/7", "::1/128")),
)


def judge_addresses(host: str, addresses: Sequence[str], *, private_hosts: frozenset[str]) -> list[str]:
    """
    The addresses of *host* to connect to, in their order.

    Args:
        host: as in the URL.
        addresses: what it resolves to.
        private_hosts: names that may resolve to private or loopback addresses.

    Raises:
        FetchFailed: there is none, or one of them is not for this host.
    """
    if not addresses:
        raise FetchFailed(host, "the name has no address")
    parsed = [_parsed(host, address) for address in addresses]
    for address in parsed:
        if not _may_reach(host, address, private_hosts):
            raise FetchFailed(host, "the name resolves to an address that is not public")
    return [str(address) for address in parsed[:MAX_ADDRESSES]]


def _may_reach(host: str, address: IPAddress, private_hosts: frozenset[str]) -> bool:
    if is_this_machine(host):
        return address.is_loopback
    return is_public(address) or (host in private_hosts and is_private(address))


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to the public internet; what is carried inside another address counts."""
    if isinstance(address, ipaddress.IPv4Address):
        special = address.is_multicast or any(address in network for network in _NEVER_PUBLIC)
        return address.is_global and not special
    if address in _TRANSLATED:  # NAT64 (RFC 6052): the last four bytes are where the packet goes
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    # 6to4 and Teredo are history, and would carry a private address past us.
    tunnelled = any(address in network for network in _TUNNELS)
    return address in _GLOBAL_UNICAST and address.is_global and not tunnelled


def is_private(address: IPAddress) -> bool:
    """Whether an address is of a private network or this machine; link-local, where clouds keep secrets, is neither."""
    return any(address in network for network in _PRIVATE)


def _parsed(host: str, address: str) -> IPAddress:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise FetchFailed(host, "the name resolves to something that is no address") from None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed
