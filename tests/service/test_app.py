"""The application of `segue serve`, in this process: its faults, which a healthy service does not show."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import httpx2
import pytest

from segue.adapters import asgi
from segue.service.app import Service
from tests.service.files import SMALLEST, load

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime
    from pathlib import Path

    from segue.adapters.asgi import Message


@asynccontextmanager
async def living(service: Service) -> AsyncGenerator[list[Message]]:
    """The application from start-up to shutdown, as a server runs it; yields what it says."""
    told: asyncio.Queue[Message] = asyncio.Queue()
    said: list[Message] = []
    heard = asyncio.Event()

    async def send(message: Message) -> None:
        said.append(message)
        heard.set()

    life = asyncio.create_task(service({"type": "lifespan"}, told.get, send))
    await told.put({"type": "lifespan.startup"})
    await heard.wait()
    yield said
    await told.put({"type": "lifespan.shutdown"})
    await life


async def get(service: Service, path: str) -> httpx2.Response:
    """Ask for a path."""
    transport = httpx2.ASGITransport(app=service)
    async with httpx2.AsyncClient(transport=transport, base_url="https://api.example.com") as client:
        return await client.get(path)


def test_start_and_end_are_announced(tmp_path: Path) -> None:
    """The application says when it has started and when it has ended, and answers in between."""

    async def story() -> None:
        service = Service(load(tmp_path, SMALLEST))
        assert (await get(service, "/health")).status_code == 503
        async with living(service) as said:
            assert (await get(service, "/health")).json() == {"status": "OK"}
        assert [message["type"] for message in said] == [
            "lifespan.startup.complete",
            "lifespan.shutdown.complete",
        ]

    asyncio.run(story())


def test_database_that_cannot_be_used_fails_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is no database is one line in the log and a failed start-up."""
    tmp_path.joinpath("segue.sqlite3").write_bytes(b"no database " * 100)

    async def story() -> None:
        async with living(Service(load(tmp_path, SMALLEST))) as said:
            assert [message["type"] for message in said] == ["lifespan.startup.failed"]

    asyncio.run(story())
    assert "is not an SQLite database" in caplog.text


def lose_every_table(path: Path) -> None:
    """What a restore that went wrong may leave of a database."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if not table.startswith("sqlite_"):
                connection.execute(f'DROP TABLE "{table}"')


def test_health_when_the_store_fails(tmp_path: Path) -> None:
    """A store that does not answer makes 503, and the caller learns no more."""

    async def story() -> None:
        settings = load(tmp_path, SMALLEST)
        service = Service(settings)
        async with living(service):
            lose_every_table(tmp_path / "segue.sqlite3")
            answer = await get(service, "/health")
        assert (answer.status_code, answer.json()) == (503, {"status": "UNAVAILABLE"})

    asyncio.run(story())


class BrokenClock:
    """A clock that fails, with a text that must not get out."""

    def now(self) -> datetime:
        """Fails."""
        raise ZeroDivisionError("secret-token")


def test_unforeseen_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A mistake of ours is a vague 500, with CORS headers, and goes on to the log."""

    async def story() -> None:
        service = Service(load(tmp_path, SMALLEST), clock=BrokenClock())
        async with living(service):
            answer = await get(service, "/auth/session")
        assert (answer.status_code, answer.json()) == (500, {"message": "internal error"})
        assert answer.headers["vary"] == "Origin"

    asyncio.run(story())
    assert "GET /auth/session failed" in [record.getMessage() for record in caplog.records]


async def migrate_half(service: Service, *messages: Message) -> list[Message]:
    """What a request to migrate is answered of which only so much arrives."""
    left = list(messages)
    sent: list[Message] = []

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", b"Bearer x.y.z")]
    scope = {"type": "http", "method": "POST", "path": "/auth/migrate-session", "headers": headers}
    await service(scope, receive, send)
    return sent


HALF: Message = {"type": "http.request", "body": b"{}", "more_body": True}


@pytest.mark.parametrize("rest", [[], [{"type": "http.disconnect"}]], ids=["silence", "hung up"])
def test_half_a_body(
    rest: list[Message], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A body that does not arrive whole holds no connection, and what has arrived of it is not acted upon."""
    monkeypatch.setattr(asgi, "BODY_DEADLINE", 0.01)

    async def story() -> None:
        service = Service(load(tmp_path, SMALLEST))
        async with living(service):
            (start, _) = await asyncio.wait_for(migrate_half(service, HALF, *rest), 5)
        assert start["status"] == 408
        assert (b"connection", b"close") in start["headers"]

    asyncio.run(story())
    assert not [line for line in caplog.messages if line.startswith("migration ")], "nobody tried to migrate"
