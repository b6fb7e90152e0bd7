"""Which core, and how it is asked: what is read, and what is refused before anybody is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from segue.errors import ConfigurationError
from segue.remote.settings import RemoteCore, parse_host


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://core-1:3567", "http://core-1:3567"),
        (" https://core.example/base/ ", "https://core.example:443/base"),
        ("http://[::1]:3567/appid-shop", "http://[::1]:3567/appid-shop"),
        ("http://10.0.0.5", "http://10.0.0.5:80"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    """As people write them; the scheme's own port is filled in, a slash at the end dropped."""
    assert parse_host(text).url == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "core-1:3567",
        "ftp://core-1",
        "http://",
        "http://user:word@core-1",
        "http://core-1:99999",
        "http://core-1:0x",
        "http://core-1/a?b=c",
        "http://core-1/#a",
        "http://core 1",
        "http://core-1/a/../b c",
    ],
)
def test_addresses_that_are_none(text: str) -> None:
    """Anything but scheme, host, port and a plain path is refused, and the text shows what would do."""
    with pytest.raises(ConfigurationError, match="http://core-1:3567"):
        parse_host(text)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"hosts": ()}, "hosts"),
        ({"hosts": "http://core-1:3567"}, "tuple"),
        ({"api_key": ""}, "api_key"),
        ({"api_key": "a key\r\nx: y"}, "api_key"),
        ({"timeout": timedelta(0)}, "timeout"),
        ({"timeout": timedelta(hours=1)}, "timeout"),
        ({"keys_max_age": timedelta(seconds=1)}, "keys_max_age"),
    ],
)
def test_settings_that_cannot_work(wrong: dict[str, Any], named: str) -> None:
    """Each is refused when it is built, by name."""
    usual: dict[str, Any] = {"hosts": ("http://core-1:3567",)}
    with pytest.raises(ConfigurationError, match=named):
        RemoteCore(**(usual | wrong))


def test_key_is_not_shown() -> None:
    """The API key is in no text form."""
    assert "secret" not in repr(RemoteCore(hosts=("http://core-1:3567",), api_key="secret-api-key"))
