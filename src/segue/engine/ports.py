"""Which object answers which port of an engine's flows, and what is refused when an engine is built."""

from __future__ import annotations

import inspect

from segue.config import Config
from segue.errors import ConfigurationError
from segue.migration.key_sources import LiveKeys
from segue.migration.web import AsyncWeb, Web
from segue.stores.ports import AsyncStore, Store

_STORE_PORTS = (
    *("SessionStore", "SessionIndex", "SigningKeyStore"),
    *("Ledger", "Outbox", "AttemptLog", "Rollouts", "Limiter"),
)


def ports(
    store: Store | AsyncStore, web: Web | AsyncWeb | None, application: object, keys: object
) -> dict[str, object]:
    """The ports by the names of their protocols."""
    named: dict[str, object] = dict.fromkeys(_STORE_PORTS, store)
    named |= {"UserMapper": application, "ClaimSource": application, "KeyMaker": keys}
    return named if web is None else named | {"Web": web}


def require_web(config: Config, web: object | None, offer: str) -> None:
    """Refuse providers that have to be spoken to where nobody can speak; *offer* names the class that can."""
    for provider in config.providers:
        if web is None and (isinstance(provider.keys, LiveKeys) or provider.revocation is not None):
            raise ConfigurationError(
                f"provider {provider.name} has to be asked for keys or told of revocations; "
                f"give the engine web={offer}() from segue.adapters.web"
            )


def require_store(store: object, *, blocking: bool) -> None:
    """Refuse a store of the other kind."""
    if inspect.iscoroutinefunction(getattr(store, "load_session", None)) == blocking:
        wanted = "Engine takes a blocking store" if blocking else "AsyncEngine takes an asynchronous store"
        raise ConfigurationError(f"{wanted}, and {type(store).__name__} is the other kind")
