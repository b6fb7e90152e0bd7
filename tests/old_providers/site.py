"""
The application that people are moved to: Segue's routes on a real socket over SQLite, and browsers that visit it.

House rule: a test sees what a page would see: statuses, JSON, and whether it is signed in.
"""

# No postponed annotations here: FastAPI has to see the dependency, which is local to a function.
import asyncio
import itertools
import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx2
import uvicorn
from fastapi import Depends, FastAPI

from segue import AsyncEngine, Config, HttpSettings
from segue.adapters.fastapi import CurrentSession, SegueFastAPI
from segue.migration.model import DeliveryState
from segue.stores.sqlite import AsyncSqliteStore, SqliteStore
from tests.support.processes import wait_until

SECRET = "the deployment secret of these tests, long enough"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What somebody's browser holds of the old application."""

    cookies: Mapping[str, str] = field(default_factory=dict[str, str])
    bearer: str | None = None
    refresh: str | None = None
    """The old refresh token, which a page sends along where the old session is ended with it."""

    def __repr__(self) -> str:
        return f"<Held {sorted(self.cookies)}{' bearer' if self.bearer else ''}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking to be migrated."""

    status: int
    json: Mapping[str, Any]

    @property
    def code(self) -> str:
        """The result, or why not."""
        return str(self.json.get("result") or self.json.get("code"))


class Visitor:
    """A browser with a page of the new application in it."""

    def __init__(self, origin: str, held: Held, key: str) -> None:
        self.held = held
        self.key = key
        self._origin = origin
        self._client = httpx2.Client(base_url=origin, cookies=dict(held.cookies), timeout=10)

    def migrate(self) -> Answer:
        """What the page does when it finds itself not signed in."""
        headers = {"st-auth-mode": "cookie", "idempotency-key": self.key, "origin": self._origin}
        if self.held.bearer is not None:
            headers["authorization"] = f"Bearer {self.held.bearer}"
        body = {} if self.held.refresh is None else {"refreshToken": self.held.refresh}
        reply = self._client.post("/migrate-session", headers=headers, json=body)
        return Answer(status=reply.status_code, json=reply.json())

    @property
    def user(self) -> str | None:
        """Who is signed in at the new application, by its own route."""
        reply = self._client.get("/me")
        return str(reply.json()["user"]) if reply.status_code == 200 else None

    def close(self) -> None:
        """Close the browser."""
        self._client.close()


class Site:
    """The new application while it runs."""

    def __init__(self, origin: str, database: Path) -> None:
        self.origin = origin
        self._database = database
        self.visitors: list[Visitor] = []

    @property
    def delivered(self) -> bool:
        """Whether nothing waits in the outbox, by a look from another process's place."""
        store = SqliteStore(str(self._database))
        try:
            return not store.list_deliveries(state=DeliveryState.PENDING, limit=1)
        finally:
            store.close()

    def visitor(self, held: Held, *, key: str | None = None) -> Visitor:
        """A browser that holds this of the old application; another client than all before unless *key* is theirs."""
        chosen = key or f"00000000-0000-4000-8000-{next(_numbers):012}"
        self.visitors.append(Visitor(self.origin, held, chosen))
        return self.visitors[-1]


@contextmanager
def site(*providers: Any, database: Path, **engine_arguments: Any) -> Generator[Site]:
    """
    Run the new application for the length of a block.

    Args:
        providers: as `Config` takes them.
        database: SQLite file; the next site on it goes on where this one stops.
        engine_arguments: what else `AsyncEngine` takes.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = Config(
        http=HttpSettings(api_domain=origin, website_domain=origin), secrets=(SECRET,), providers=providers
    )

    def application() -> FastAPI:  # made on the loop that it runs on
        engine = AsyncEngine(config, store=AsyncSqliteStore(str(database)), **engine_arguments)
        return _application(engine)

    server = uvicorn.Server(
        uvicorn.Config(application, factory=True, lifespan="on", ws="none", log_config=None)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    made = Site(origin, database)
    try:
        wait_until(lambda: server.started or not thread.is_alive(), what="uvicorn to listen")
        yield made
    finally:
        for visitor in made.visitors:
            visitor.close()
        server.should_exit = True
        thread.join()
        listener.close()


def _application(engine: AsyncEngine) -> FastAPI:
    segue = SegueFastAPI(engine)
    app = FastAPI(lifespan=segue.lifespan)
    segue.install(app)

    @app.get("/me")
    async def me(session: Annotated[CurrentSession, Depends(segue.session)]) -> dict[str, str]:
        return {"user": session.user_id}

    return app
