"""Old sessions of PHP, Laravel and Rails in the settings file: each format in its words, and what is refused."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue import CookieProvider
from segue.adapters.php_files import LaravelFiles, PhpFiles
from segue.errors import ConfigurationError
from segue.migration.cookies.laravel import LaravelSession, PasswordMark
from segue.migration.cookies.laravel_box import LaravelCipher
from segue.migration.cookies.php import PhpSerializer, PhpSession
from segue.migration.cookies.php_values import PhpObjects
from segue.migration.cookies.rails import ANY_AGE, RailsSession
from tests.service.files import SMALLEST, load

if TYPE_CHECKING:
    from pathlib import Path

PHP = """
[[cookie_provider]]
name = "shop"
[cookie_provider.format]
kind = "php"
user_id = "auth.user.id"
serializer = "php_serialize"
objects = "skipped"
required = [["second_factor", true]]
[cookie_provider.store]
kind = "php_files"
folder = "sessions"
lifetime = "1h"
"""
LARAVEL = """
[[cookie_provider]]
name = "app"
[cookie_provider.format]
kind = "laravel"
app_keys_file = "keys"
password_mark = "not_compared"
cipher = "AES-256-GCM"
[cookie_provider.store]
kind = "laravel_files"
folder = "sessions"
"""
RAILS = """
[[cookie_provider]]
name = "app"
live_check = "keys_only"
maximum_age = "12h"
deadline = 2100-01-01T00:00:00Z
[cookie_provider.format]
kind = "rails"
secret_key_bases_file = "bases"
cookie_name = "_app_session"
user = "user_id"
expire_after = "14d"
given_up = ["any_age"]
"""
KEY = "base64:" + b64encode(b"an APP_KEY of these tests, 32 by").decode()
BASE = "a secret_key_base of these tests, long enough for Rails"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    (tmp_path / "sessions").mkdir()
    for name, text in (("keys", KEY), ("bases", BASE)):
        (tmp_path / name).write_text(text + "\n")
        (tmp_path / name).chmod(0o600)


def only(folder: Path, text: str) -> CookieProvider:
    """The one provider of a file."""
    (provider,) = load(folder, SMALLEST + text).config.providers
    assert isinstance(provider, CookieProvider)
    return provider


def test_php(tmp_path: Path) -> None:
    """PHP's path, serializer and folder can be written down."""
    provider = only(tmp_path, PHP)
    assert provider.format == PhpSession(
        user_id="auth.user.id",
        serializer=PhpSerializer.PHP_SERIALIZE,
        objects=PhpObjects.SKIPPED,
        required=(("second_factor", True),),
    )
    assert isinstance(getattr(provider.find_session, "__self__", None), PhpFiles)


def test_laravel(tmp_path: Path) -> None:
    """Laravel's keys come from a file of their own."""
    provider = only(tmp_path, LARAVEL)
    assert provider.format == LaravelSession(
        app_keys=(KEY,), password_mark=PasswordMark.NOT_COMPARED, cipher=LaravelCipher.AES_256_GCM
    )
    assert isinstance(getattr(provider.find_session, "__self__", None), LaravelFiles)


def test_rails(tmp_path: Path) -> None:
    """Rails' secrets come from a file of their own; spans and what is given up are words."""
    provider = only(tmp_path, RAILS)
    assert provider.format == RailsSession(
        secret_key_bases=(BASE,),
        cookie_name="_app_session",
        user="user_id",
        expire_after=timedelta(days=14),
        given_up=frozenset({ANY_AGE}),
    )


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (LARAVEL.replace("not_compared", "compared"), "asks for password_hash"),
        (RAILS.replace('user = "user_id"', 'user = { scope = "user" }'), "asks for password_hash"),
        (PHP.replace("php_serialize", "igbinary"), "serializer"),
        (LARAVEL.replace('password_mark = "not_compared"\n', ""), "password_mark"),
    ],
)
def test_what_only_python_can_say(tmp_path: Path, text: str, mend: str) -> None:
    """Where a password hash has to be asked for, a word is none or one is missing, the file is refused."""
    with pytest.raises(ConfigurationError, match=mend):
        only(tmp_path, text)
