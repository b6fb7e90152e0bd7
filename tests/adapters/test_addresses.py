"""Which network addresses an outgoing request may reach."""

from __future__ import annotations

import ipaddress

import pytest

from segue.adapters.addresses import MAX_ADDRESSES, is_private, is_public, judge_addresses
from segue.errors import FetchFailed

PUBLIC = ["8.8.8.8", "93.184.215.14", "2001:4860:4860::8888", "2606:2800:21f:cb07::1", "64:ff9b::808:808"]
PRIVATE = [
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "fd00::1",
]
NEVER = [
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),  # noqa: S104
    *("192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("::", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "::127.0.0.1", "100::1"),
    *(
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2002:808:808::",
        "2001:0:808:808::1",
    ),
]


def judged(host: str, *addresses: str, private: tuple[str, ...] = ()) -> list[str]:
    """The addresses that may be connected to."""
    return judge_addresses(host, addresses, private_hosts=frozenset(private))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address(address: str) -> None:
    """An address of the public internet serves any name."""
    assert is_public(ipaddress.ip_address(address))
    assert judged("issuer.example", address) == [address]


@pytest.mark.parametrize(
    "address", [*PRIVATE, *NEVER, "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"]
)
def test_t5_name_that_leads_inside(address: str) -> None:
    """T5: a name that resolves to anything but public addresses is refused, also when a public one is among them."""
    for found in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        with pytest.raises(FetchFailed, match="not public"):
            judged("issuer.example", *found)


@pytest.mark.parametrize("address", PRIVATE)
def test_named_host_may_be_private(address: str) -> None:
    """A host that the operator named may be in the private network or on this machine; no other may."""
    assert is_private(ipaddress.ip_address(address))
    assert judged("keycloak", address, private=("keycloak",)) == [address]
    with pytest.raises(FetchFailed):
        judged("keycloak.evil.example", address, private=("keycloak",))


@pytest.mark.parametrize("address", [*NEVER, "::ffff:169.254.169.254"])
def test_t5_named_host_is_not_the_metadata_service(address: str) -> None:
    """T5: not even a named host leads to link-local, multicast, reserved or translated addresses."""
    with pytest.raises(FetchFailed):
        judged("keycloak", address, private=("keycloak",))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_needs_no_permission(host: str) -> None:
    """Whoever writes localhost means it."""
    assert judged(host, "127.0.0.1", "::1") == ["127.0.0.1", "::1"]


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.1", "169.254.169.254"])
def test_localhost_that_leads_away(address: str) -> None:
    """A `localhost` that resolves elsewhere is not followed, since plain HTTP is allowed to it."""
    with pytest.raises(FetchFailed):
        judged("localhost", address)


def test_mapped_address_is_what_it_carries() -> None:
    """An IPv4 address in IPv6 clothes is judged, and connected to, as what it is."""
    assert judged("issuer.example", "::ffff:8.8.8.8") == ["8.8.8.8"]


@pytest.mark.parametrize("found", [[], ["not an address"]], ids=["none", "junk"])
def test_nothing_to_connect_to(found: list[str]) -> None:
    """A resolver that finds nothing, or nonsense, fails the exchange."""
    with pytest.raises(FetchFailed):
        judged("issuer.example", *found)


def test_addresses_are_bounded() -> None:
    """A name with very many addresses does not cost as many attempts."""
    assert len(judged("issuer.example", *(f"8.8.8.{k}" for k in range(100)))) == MAX_ADDRESSES
