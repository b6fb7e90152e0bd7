"""Providers of cookies and of opaque tokens in the settings file."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from segue import ANY_AUDIENCE, KEYS_ONLY, CookieProvider, OncePer, OpaqueProvider, Prefixed
from segue.adapters.web import AsyncHttpWeb
from segue.errors import ConfigurationError
from segue.migration.cookies.express_session import ExpressSession
from segue.migration.cookies.flask import FlaskSession
from segue.service.checks import Verdict, look_at_provider
from segue.service.old_cookies import FORMATS, STORES
from segue.service.policy import policy_of, summary_of
from tests.migration.issuer import NOW
from tests.service.files import PROVIDER, SECRET, SMALLEST, load

if TYPE_CHECKING:
    from pathlib import Path

    from segue.migration.kinds import AnyProvider

OPAQUE = """
[[opaque_provider]]
name = "old-api"
audiences = "any"
authorized_parties = ["page"]
user_claim = "username"
maximum_age = "1h"
user_id_prefix = "api|"
[opaque_provider.introspection]
url = "https://old.example/introspect"
client_id = "api"
"""
SECRET_IN_FILE = 'client_secret_file = "segue.secret"\n'
FLASK = """
[[cookie_provider]]
name = "shop"
deadline = 2100-01-01T00:00:00Z
live_check = "keys_only"
maximum_age = "12h"
once_per = "credential"
user_id_prefix = "shop|"
[cookie_provider.format]
kind = "flask"
secrets_file = "secrets"
lifetime = "7d"
"""
EXPRESS = """
[[cookie_provider]]
name = "shop"
[cookie_provider.format]
kind = "express"
secrets_file = "secrets"
user_id = "passport.user"
[cookie_provider.store]
kind = "express_files"
folder = "sessions"
lifetime = "2h"
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    (tmp_path / "sessions").mkdir()
    secrets = tmp_path / "secrets"
    secrets.write_text("the-first-secret-of-the-shop\n\nan-older-secret-of-the-shop\n")
    secrets.chmod(0o600)


def only(folder: Path, text: str) -> AnyProvider:
    """The one provider of a file."""
    (provider,) = load(folder, SMALLEST + text).config.providers
    return provider


def test_opaque_provider(tmp_path: Path) -> None:
    """Opaque tokens can be written down; the client secret may come from the environment."""
    provider = only(tmp_path, OPAQUE + SECRET_IN_FILE)
    assert isinstance(provider, OpaqueProvider)
    assert provider.audiences is ANY_AUDIENCE
    assert provider.authorized_parties == frozenset({"page"})
    assert (provider.user_claim, provider.maximum_age) == ("username", timedelta(hours=1))
    assert (provider.map_user, provider.introspection.client_secret) == (Prefixed("api|"), SECRET)
    given = {"SEGUE_PROVIDER_OLD_API_INTROSPECTION_SECRET": "of the environment"}
    (provider,) = load(tmp_path, SMALLEST + OPAQUE, given).config.providers
    assert isinstance(provider, OpaqueProvider)
    assert provider.introspection.client_secret == "of the environment"


def test_cookie_provider(tmp_path: Path) -> None:
    """A signed cookie's format has the members of its value, and its secrets come from a file of their own."""
    provider = only(tmp_path, FLASK)
    assert isinstance(provider, CookieProvider)
    assert isinstance(provider.format, FlaskSession)
    assert provider.format.secrets == ("the-first-secret-of-the-shop", "an-older-secret-of-the-shop")
    assert provider.format.lifetime == timedelta(days=7)
    assert (provider.once_per, provider.live_check, provider.find_session) == (
        OncePer.CREDENTIAL,
        KEYS_ONLY,
        None,
    )


def test_cookie_provider_with_files(tmp_path: Path) -> None:
    """Where sessions are files, they are found and ended there."""
    provider = only(tmp_path, EXPRESS)
    assert isinstance(provider, CookieProvider)
    assert isinstance(provider.format, ExpressSession)
    assert provider.find_session is not None
    assert provider.end_session is not None
    assert provider.find_session("nobody") is None


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (OPAQUE, "client_secret"),
        (OPAQUE.replace('["page"]', '"any"') + SECRET_IN_FILE, "name one of them"),
        (
            OPAQUE.replace("user_claim", "user_clam") + SECRET_IN_FILE,
            "opaque_provider.*did you mean user_claim",
        ),
        (FLASK.replace('"flask"', '"flsk"'), "choose one of authjs"),
        (FLASK.replace("lifetime =", "lifetme ="), "did you mean lifetime"),
        (FLASK.replace('"7d"', '"7 days"'), "lifetime cannot be that"),
        (FLASK.replace("secrets_file", "secrets"), "secrets_file"),
        (FLASK.replace('secrets_file = "secrets"\n', ""), "secrets_file is missing"),
        (FLASK.replace('secrets_file = "secrets"', 'secrets_file = "gone"'), "cannot be read"),
        (FLASK.replace("deadline = 2100-01-01T00:00:00Z\n", ""), "for ever"),
        (FLASK + "user_id = 1\n", "format"),
        (EXPRESS.replace('"express_files"', '"redis"'), "choose one of express_files"),
        (EXPRESS.replace("folder", "foldr"), "did you mean folder"),
        (EXPRESS.replace('folder = "sessions"\n', ""), "folder is missing"),
        (EXPRESS.replace('"sessions"', '"gone"'), "no folder"),
        (EXPRESS.replace("lifetime", "liftime"), "did you mean lifetime"),
        (
            FLASK + PROVIDER.replace('name = "old"', 'name = "shop"\nuser_id_prefix = "old|"'),
            "configured twice",
        ),
    ],
)
def test_t24_refused(tmp_path: Path, text: str, mend: str) -> None:
    """What cannot be safe or cannot work is refused in the words of the file (T24)."""
    with pytest.raises(ConfigurationError, match=mend):
        load(tmp_path, SMALLEST + text)


