"""The token endpoint in the settings file, and through the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.errors import ConfigurationError
from segue.http.exchange_settings import PUBLIC_CLIENT
from segue.service.exchange import exchange_of
from segue.service.schema import ExchangeClientSection, TokenExchangeSection

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "0123456789 abcdefghijklmnopqrstuvwxyz"
APP = ExchangeClientSection(client_id="app", public=True)


def section(*clients: ExchangeClientSection, audiences: frozenset[str] = frozenset()) -> TokenExchangeSection:
    """What stands in the file."""
    return TokenExchangeSection(client=clients, audiences=audiences)


def test_off_by_default(tmp_path: Path) -> None:
    """Without a client there is no endpoint."""
    assert exchange_of(section(), tmp_path, frozenset()) is None


def test_clients(tmp_path: Path) -> None:
    """A public client by name, a confidential one by the lines of its file or by its one secret."""
    path = tmp_path / "reports.secret"
    path.write_text(f"{SECRET} new\n{SECRET} old\n")
    path.chmod(0o600)
    filed = ExchangeClientSection(
        client_id="reports", client_secret_file=path.name, providers=frozenset({"old"})
    )
    inline = ExchangeClientSection(client_id="other", client_secret=SECRET)
    made = exchange_of(section(APP, filed, inline), tmp_path, frozenset({"old"}))
    assert made is not None
    assert [client.secrets for client in made.clients] == [
        PUBLIC_CLIENT,
        (f"{SECRET} new", f"{SECRET} old"),
        (SECRET,),
    ]
    assert made.clients[1].providers == frozenset({"old"})


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        (section(audiences=frozenset({"x"})), "token_exchange.client"),
        (section(ExchangeClientSection(client_id="a")), "give one of"),
        (section(ExchangeClientSection(client_id="a", public=True, client_secret=SECRET)), "give one of"),
        (section(ExchangeClientSection(client_id="a", client_secret="short")), "32"),
        (section(ExchangeClientSection(client_id="a", client_secret="")), "tuple|secret"),
        (
            section(ExchangeClientSection(client_id="a", public=True, providers=frozenset({"x"}))),
            "no provider",
        ),
        (section(ExchangeClientSection(client_id="a", client_secret_file="not there")), "not there"),
    ],
)
def test_wrong(wrong: TokenExchangeSection, mend: str, tmp_path: Path) -> None:
    """What cannot be safe is refused with words that mend it."""
    with pytest.raises(ConfigurationError, match=mend):
        exchange_of(wrong, tmp_path, frozenset({"old"}))
