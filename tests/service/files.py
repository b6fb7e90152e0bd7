"""Settings files for tests: the smallest that works, and the smallest with a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.service.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz-of-a-test"

SMALLEST = """\
[http]
api_domain = "https://api.example.com"
website_domain = "https://example.com"
[keys]
secret_file = "segue.secret"
"""

PROVIDER = """\
[[provider]]
name = "old"
issuers = ["https://login.example.org/"]
audiences = ["https://api.example.com"]
authorized_parties = ["spa"]
live_check = "keys_only"
"""

ASKED = PROVIDER.replace(
    'live_check = "keys_only"\n',
    '[provider.introspection]\nurl = "https://login.example.org/introspect"\n'
    'client_id = "api"\nclient_secret_file = "segue.secret"\n',
)
"""The same, whose tokens are asked about."""


def write(folder: Path, text: str) -> Path:
    """A settings file that others may read, and the secret file beside it that they may not."""
    secret = folder / "segue.secret"
    secret.touch(0o600)
    secret.write_text(SECRET + "\n")
    path = folder / "segue.toml"
    path.write_text(text)
    return path


def load(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings that a text and an environment make."""
    return load_settings(write(folder, text), environment or {})
