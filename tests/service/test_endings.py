"""`[provider.revocation]`: every kind from a file, its own keys and no others, secrets from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from segue.errors import ConfigurationError
from segue.migration import endings
from segue.migration.endings import Ending, EndOldSession, Reach
from segue.service.checks import look_at_settings
from segue.service.endings import KINDS
from segue.service.policy import policy_of
from segue.service.schema import EndingKind
from tests.migration.endings.scene import private_key
from tests.service.files import PROVIDER, SMALLEST, load

ALL = 'reach = "all_of_the_user"\n'
CLIENT = 'client_id = "app"\nclient_secret_file = "canary.secret"\n'
KEY = 'api_key_file = "canary.secret"\n'

WRITTEN = {
    "rfc7009": 'url = "https://old.example/revoke"\nclient_id = "page"\n',
    "auth0": 'domain = "acme.eu.auth0.com"\n' + CLIENT,
    "clerk": KEY,
    "cognito": 'region = "eu-central-1"\nclient_id = "page"\n',
    "descope": 'project_id = "P1"\n',
    "entra": 'tenant = "directory-1"\n' + CLIENT + ALL,
    "firebase": 'service_account_file = "account.json"\n' + ALL,
    "fusionauth": 'url = "https://fusion.example"\n' + KEY,
    "hydra": 'admin_url = "https://hydra.example"\n',
    "keycloak": 'issuer = "https://kc.example/realms/shop"\nclient_id = "page"\n',
    "keycloak_admin": 'issuer = "https://kc.example/realms/shop"\n' + CLIENT,
    "kratos": 'admin_url = "https://kratos.example"\n',
    "okta": 'domain = "acme.okta.com"\nclient_id = "app"\nprivate_key_file = "key.pem"\n',
    "propelauth": 'domain = "auth.app.example"\n' + KEY + ALL,
    "stytch": 'project_id = "project-1"\n' + KEY,
    "supabase": 'url = "https://ref.supabase.co/auth/v1"\n' + KEY,
    "supertokens": 'url = "https://core.example"\n',
    "workos": KEY,
}
"""The least of each kind."""
PYTHON_ONLY = {endings.ApplicationEnding, endings.BetterAuthEnding, endings.RecordEnding}


def read(folder: Path, text: str, environment: dict[str, str] | None = None) -> Ending:
    """The ending that a section makes, with the files it may name beside it."""
    account = {"project_id": "shop-1", "client_email": "robot@shop-1", "private_key": private_key()}
    for name, content in (
        ("canary.secret", "canary-secret\n"),
        ("key.pem", private_key()),
        ("account.json", json.dumps(account)),
    ):
        (folder / name).touch(0o600)
        (folder / name).write_text(content)
    whole = SMALLEST + PROVIDER + "[provider.revocation]\n" + text
    (provider,) = load(folder, whole, environment).config.providers
    if provider.revocation is None:
        raise LookupError(text)
    return provider.revocation


@pytest.mark.parametrize("kind", WRITTEN)
def test_kind(tmp_path: Path, kind: str) -> None:
    """Each kind is read as the ending that goes by its name."""
    ending = read(tmp_path, f'kind = "{kind}"\nwhen = "after_first_use"\n{WRITTEN[kind]}')
    assert (ending.kind, ending.when) == (kind, EndOldSession.AFTER_FIRST_USE)
    assert "canary" not in repr(ending)


def test_every_ending_has_a_kind() -> None:
    """What Python has, the file has too, but for what cookies and functions need; and the schema knows every kind."""
    assert {kind.ending for kind in KINDS.values()} == set(get_args(Ending)) - PYTHON_ONLY
    assert set(get_args(EndingKind)) == set(KINDS) == set(WRITTEN)


@pytest.mark.parametrize("kind", sorted(set(WRITTEN) - {"clerk", "stytch", "workos"}))
def test_all_of_the_user_is_said_by_name(tmp_path: Path, kind: str) -> None:
    """No kind signs out other devices unless the file says so."""
    text = WRITTEN[kind]
    if ALL not in text:
        assert read(tmp_path, f'kind = "{kind}"\n{text}').reach is not Reach.USER
        return
    with pytest.raises(ConfigurationError, match='reach = "all_of_the_user"'):
        read(tmp_path, f'kind = "{kind}"\n{text.replace(ALL, "")}')


def test_secret_from_the_environment(tmp_path: Path) -> None:
    """SEGUE_PROVIDER_<NAME>_API_KEY takes the place of the file, and is no stray variable."""
    environment = {"SEGUE_PROVIDER_OLD_API_KEY": "sk_hush"}
    ending = read(tmp_path, 'kind = "clerk"\napi_key_file = "not-there"\n', environment)
    assert isinstance(ending, endings.ClerkEnding)
    assert ending.secret_key == "sk_hush"
    settings = load(tmp_path, SMALLEST + PROVIDER + '[provider.revocation]\nkind = "clerk"\n', environment)
    assert not [found for found in look_at_settings(settings, environment) if "API_KEY" in found.text]


WRONG = {
    "unknown kind": ('kind = "klerk"\n', "choose one of auth0, clerk"),
    "key of another kind": (
        'kind = "clerk"\nregion = "x"\n' + KEY,
        "region is of no use with kind = .clerk., which takes api_key or api_key_file, url and when",
    ),
    "key missing": ('kind = "clerk"\n', "kind = .clerk. needs api_key or api_key_file"),
    "key file missing": ('kind = "firebase"\n' + ALL, "needs service_account_file"),
    "secret twice": ('kind = "clerk"\napi_key = ""\n' + KEY, "open to other users"),
    "both secrets": ('kind = "okta"\ndomain = "a.okta.com"\nclient_id = "b"\n' + KEY, "and not both"),
    "empty key": ('kind = "clerk"\napi_key_file = "empty"\n', "Clerk needs secret_key: visible characters"),
    "no account": ('kind = "firebase"\nservice_account_file = "empty"\n' + ALL, "not the JSON file of"),
    "no key": (
        'kind = "okta"\ndomain = "a.okta.com"\nclient_id = "b"\nprivate_key_file = "empty"\n',
        "RSA private key",
    ),
    "address": ('kind = "kratos"\nadmin_url = "http://kratos"\n', "use https"),
    "reach": ('kind = "clerk"\n' + KEY + ALL, "reach is of no use"),
    "reach that is not there": (
        'kind = "auth0"\nreach = "this_grant"\ndomain = "a.eu.auth0.com"\n' + CLIENT,
        "cannot end the tokens of one sign-in",
    ),
    "domain with a path": ('kind = "auth0"\ndomain = "a.example/x"\n' + CLIENT, "host name in lower case"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_sections_are_refused_with_what_mends_them(tmp_path: Path, wrong: str) -> None:
    """Each mistake is one sentence that names the provider and the remedy, and no secret."""
    (tmp_path / "empty").touch(0o600)
    text, sentence = WRONG[wrong]
    with pytest.raises(ConfigurationError, match=sentence) as refused:
        read(tmp_path, text)
    assert "canary" not in str(refused.value)


def test_policy_says_how_the_old_session_ends(tmp_path: Path) -> None:
    """The effective policy names kind and reach, and what signing out everywhere does to other devices."""
    section = '[provider.revocation]\nkind = "propelauth"\ndomain = "auth.app.example"\napi_key_file = "segue.secret"\n'
    (provider,) = load(tmp_path, SMALLEST + PROVIDER + section + ALL).config.providers
    policy = policy_of(provider)
    assert dict(policy.rules)["old session"] == "ended there by propelauth: all of the user, at once"
    assert any("ALL sessions" in sentence for sentence in policy.given_up)
