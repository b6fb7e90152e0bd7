"""What the provider is started with, and what its routes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from segue.clock import Clock
from segue.demo.provider.clients import Client
from segue.demo.provider.ledger import Ledger
from segue.demo.provider.tokens import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One running provider."""

    issuer: str
    app_origins: tuple[str, ...]
    clients: Mapping[str, Client]
    ledger: Ledger
    signer: Signer
    clock: Clock
    new_secret: Callable[[], str]
