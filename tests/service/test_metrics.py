"""`GET /metrics` is on a port of its own, and nowhere else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest

from segue.errors import ConfigurationError
from segue.service.app import Service
from tests.service.files import SMALLEST, load
from tests.service.test_app import living

if TYPE_CHECKING:
    from pathlib import Path

WITH_METRICS = SMALLEST + "[server]\nmetrics_port = 9464\n"
PRIVATE, PUBLIC = "http://127.0.0.1:9464", "http://127.0.0.1:8090"


async def ask(service: Service, base: str, path: str, **more: str) -> httpx2.Response:
    """Ask on one of the two ports."""
    transport = httpx2.ASGITransport(app=service, client=("203.0.113.7", 1))
    async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
        method = more.pop("method", "GET")
        return await client.request(method, path, headers=more)


def test_metrics_are_private(tmp_path: Path) -> None:
    """The private port shows metrics and nothing else; the public one shows none, whatever a request says."""

    async def story() -> None:
        service = Service(load(tmp_path, WITH_METRICS))
        async with living(service):
            await ask(service, PUBLIC, "/auth/migrate-session", method="POST", authorization="Bearer x")
            shown = await ask(service, PRIVATE, "/metrics")
            assert shown.status_code == 200
            assert shown.headers["content-type"].startswith("text/plain")
            line = 'segue_migrations_total{code="TOKEN_MALFORMED",mode="",provider="",stage="token_validate"} 1.0'
            assert line in shown.text
            for path in ("/health", "/auth/session", "/auth/migrate-session", "/"):
                assert (await ask(service, PRIVATE, path)).status_code == 404
            for more in ({}, {"host": "127.0.0.1:9464"}, {"x-forwarded-port": "9464"}):
                assert (await ask(service, PUBLIC, "/metrics", **more)).status_code == 404

    asyncio.run(story())


def test_no_metrics_unless_asked_for(tmp_path: Path) -> None:
    """Without a port there are none."""

    async def story() -> None:
        service = Service(load(tmp_path, SMALLEST))
        async with living(service):
            assert (await ask(service, PRIVATE, "/metrics")).status_code == 404

    asyncio.run(story())


@pytest.mark.parametrize("port", [0, 65536, 8090])
def test_port_that_cannot_be(tmp_path: Path, port: int) -> None:
    """A port that nobody could find, or that the routes have, is refused."""
    with pytest.raises(ConfigurationError, match="metrics_port"):
        load(tmp_path, SMALLEST + f"[server]\nmetrics_port = {port}\n")
