"""The settings file and the environment become the library's values, or a sentence that says how to mend them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue import (
    ANY_AUDIENCE,
    SAME_ID,
    Config,
    CredentialKind,
    HttpSettings,
    LiveKeys,
    PinnedKeys,
    Provider,
    Revocation7009,
)
from segue.errors import ConfigurationError
from segue.http.anti_csrf import AntiCsrfMode
from segue.migration.carried import CarriedRole
from segue.migration.user_state import KEYS_ONLY
from segue.service.schema import ServerSection
from segue.service.settings import load_settings
from segue.service.store import PostgresSettings, SqliteSettings
from segue.sessions.policy import Lifetimes
from segue.sessions.revocations import StaleFeed
from segue.tokens.algorithms import Algorithm
from tests.service.files import PROVIDER, SECRET, SMALLEST, load, write

if TYPE_CHECKING:
    from pathlib import Path

RSA = (
    '{kty = "RSA", kid = "one", alg = "RS256", e = "AQAB", n = "wO9JyJR2QLf8Ceb97Pi24WtJyqw0EQeQyOIQCbcOPqbXy'
    "--Lp24a4SyDRO_v4fsMx1OBJ29YlyeUAfki0XCmfq8twlULQtJ20HBSC-qAEQY6kbgvyHSX0ImSK5WoZPmHSBrhNsFTkdOufuatKcJ1MV7oO"
    "VqhPH4HarH1LfcmllbLDetDD4wtm6yqTiAVsf2kBj7SM5fFf5l-9C6A2cov9NbK280wYgWmNwnTSyTae04XJ4LbUFYNK1-xtkB4-EmwDdrWD"
    'FUTfKY5IdasMSo0Dkr0_OCKZfYF1a0pl_U7wxDWPDd9ItvYDHj3xyxFwPJS-7iDWo9mY51YBYeH7FWlJQ"}'
)


def test_defaults_are_the_librarys(tmp_path: Path) -> None:
    """A file that says only what it must makes the same `Config` as code that says only what it must."""
    settings = load(tmp_path, SMALLEST + PROVIDER)
    assert settings.config == Config(
        http=HttpSettings(api_domain="https://api.example.com", website_domain="https://example.com"),
        secrets=(SECRET,),
        providers=(
            Provider(
                name="old",
                issuers=("https://login.example.org/",),
                keys=LiveKeys(issuer="https://login.example.org/"),
                audiences=frozenset({"https://api.example.com"}),
                authorized_parties=frozenset({"spa"}),
                live_check=KEYS_ONLY,
            ),
        ),
    )
    assert settings.store.name == str(tmp_path / "segue.sqlite3")
    assert settings.server == ServerSection()


def test_every_section_is_heard(tmp_path: Path) -> None:
    """Values of each section arrive where they belong."""
    text = SMALLEST.replace(
        'website_domain = "https://example.com"',
        'website_domain = "https://example.com"\ntrusted_origins = ["https://admin.example.com/"]\n'
        'anti_csrf = "VIA_TOKEN"\ntoken_transfer = "cookie"\ncookie_same_site = "strict"',
    )
    text += (
        'signing_algorithm = "RS256"\nupdate_interval = "2d"\nuse_static_keys = true\nverified_cache = 5\n'
    )
    text += '[lifetimes]\naccess = "5m"\nrefresh = "30d"\nabsolute = "90d"\nidle = "7d"\ngrace = "10s"\n'
    text += '[store]\ndatabase = "sessions/db"\nsynchronous = "NORMAL"\nbusy_timeout = "1s"\nauto_upgrade = false\n'
    text += (
        '[server]\nhost = "::1"\nport = 1\nworkers = 3\nlog_level = "debug"\ntrusted_proxies = ["10.0.0.1"]\n'
    )
    settings = load(tmp_path, text)
    config, store = settings.config, settings.store
    assert config.trusted_origins == {"https://admin.example.com"}
    assert (config.http.anti_csrf_mode, config.http.same_site) == (AntiCsrfMode.VIA_TOKEN, "Strict")
    assert config.http.use_static_keys
    assert config.signing_algorithm is Algorithm.RS256
    assert (config.key_update_interval, config.verified_cache) == (timedelta(days=2), 5)
    assert config.lifetimes == Lifetimes(
        access=timedelta(minutes=5),
        refresh=timedelta(days=30),
        absolute=timedelta(days=90),
        idle=timedelta(days=7),
        grace=timedelta(seconds=10),
    )
    assert store == SqliteSettings(
        path=tmp_path / "sessions/db",
        synchronous="NORMAL",
        busy_timeout=timedelta(seconds=1),
        auto_upgrade=False,
    )
    assert settings.server == ServerSection(
        host="::1", port=1, workers=3, log_level="debug", trusted_proxies=("10.0.0.1",)
    )


def provider_of(tmp_path: Path, more: str) -> Provider:
    """The provider that a file with *more* in its table makes."""
    (provider,) = load(tmp_path, SMALLEST + PROVIDER + more).config.providers
    assert isinstance(provider, Provider)
    return provider


def test_carried_roles(tmp_path: Path) -> None:
    """Roles are carried by a claim's name or the way to it, and each place that is wrong is named."""
    one = '[[provider.carried_roles]]\nclaim = "roles"\nsession_claim = "roles"\nmaximum_age = "15m"\n'
    way = '[[provider.carried_roles]]\nclaim = ["a.b", "roles"]\nsession_claim = "st-role"\nmaximum_age = "1h"\n'
    assert provider_of(tmp_path, one + way).carried_roles == (
        CarriedRole(claim="roles", session_claim="roles", maximum_age=timedelta(minutes=15)),
        CarriedRole(claim=("a.b", "roles"), session_claim="st-role", maximum_age=timedelta(hours=1)),
    )
    for wrong, sentence in (
        (way.replace('"1h"', '"2d"'), "at most 24 hours"),
        (way.replace('"st-role"', '"st-mfa"'), "no name for it"),
        (one + one, "filled twice"),
        (one.replace('maximum_age = "15m"\n', ""), "maximum_age"),
    ):
        with pytest.raises(ConfigurationError, match=sentence):
            provider_of(tmp_path, wrong)


