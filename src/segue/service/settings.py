"""
The settings of a service, ready for use: from the file and the environment to the library's own values.

House rules: all that can be refused is refused here, before anything listens; a file that holds a secret is read only
if it is closed to other users.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from segue.config import Config
from segue.errors import ConfigurationError
from segue.http.settings import HttpSettings
from segue.http.site import parse_origin
from segue.migration.buckets import Budget
from segue.migration.throttle import Limits
from segue.remote.settings import RemoteCore
from segue.service.environment import (
    CONFIG,
    api_key_variable,
    client_secret_variable,
    introspection_secret_variable,
    shared_secret_variable,
    variable,
)
from segue.service.exchange import exchange_of
from segue.service.private_files import read_private, require_private
from segue.service.providers import providers_of
from segue.service.reading import read_settings
from segue.service.remote_core import core_of
from segue.service.schema import (
    AnyProviderSection,
    CookieProviderSection,
    HttpSection,
    KeysSection,
    LifetimesSection,
    LimitsSection,
    ProviderSection,
    ServerSection,
    SettingsFile,
)
from segue.service.store import StoreSettings, store_of
from segue.sessions.policy import Lifetimes
from segue.tokens.algorithms import Algorithm

DEFAULT_FILE = Path("segue.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of them."""

    source: Path
    """The file."""
    server: ServerSection
    config: Config
    store: StoreSettings
    core: RemoteCore | None = None
    """Where sessions live, if not in the store."""


def settings_path(given: Path | None, environment: Mapping[str, str]) -> Path:
    """Which file: the one named, else the one that `SEGUE_CONFIG` names, else `segue.toml` here."""
    return given or Path(environment.get(CONFIG) or DEFAULT_FILE)


def load_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """
    Read, check and build everything.

    Args:
        path: of the settings file; other paths in it start at its folder.
        environment: wins over the file.

    Raises:
        ConfigurationError: the first thing that cannot be safe or cannot work; the text says how to mend it.
    """
    file = read_settings(_text(path), name=path.name, environment=environment)
    folder = path.absolute().parent
    _require_closed_if_secret(file, path, environment)
    return Settings(
        source=path,
        server=_checked(file.server),
        config=_config(file, folder),
        store=store_of(file.store, folder),
        core=core_of(file.core, folder),
    )


def _text(path: Path) -> str:
    try:
        if path.stat().st_mode & stat.S_IWOTH:
            raise ConfigurationError(
                f"{path} can be changed by anybody, who could have foreign tokens believed: chmod o-w '{path}'"
            )
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(f"there is no {path}; make one with: segue init {path}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def _require_closed_if_secret(file: SettingsFile, path: Path, environment: Mapping[str, str]) -> None:
    """A secret that the environment gave does not make the file one that holds a secret."""
    password = file.store.database if "@" in file.store.database else None
    inline = [
        (file.keys.secret, variable("keys", "secret")),
        (password, variable("store", "database")),
        (file.core.api_key, variable("core", "api_key")),
    ] + [
        (secret, named(provider.name))
        for provider in file.providers
        for secret, named in _secrets_of(provider)
    ]
    given = any(secret is not None and not environment.get(name) for secret, name in inline)
    if given or any(client.client_secret is not None for client in file.token_exchange.client):
        require_private(path)


def _secrets_of(provider: AnyProviderSection) -> Iterator[tuple[str | None, Callable[[str], str]]]:
    if isinstance(provider, ProviderSection):
        yield provider.keys.secret, shared_secret_variable
    if provider.revocation is not None:
        yield provider.revocation.client_secret, client_secret_variable
        yield provider.revocation.api_key, api_key_variable
    if not isinstance(provider, CookieProviderSection) and provider.introspection is not None:
        yield provider.introspection.client_secret, introspection_secret_variable


def _checked(server: ServerSection) -> ServerSection:
    if not 0 <= server.port <= 65535:
        raise ConfigurationError("server.port must lie between 0 and 65535")
    if server.metrics_port is not None and not 1 <= server.metrics_port <= 65535:
        raise ConfigurationError("server.metrics_port must lie between 1 and 65535")
    if server.metrics_port is not None and server.metrics_port == server.port:
        raise ConfigurationError("server.metrics_port: give the metrics another port than server.port")
    if not 1 <= server.workers <= 256:
        raise ConfigurationError("server.workers must lie between 1 and 256")
    if not server.host:
        raise ConfigurationError('server.host is empty; write "127.0.0.1" for this machine alone')
    if "*" in server.trusted_proxies:
        raise ConfigurationError(
            "server.trusted_proxies: with * anybody may claim any address; list the addresses of your proxies"
        )
    return server


def _config(file: SettingsFile, folder: Path) -> Config:
    origins = (str(parse_origin(text, setting="http.trusted_origins")) for text in file.http.trusted_origins)
    return Config(
        http=_http(file, folder),
        secrets=_secrets(file.keys, folder),
        providers=providers_of(file.providers, folder),
        lifetimes=_lifetimes(file.lifetimes),
        signing_algorithm=Algorithm(file.keys.signing_algorithm),
        key_update_interval=file.keys.update_interval.span,
        trusted_origins=frozenset(origins),
        verified_cache=file.keys.verified_cache,
        revocation_lag=file.lifetimes.revocation_lag.span,
        stale_feed=file.store.stale_feed,
        limits=_limits(file.limits),
        attempts_kept=file.store.attempts_kept.span,
    )


def _http(file: SettingsFile, folder: Path) -> HttpSettings:
    section: HttpSection = file.http
    return HttpSettings(
        api_domain=section.api_domain,
        website_domain=section.website_domain,
        api_base_path=section.api_base_path,
        api_gateway_path=section.api_gateway_path,
        cookie_domain=section.cookie_domain,
        older_cookie_domain=section.older_cookie_domain,
        cookie_secure=section.cookie_secure,
        cookie_same_site=section.cookie_same_site,
        anti_csrf=section.anti_csrf,
        session_expired_status=section.session_expired_status,
        invalid_claim_status=section.invalid_claim_status,
        expose_access_token=section.expose_access_token,
        token_transfer=section.token_transfer,
        use_static_keys=file.keys.use_static_keys,
        token_exchange=exchange_of(
            file.token_exchange, folder, frozenset(provider.name for provider in file.providers)
        ),
    )


def _limits(section: LimitsSection) -> Limits:
    return Limits(
        address=Budget(burst=section.address_failures, every=section.address_every.span),
        subject=Budget(burst=section.subject_failures, every=section.subject_every.span),
        sharing=section.sharing,
        on_outage=section.on_outage,
    )


def _lifetimes(section: LifetimesSection) -> Lifetimes:
    return Lifetimes(
        access=section.access.span,
        access_jitter=section.access_jitter,
        refresh=section.refresh.span,
        absolute=None if section.absolute is None else section.absolute.span,
        idle=None if section.idle is None else section.idle.span,
        grace=section.grace.span,
    )


def _secrets(keys: KeysSection, folder: Path) -> tuple[str, ...]:
    """One to a line, primary first."""
    if keys.secret is not None and keys.secret_file is not None:
        raise ConfigurationError("give keys.secret or keys.secret_file, not both")
    if keys.secret_file is not None:
        text = read_private(folder / keys.secret_file)
    elif keys.secret is not None:
        text = keys.secret
    else:
        raise ConfigurationError(
            "there is no deployment secret: set keys.secret_file, or SEGUE_SECRET in the environment; "
            "segue init makes one"
        )
    return tuple(line.strip() for line in text.splitlines() if line.strip())
