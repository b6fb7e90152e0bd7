"""The token endpoint in the settings file, and through the service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest

from segue.errors import ConfigurationError
from segue.http.exchange_settings import PUBLIC_CLIENT
from segue.service.app import Service
from segue.service.exchange import exchange_of
from segue.service.schema import ExchangeClientSection, TokenExchangeSection
from segue.service.settings import load_settings
from tests.service.files import SMALLEST, load, write
from tests.service.test_app import living

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


def test_endpoint_of_the_service(tmp_path: Path) -> None:
    """`segue serve` answers the form, names the endpoint, and reads a file with a secret only if it is closed."""
    text = f'{SMALLEST}\n[[token_exchange.client]]\nclient_id = "reports"\nclient_secret = "{SECRET}"\n'

    async def story() -> None:
        path = write(tmp_path, text)
        path.chmod(0o600)
        service = Service(load_settings(path, {}))
        transport = httpx2.ASGITransport(app=service)
        async with (
            living(service),
            httpx2.AsyncClient(transport=transport, base_url="https://api.example.com") as client,
        ):
            document = (await client.get("/auth/.well-known/openid-configuration")).json()
            assert document["token_endpoint"].endswith("/auth/token")
            assert document["token_endpoint_auth_methods_supported"] == [
                "client_secret_basic",
                "client_secret_post",
            ]
            refused = await client.post("/auth/token", data={"grant_type": "x"}, auth=("reports", "wrong"))
            assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
            known = await client.post("/auth/token", data={"grant_type": "x"}, auth=("reports", SECRET))
            assert (known.status_code, known.json()["error"]) == (400, "unsupported_grant_type")

    asyncio.run(story())
    (tmp_path / "segue.toml").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod"):
        load(tmp_path, text)
