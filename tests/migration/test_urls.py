"""Which URLs we follow: one strict reading, https only, this machine excepted."""

from __future__ import annotations

import pytest

from segue.migration.urls import UrlRefused, is_this_machine, parse_authority, parse_url


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("https://issuer.example", "issuer.example", "/"),
        ("https://Issuer.EXAMPLE:443/realms/a", "issuer.example", "/realms/a"),
        ("https://issuer.example:8443/?a=b&c=%20", "issuer.example:8443", "/?a=b&c=%20"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", "/"),
        ("https://key_cloak/", "key_cloak", "/"),
        ("https://192.0.2.7:444/x", "192.0.2.7:444", "/x"),
        ("https://[2001:DB8:0::1]:8443/x", "[2001:db8::1]:8443", "/x"),
        ("http://localhost:8080/x", "localhost:8080", "/x"),
        ("http://127.0.0.1:8080/x", "127.0.0.1:8080", "/x"),
        ("http://[::1]/x", "[::1]", "/x"),
    ],
)
def test_url_is_read(url: str, authority: str, target: str) -> None:
    """An acceptable URL comes apart into the authority and the target that go on the wire."""
    destination = parse_url(url)
    assert (destination.authority, destination.target) == (authority, target)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "issuer.example",
        "//issuer.example/",
        "ftp://issuer.example/",
        "file:///etc/passwd",
        "http://issuer.example/",
        "http://localhost.issuer.example/",
        "http://10.0.0.1/",
        "https://",
        "https:///path",
        "https://user@issuer.example/",
        "https://user:word@issuer.example/",
        "https://issuer.example@evil.example/",
        "https://issuer.example/#part",
        "https://issuer.example/#",
        "https://issuer.example:/",
        "https://issuer.example:0/",
        "https://issuer.example:65536/",
        "https://issuer.example:x/",
        "https://issuer.example./",
        "https://.example/",
        "https://issuer..example/",
        "https://-issuer.example/",
        "https://issuer.example\\@evil.example/",
        "https://issuer.example /",
        " https://issuer.example/",
        "https://issuer.example/\r\nx: y",
        "https://issuer.example/\t",
        "https://bücher.example/",
        "https://127.1/",
        "https://0x7f.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://1.2.3.4.5/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://[::1]x/",
        "https://[v1.x]/",
        "https://issuer.example/" + "a" * 2048,
    ],
)
def test_t5_url_is_refused(url: str) -> None:
    """T5: whatever two readers could understand differently, or leads off https, is refused without being quoted."""
    with pytest.raises(UrlRefused) as refused:
        parse_url(url)
    assert "issuer.example" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("Keys.Example", "keys.example"),
        ("keys.example:443", "keys.example"),
        ("localhost:81", "localhost:81"),
    ],
)
def test_authority_is_read(text: str, authority: str) -> None:
    """An entry of an allow-list takes the form that destinations are compared in."""
    assert parse_authority(text) == authority


@pytest.mark.parametrize(
    "text", ["", "*", "*.example", "https://keys.example", "keys.example/", "keys.example/x", "a@b", "a?b"]
)
def test_authority_is_refused(text: str) -> None:
    """An allow-list names exact hosts: no URL, no path, no wildcard."""
    with pytest.raises(UrlRefused):
        parse_authority(text)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.3.2.1", "::1"])
def test_this_machine(host: str) -> None:
    """A host that says it is this machine is believed."""
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["localhost.example", "128.0.0.1", "::2", "0.0.0.0", "::ffff:10.0.0.1", ""])  # noqa: S104
def test_not_this_machine(host: str) -> None:
    """Anything else is not this machine, wherever it may resolve to."""
    assert not is_this_machine(host)