def test_provider_in_full(tmp_path: Path) -> None:
    """Every rule of a provider can be written down."""
    provider = provider_of(
        tmp_path,
        'credential = "id_token"\nalgorithms = ["RS256"]\ntoken_types = ["jwt"]\n'
        'required_claims = {token_use = "access"}\nuser_claim = "uid"\nuser_id_prefix = "old|"\n'
        'session_claims = ["sid"]\nleeway = "5s"\nmaximum_age = "1h"\nsession_lifetime = "7d"\n'
        "issued_before = 2030-01-01T00:00:00Z\ndeadline = 2030-02-01T00:00:00+01:00\n"
        'tenant = "t1"\ncarried_claims = ["locale"]\n[provider.keys]\njwks_url = "https://keys.example.org/jwks"\n'
        'max_age = "1m"\nstale_for = "1h"\ncool_down = "5s"\n'
        '[provider.revocation]\nurl = "https://login.example.org/revoke"\nclient_id = "spa"\n'
        'allowed_token_types = ["refresh_token"]\n',
    )
    assert provider.credential is CredentialKind.ID_TOKEN
    assert provider.algorithms == {Algorithm.RS256}
    assert provider.required_claims == (("token_use", "access"),)
    assert (provider.user_claim, provider.session_claims, provider.tenant_id) == ("uid", ("sid",), "t1")
    assert (provider.leeway, provider.maximum_age) == (timedelta(seconds=5), timedelta(hours=1))
    assert provider.issued_before == datetime(2030, 1, 1, tzinfo=UTC)
    assert provider.deadline == datetime(2030, 1, 31, 23, tzinfo=UTC)
    assert provider.map_user is not SAME_ID
    assert isinstance(provider.keys, LiveKeys)
    assert (provider.keys.jwks_url, provider.keys.cool_down) == (
        "https://keys.example.org/jwks",
        timedelta(seconds=5),
    )
    assert isinstance(provider.revocation, Revocation7009)
    assert provider.revocation.allowed_token_types == {"refresh_token"}


def test_any_gives_a_check_up_by_name(tmp_path: Path) -> None:
    """`"any"` without brackets is ANY_AUDIENCE."""
    text = PROVIDER.replace('["https://api.example.com"]', '"any"')
    (provider,) = load(tmp_path, SMALLEST + text).config.providers
    assert isinstance(provider, Provider)
    assert provider.audiences is ANY_AUDIENCE


