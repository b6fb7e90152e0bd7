"""Patterns for addresses: those that operators write are taken, those that could hold the process are not."""

from __future__ import annotations

import pytest

from segue.core.address_patterns import read_pattern
from segue.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (r"127\.\d+\.\d+\.\d+|::1|0:0:0:0:0:0:0:1", "127.0.0.1"),
        (r"10\..*|192\.168\..*|172\.(?:1[6-9]|2\d|3[01])\..*|fd.*", "172.17.0.2"),
        (r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}", "198.51.100.7"),
        (r"(10|127)\.\d+\.\d+\.\d+", "10.1.2.3"),
        (r"[0-9a-f:]+", "fe80::1"),
        (r"[^]*+(]*.?", "10.0.0.1"),
        (r"10\.0\.0\.(?:1)?7{1}", "10.0.0.17"),
    ],
)
def test_patterns_of_operators(text: str, address: str) -> None:
    """A pattern whose ways are few matches what it says."""
    assert read_pattern("ip_allow_regex", text).fullmatch(address)
    assert not read_pattern("ip_allow_regex", text).fullmatch("nowhere ((")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("((.*)*)*((.*)*)*((.*)*)*((.*)*)*z", "repeat a group"),
        ("(a|a)*z", "repeat a group"),
        ("(?:.?){40}z", "repeat a group"),
        ("(.)+", "repeat a group"),
        (".*" * 4 + "z", "too long to match"),
        ("(?:.*|.*)" * 3 + "z", "too long to match"),
        (".{0,44}" * 4 + "z", "too long to match"),
        (".{,}" * 4 + "z", "too long to match"),
        (".?" * 40 + "z", "too long to match"),
        ("(.|.)" * 30 + "z", "too long to match"),
        (r"(.)\1", "refer back"),
        ("(?P<a>.)(?P=a)", "only \\(\\?:"),
        ("(?=.*)x", "look around"),
        ("(?x) a", "set flags"),
        ("a" * 201, "at most 200 characters"),
        ("(", "no regular expression"),
    ],
)
def test_refusals(text: str, words: str) -> None:
    """One that has too many ways, or ways that cannot be counted, is refused with what would do."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        read_pattern("ip_deny_regex", text)
    assert str(caught.value.args[0]).startswith("ip_deny_regex ")
