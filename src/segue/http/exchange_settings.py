"""
Who may exchange a previous provider's token for a session at the token endpoint (RFC 8693), as configured.

House rule: off unless a client is named; a client without a secret is a choice that is said by name, and what it may
do without one is no more than what anybody may who holds the token.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Final, TypeAlias, cast

import msgspec

from segue.discreet import Discreet
from segue.errors import ConfigurationError

_SHORTEST_SECRET = 32


class PublicClient(Enum):
    """A client that cannot keep a secret."""

    PUBLIC = "public"


PUBLIC_CLIENT: Final = PublicClient.PUBLIC
"""An installed app (RFC 8252 §8.5): it names itself, and an `Idempotency-Key` is what tells it from others."""

ClientSecrets: TypeAlias = tuple[str, ...] | PublicClient


class ExchangeClient(Discreet, frozen=True, kw_only=True):
    """
    A mobile app or a service that may exchange tokens.

    Raises:
        ConfigurationError: no name, or a secret that can be guessed.
    """

    unshown: ClassVar = frozenset({"secrets"})

    client_id: str
    secrets: ClientSecrets
    """The newest first, and its predecessor while that is replaced; or `PUBLIC_CLIENT`."""
    providers: frozenset[str] | None = None
    """Names of the providers whose tokens it may exchange; None: all that are configured."""

    def __post_init__(self) -> None:
        name, secrets = self.client_id, cast("object", self.secrets)
        if not 0 < len(name) <= 255 or not name.isascii() or not name.isprintable() or " " in name:
            raise ConfigurationError("client_id of a token exchange must be 1 to 255 visible characters")
        if secrets is PUBLIC_CLIENT:
            return
        if not isinstance(secrets, tuple) or not secrets:
            raise ConfigurationError(
                f"client {name}: secrets must be a tuple of texts, or PUBLIC_CLIENT for an app that can keep none"
            )
        if any(len(each) < _SHORTEST_SECRET for each in self.confidential):
            raise ConfigurationError(
                f"client {name}: a secret has at least {_SHORTEST_SECRET} random characters"
            )

    @property
    def confidential(self) -> tuple[str, ...]:
        """Its secrets; none: it is a public client."""
        return () if isinstance(self.secrets, PublicClient) else self.secrets


class TokenExchange(msgspec.Struct, frozen=True, kw_only=True):
    """
    The token endpoint.

    Raises:
        ConfigurationError: nobody may use it, or two clients have one name.
    """

    clients: tuple[ExchangeClient, ...]
    audiences: frozenset[str] = frozenset()
    """What `audience` and `resource` may name besides the API's address and our issuer."""

    def __post_init__(self) -> None:
        if not isinstance(cast("object", self.clients), tuple) or not self.clients:
            raise ConfigurationError(
                "a token exchange needs clients=(ExchangeClient(...),); leave it out for none"
            )
        names = [client.client_id for client in self.clients]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ConfigurationError(f"client {doubled[0]!r} of the token exchange is configured twice")

    @property
    def methods(self) -> tuple[str, ...]:
        """How clients authenticate here (OpenID Connect Discovery §3)."""
        confidential = any(client.confidential for client in self.clients)
        public = any(not client.confidential for client in self.clients)
        by_secret = ("client_secret_basic", "client_secret_post") if confidential else ()
        return (*by_secret, *(("none",) if public else ()))