def test_keys_pinned_inline_and_by_file(tmp_path: Path) -> None:
    """Keys in the settings file and keys in a file of `segue pin` are the same, and the file says since when."""
    inline = provider_of(
        tmp_path, f"[provider.keys]\nnot_after = 2100-01-01T00:00:00Z\ninline = {{keys = [{RSA}]}}\n"
    )
    jwk = RSA.replace(" = ", ": ").replace("kty", '"kty"').replace("kid", '"kid"').replace(" alg", ' "alg"')
    jwk = jwk.replace(" e:", ' "e":').replace(" n:", ' "n":')
    tmp_path.joinpath("keys.json").write_text(
        f'{{"pinned_at": "2030-01-01T00:00:00+00:00", "keys": [{jwk}]}}'
    )
    by_file = provider_of(tmp_path, '[provider.keys]\nnot_after = 2100-01-01T00:00:00Z\nfile = "keys.json"\n')
    assert isinstance(inline.keys, PinnedKeys)
    assert isinstance(by_file.keys, PinnedKeys)
    assert inline.keys.keys == by_file.keys.keys
    assert by_file.keys.pinned_at == datetime(2030, 1, 1, tzinfo=UTC)


def test_environment_wins(tmp_path: Path) -> None:
    """A variable of ours overrides the file; an empty one does not."""
    environment = {
        "SEGUE_PORT": "1234",
        "SEGUE_API_DOMAIN": "https://other.example.com",
        "SEGUE_COOKIE_SECURE": "TRUE",
        "SEGUE_TRUSTED_ORIGINS": "https://a.example.com, https://b.example.com",
        "SEGUE_LIFETIMES_ABSOLUTE": "90d",
        "SEGUE_DATABASE": str(tmp_path / "elsewhere"),
        "SEGUE_WEBSITE_DOMAIN": "",
    }
    settings = load(tmp_path, SMALLEST, environment)
    assert settings.server.port == 1234
    assert settings.config.http.api_domain == "https://other.example.com"
    assert settings.config.http.website_domain == "https://example.com"
    assert settings.config.trusted_origins == {"https://a.example.com", "https://b.example.com"}
    assert settings.config.lifetimes.absolute == timedelta(days=90)
    assert settings.store.name == str(tmp_path / "elsewhere")


def test_secret_from_the_environment_takes_the_place_of_the_file(tmp_path: Path) -> None:
    """SEGUE_SECRET needs no file, may hold several secrets, and leaves the settings file open to readers."""
    path = write(tmp_path, SMALLEST)
    path.chmod(0o644)
    tmp_path.joinpath("segue.secret").unlink()
    settings = load_settings(path, {"SEGUE_SECRET": f"{SECRET}-new\n{SECRET}\n"})
    assert settings.config.secrets == (f"{SECRET}-new", SECRET)


def test_client_secret_from_the_environment(tmp_path: Path) -> None:
    """SEGUE_PROVIDER_<NAME>_CLIENT_SECRET takes the place of the file."""
    text = (
        SMALLEST
        + PROVIDER.replace('"old"', '"old-one"')
        + '[provider.revocation]\nurl = "https://login.example.org/revoke"\nclient_id = "spa"\n'
        'client_secret_file = "not-there"\n'
    )
    (provider,) = load(tmp_path, text, {"SEGUE_PROVIDER_OLD_ONE_CLIENT_SECRET": "hush"}).config.providers
    assert isinstance(provider.revocation, Revocation7009)
    assert provider.revocation.client_secret == "hush"