def test_t22_secrets_are_in_no_error(tmp_path: Path) -> None:
    """A secret that is refused is not shown (T22)."""
    (tmp_path / "secrets").write_text("tiny-canary\n")
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, SMALLEST + EXPRESS + "lifetime = 1\n")
    assert "canary" not in str(refused.value)


def test_policy_of_the_kinds(tmp_path: Path) -> None:
    """What holds, and what was given up, is printed for each kind."""
    shop = policy_of(only(tmp_path, FLASK))
    assert {"cookies": "session", "verified by": "FlaskSession"}.items() <= dict(shop.rules).items()
    assert any("buys another session" in given_up for given_up in shop.given_up)
    assert any("keys alone decide" in given_up for given_up in shop.given_up)
    api = policy_of(only(tmp_path, OPAQUE + SECRET_IN_FILE))
    assert dict(api.rules)["verified by"] == "introspection at https://old.example/introspect"
    assert dict(api.rules)["is the sign-in still good"] == "introspection"
    assert any("audience is not checked" in given_up for given_up in api.given_up)
    assert "canary" not in summary_of(only(tmp_path, EXPRESS))


RFC7009 = '[opaque_provider.revocation]\nurl = "https://old.example/revoke"\nclient_id = "page"\n'


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        (OPAQUE + SECRET_IN_FILE, []),
        (OPAQUE + SECRET_IN_FILE + RFC7009, [Verdict.NOTE]),
        (OPAQUE + SECRET_IN_FILE + RFC7009 + 'when = "after_first_use"\n', []),
        (FLASK, [Verdict.GOOD]),
        (EXPRESS, [Verdict.GOOD]),
    ],
)
def test_doctor(tmp_path: Path, text: str, verdicts: list[Verdict]) -> None:
    """The doctor asks nobody about a credential that does not exist, and says what a lost answer would cost."""
    provider = only(tmp_path, text)

    async def looked_at() -> list[Verdict]:
        async with AsyncHttpWeb() as web:
            return [finding.verdict async for finding in look_at_provider(provider, web, NOW)]

    assert asyncio.run(looked_at()) == verdicts


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_known(kind: str) -> None:
    """Each format's secrets are a member of it, and what it reads is a cookie."""
    entry = FORMATS[kind]
    names = {each.name for each in msgspec.structs.fields(entry.made)}
    assert entry.secrets is None or entry.secrets in names
    assert hasattr(entry.made, "cookie_names")
    assert STORES


BETTER_AUTH = """
[[cookie_provider]]
name = "shop"
[cookie_provider.format]
kind = "better_auth"
secrets_file = "secrets"
[cookie_provider.store]
kind = "better_auth_routes"
url = "https://old.example.com/api/auth"
"""


def test_better_auth_by_its_routes(tmp_path: Path) -> None:
    """A better-auth whose tables are out of reach is asked over its own routes."""
    provider = only(tmp_path, BETTER_AUTH)
    assert isinstance(provider, CookieProvider)
    assert provider.find_session is not None
    assert provider.end_session is not None
    assert provider.cookie_names == {"__Secure-better-auth.session_token"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('kind = "better_auth_routes"', "url"),
        ('kind = "better_auth_routes"\nurl = 7', "url"),
        ('kind = "better_auth_routes"\nurl = "http://old.example.com"', "cannot be asked"),
        (
            'kind = "better_auth_routes"\nurl = "https://old.example.com/api/auth"\nfolder = "x"',
            "has no folder",
        ),
    ],
)
def test_wrong_routes(tmp_path: Path, wrong: str, said: str) -> None:
    """An address that is missing or cannot be asked is told in the words of the file."""
    text = BETTER_AUTH.partition('kind = "better_auth_routes"')[0] + wrong + "\n"
    with pytest.raises(ConfigurationError, match=said):
        only(tmp_path, text)


def test_routes_of_another_format(tmp_path: Path) -> None:
    """better-auth's routes know no sessions of others."""
    text = BETTER_AUTH.replace('kind = "better_auth"\n', 'kind = "express"\nuser_id = "userId"\n')
    with pytest.raises(ConfigurationError, match="goes with format"):
        only(tmp_path, text)
