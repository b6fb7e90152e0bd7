"""Which object answers which port of an engine's flows, and what is refused when an engine is built."""

from __future__ import annotations

import inspect

from segue.config import Config
from segue.errors import ConfigurationError
from segue.migration.endings import ApplicationEnding, RecordEnding
from segue.migration.key_sources import compared_part, live_part
from segue.migration.kinds import AnyProvider
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.provider import Provider
from segue.migration.web import AsyncWeb, Web
from segue.remote.wire import AsyncCoreWire, CoreWire
from segue.stores.ports import AsyncStore, Store

_STORE_PORTS = (
    *("SessionStore", "SessionIndex", "SigningKeyStore"),
    *("Ledger", "Outbox", "Identities", "AttemptLog", "Rollouts", "Limiter"),
    *("AppStore", "Removals", "UserIdMappings", "Users"),
)


def ports(
    store: Store | AsyncStore,
    web: Web | AsyncWeb | None,
    application: object,
    keys: object,
    core: CoreWire | AsyncCoreWire | None = None,
) -> dict[str, object]:
    """The ports by the names of their protocols."""
    named: dict[str, object] = dict.fromkeys(_STORE_PORTS, store)
    named |= {
        "UserMapper": application,
        "UserState": application,
        "OldApplication": application,
        "SessionEnder": application,
        "CredentialVerifier": application,
        "ClaimSource": application,
        "KeyMaker": keys,
    }
    if core is not None:
        named["CoreWire"] = core
    return named if web is None else named | {"Web": web}


def require_web(config: Config, web: object | None, offer: str) -> None:
    """Refuse providers that have to be spoken to where nobody can speak; *offer* names the class that can."""
    for provider in config.providers:
        if web is None and _spoken_to(provider):
            raise ConfigurationError(
                f"provider {provider.name} has to be asked for keys or about tokens, or told of revocations; "
                f"give the engine web={offer}() from segue.adapters.web"
            )


def _spoken_to(provider: AnyProvider) -> bool:
    by_web = not isinstance(provider.ending, ApplicationEnding | RecordEnding | None)
    if by_web or isinstance(provider, OpaqueProvider):
        return True
    if not isinstance(provider, Provider):
        return False
    return bool(live_part(provider.keys) or compared_part(provider.keys) or provider.introspection)


def require_home(config: Config, store: object | None, core: object | None, *, blocking: bool) -> None:
    """Refuse an engine whose sessions have no place, or its migrations, and parts of the other kind."""
    if store is None and core is None:
        raise ConfigurationError("an engine needs a store, or a remote core")
    if store is None and config.providers:
        raise ConfigurationError(
            "providers need a store for the ledger of migrations, also where sessions live in a remote core"
        )
    if store is not None:
        _require_store(store, blocking=blocking)
    if core is not None and inspect.iscoroutinefunction(getattr(core, "exchange", None)) == blocking:
        wanted = "Engine takes HttpCore" if blocking else "AsyncEngine takes AsyncHttpCore"
        raise ConfigurationError(
            f"{wanted} from segue.adapters.core, and {type(core).__name__} is the other kind"
        )


def _require_store(store: object, *, blocking: bool) -> None:
    if inspect.iscoroutinefunction(getattr(store, "load_session", None)) == blocking:
        wanted = "Engine takes a blocking store" if blocking else "AsyncEngine takes an asynchronous store"
        raise ConfigurationError(f"{wanted}, and {type(store).__name__} is the other kind")