WRONG = {
    "not toml": ("x", "is not TOML"),
    "unknown section": (SMALLEST + "[htpp]\n", "htpp is no setting; did you mean http?"),
    "unknown key": (SMALLEST + "sekret = 1\n", "keys.sekret is no setting; did you mean secret?"),
    "unknown key of provider": (
        SMALLEST + PROVIDER + "issuer = 'x'\n",
        r"provider\[0\].issuer is no setting; did you mean issuers",
    ),
    "missing section": ("", "http is missing"),
    "missing key": (SMALLEST.replace("website_domain", "# "), "http.website_domain is missing"),
    "wrong kind": (SMALLEST + '[server]\nport = "80"\n', "server.port: write a whole number"),
    "wrong word": (SMALLEST + '[server]\nlog_level = "loud"\n', "choose one of"),
    "number as duration": (SMALLEST + "[lifetimes]\naccess = 60\n", 'such as "30s"'),
    "wrong duration": (SMALLEST + '[lifetimes]\naccess = "1 hour"\n', 'such as "30s"|like "30s"'),
    "port": (SMALLEST + "[server]\nport = 70000\n", "between 0 and 65535"),
    "workers": (SMALLEST + "[server]\nworkers = 0\n", "between 1 and 256"),
    "every proxy": (SMALLEST + '[server]\ntrusted_proxies = ["*"]\n', "list the addresses of your proxies"),
    "no issuer": (
        SMALLEST + PROVIDER.replace('["https://login.example.org/"]', "[]"),
        "list the exact iss of its tokens",
    ),
    "wildcard issuer": (SMALLEST + PROVIDER.replace("login.", "*."), "provider old: issuer cannot be asked"),
    "no audience": (
        SMALLEST + PROVIDER.replace('["https://api.example.com"]', "[]"),
        'audiences names nobody.*or write "any"',
    ),
    "any in brackets": (SMALLEST + PROVIDER.replace('["spa"]', '["any"]'), "without brackets"),
    "lone party": (SMALLEST + PROVIDER.replace('["spa"]', '"spa"'), "must be a list"),
    "both given up": (
        SMALLEST + PROVIDER.replace('["spa"]', '"any"').replace('["https://api.example.com"]', '"any"'),
        "accept every token",
    ),
    "live and pinned": (
        SMALLEST + PROVIDER + '[provider.keys]\nfile = "x"\njwks_url = "https://x.example"\n',
        "jwks_url belongs to live keys",
    ),
    "pinned twice": (
        SMALLEST + PROVIDER + '[provider.keys]\nfile = "x"\npem = "y"\n',
        "give one of file and pem",
    ),
    "end of live keys": (
        SMALLEST + PROVIDER + "[provider.keys]\nnot_after = 2030-01-01T00:00:00Z\n",
        "not_after belongs to pinned keys",
    ),
    "no such key file": (SMALLEST + PROVIDER + '[provider.keys]\nfile = "x"\n', "cannot be read"),
    "local time": (SMALLEST + PROVIDER + "deadline = 2030-01-01T00:00:00\n", "has no time zone"),
    "two providers, same ids": (
        SMALLEST + PROVIDER + PROVIDER.replace('"old"', '"older"'),
        "give each provider a user_id_prefix",
    ),
    "prefix of a prefix": (
        SMALLEST
        + (PROVIDER + 'user_id_prefix = "a|"\n')
        + (PROVIDER.replace('"old"', '"older"').replace("login", "l2") + 'user_id_prefix = "a|b|"\n'),
        "none of which begins with another",
    ),
    "other database": (SMALLEST + '[store]\ndatabase = "mysql://x"\n', "begin with postgresql://"),
    "two client secrets": (
        SMALLEST
        + PROVIDER
        + '[provider.revocation]\nurl = "https://x.example"\nclient_id = "x"\nclient_secret_file = "y"\n'
        'client_secret = ""\n',
        "open to other users",
    ),
    "no secret": (SMALLEST.replace("secret_file", "# "), "there is no deployment secret"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings_are_refused_with_what_mends_them(tmp_path: Path, wrong: str) -> None:
    """Each mistake is one sentence that names the place and the remedy."""
    text, sentence = WRONG[wrong]
    with pytest.raises(ConfigurationError, match=sentence) as refused:
        load(tmp_path, text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SEGUE_PORT": "x"}, "SEGUE_PORT must be a number"),
        ({"SEGUE_PORT": "tcp://10.0.0.1:8090"}, "enableServiceLinks: false"),
        ({"SEGUE_COOKIE_SECURE": "yes"}, "SEGUE_COOKIE_SECURE must be true or false"),
        ({"SEGUE_ANTI_CSRF": "x"}, "http.anti_csrf"),
    ],
)
def test_wrong_variable(tmp_path: Path, environment: dict[str, str], sentence: str) -> None:
    """A variable that cannot be read as its setting is refused by name, without its value."""
    with pytest.raises(ConfigurationError, match=sentence):
        load(tmp_path, SMALLEST, environment)


@pytest.mark.parametrize("text", ['secret = "hush-hush', 'secret = ["hush-hush"]', 'secret = "a" hush-hush'])
def test_secret_in_a_broken_file_is_not_quoted(tmp_path: Path, text: str) -> None:
    """No complaint about a file repeats what stands in it."""
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, SMALLEST.replace('secret_file = "segue.secret"', text))
    assert "hush" not in str(refused.value)


