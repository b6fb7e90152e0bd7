"""
The token endpoint, from the settings file to the library's own value.

House rule: a client says by which of two ways it is known, a secret or none; the secret is never quoted.
"""

from __future__ import annotations

from pathlib import Path

from segue.errors import ConfigurationError
from segue.http.exchange_settings import PUBLIC_CLIENT, ClientSecrets, ExchangeClient, TokenExchange
from segue.service.private_files import read_private
from segue.service.schema import ExchangeClientSection, TokenExchangeSection


def exchange_of(
    section: TokenExchangeSection, folder: Path, providers: frozenset[str]
) -> TokenExchange | None:
    """
    Who may use the token endpoint; None: nobody, and there is none.

    Args:
        section: as read.
        folder: where relative paths start.
        providers: names of those that are configured.

    Raises:
        ConfigurationError: a client that cannot be safe, or a provider that is not there.
    """
    if not section.client:
        if section.audiences:
            raise ConfigurationError(
                "token_exchange.audiences: there is no [[token_exchange.client]] to use them"
            )
        return None
    for client in section.client:
        unknown = (client.providers or frozenset()) - providers
        if unknown:
            raise ConfigurationError(
                f"token_exchange.client {client.client_id}: there is no provider {', '.join(sorted(unknown))}"
            )
    return TokenExchange(
        clients=tuple(
            ExchangeClient(
                client_id=client.client_id, secrets=_secrets(client, folder), providers=client.providers
            )
            for client in section.client
        ),
        audiences=section.audiences,
    )


def _secrets(client: ExchangeClientSection, folder: Path) -> ClientSecrets:
    ways = [client.public, client.client_secret is not None, client.client_secret_file is not None]
    if sum(ways) != 1:
        raise ConfigurationError(
            f"token_exchange.client {client.client_id}: give one of client_secret, client_secret_file and "
            "public = true (an app that can keep no secret)"
        )
    if client.public:
        return PUBLIC_CLIENT
    text = client.client_secret or ""
    if client.client_secret_file is not None:
        text = read_private(folder / client.client_secret_file)
    return tuple(line.strip() for line in text.splitlines() if line.strip())