def test_settings_do_not_show_their_secrets(tmp_path: Path) -> None:
    """The text form of settings, as it may get into a log, holds no secret."""
    assert SECRET not in repr(load(tmp_path, SMALLEST))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_secret_file_that_others_can_reach(tmp_path: Path, mode: int) -> None:
    """A secret file that is open to group or others is refused with the command that closes it."""
    path = write(tmp_path, SMALLEST)
    secret = tmp_path / "segue.secret"
    secret.chmod(mode)

    with pytest.raises(ConfigurationError, match=f"chmod 600 '{secret}'"):
        load_settings(path, {})


def test_settings_file_with_a_secret_that_others_can_read(tmp_path: Path) -> None:
    """A secret in the settings file makes it one that has to be closed."""
    text = SMALLEST.replace('secret_file = "segue.secret"', f'secret = "{SECRET}"')
    path = write(tmp_path, text)
    path.chmod(0o644)

    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_settings(path, {})
    path.chmod(0o600)
    assert load_settings(path, {}).config.secrets == (SECRET,)


def test_secret_and_secret_file(tmp_path: Path) -> None:
    """One of the two, or nobody knows which one counts."""
    path = write(tmp_path, SMALLEST + f'secret = "{SECRET}"\n')
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="not both"):
        load_settings(path, {})


def test_settings_file_that_anybody_can_change(tmp_path: Path) -> None:
    """Whoever can write the file decides whose tokens are believed; such a file is refused."""
    path = write(tmp_path, SMALLEST)
    path.chmod(0o666)
    with pytest.raises(ConfigurationError, match="chmod o-w"):
        load_settings(path, {})


def test_postgres(tmp_path: Path) -> None:
    """An address of PostgreSQL makes such a store; with a password the file must be closed, and none is shown."""
    text = SMALLEST + '[store]\ndatabase = "postgresql://segue:hush@db.example/x"\npool_size = 3\n'
    text += 'statement_timeout = "2s"\ntransaction_pooler = true\nstale_feed = "accept"\n'
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load(tmp_path, text)
    (tmp_path / "segue.toml").chmod(0o600)
    settings = load_settings(tmp_path / "segue.toml", {})
    assert settings.store == PostgresSettings(
        address="postgresql://segue:hush@db.example/x",
        pool_size=3,
        statement_timeout=timedelta(seconds=2),
        transaction_pooler=True,
        auto_upgrade=True,
    )
    assert settings.config.stale_feed is StaleFeed.ACCEPT
    assert "hush" not in repr(settings) + settings.store.name


def test_core(tmp_path: Path) -> None:
    """Sessions live in the store, or in the core that is named; its key is shown nowhere."""
    assert load(tmp_path, SMALLEST).core is None
    named = SMALLEST + '[core]\nhosts = ["http://core-1:3567"]\n'
    found = load(tmp_path, named + 'api_key_file = "segue.secret"\ntimeout = "2s"\n').core
    assert found is not None
    assert (found.hosts, found.api_key, found.timeout) == (
        ("http://core-1:3567",),
        SECRET,
        timedelta(seconds=2),
    )
    assert SECRET not in repr(found)
    by_environment = load(tmp_path, named, {"SEGUE_CORE_API_KEY": "from-outside"}).core
    assert by_environment is not None
    assert by_environment.api_key == "from-outside"


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('[core]\napi_key_file = "segue.secret"\n', "core.hosts is empty"),
        ('[core]\nhosts = ["core-1:3567"]\n', "address must look like"),
        ('[core]\nhosts = ["http://core"]\napi_key = "a"\napi_key_file = "b"\n', "(?s)not both|closed|chmod"),
        ('[core]\nhosts = ["http://core"]\napi_key = "a"\n', "chmod"),
    ],
)
def test_core_that_cannot_be(tmp_path: Path, table: str, sentence: str) -> None:
    """What cannot work, or shows the key to other users, is refused with the sentence that mends it."""
    with pytest.raises(ConfigurationError, match=sentence):
        load(tmp_path, SMALLEST + table)
