"""
A core service in this process, asked over HTTP, with a clock that a test moves.

House rule: the real service, the real stores and real RSA keys; only where new keys come from is an argument, so that
two hundred tests do not wait for four hundred keys; every answer is held against the published description.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Coroutine, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx2

from segue.core.apps import Apps
from segue.service.core.app import serve_http
from segue.service.core.service import CoreService
from segue.service.core.upkeep import CoreUpkeep
from segue.stores.memory import AsyncMemoryStore
from segue.stores.sqlite import AsyncSqliteStore
from segue.tokens.algorithms import Algorithm
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import PrivateKey, make_private_key
from tests.service.core.described import demand_described
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from segue.json import JsonObject
    from segue.stores.ports import AsyncStore

T = TypeVar("T")
Body = dict[str, Any]

START = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
SECRET = b"a deployment secret of the tests: 0123456789"
NO_JITTER: JsonObject = {"access_token_validity_jitter": 0}
NEWEST = "5.6"


@cache
def _supply() -> Iterator[PrivateKey]:
    return cycle([make_private_key(Algorithm.RS256) for _ in range(6)])


class Keys:
    """Real keys, handed out in turn."""

    async def make_private_key(self, algorithm: Algorithm) -> PrivateKey:
        """The next one."""
        assert algorithm is Algorithm.RS256
        return next(_supply())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a back end gets."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Body:
        """The body of an answer that was understood."""
        assert self.status == 200, self.text
        assert self.headers["content-type"] == "application/json; charset=UTF-8"
        assert self.text.endswith("}\n")
        return cast("Body", json.loads(self.text))

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and sentence of one that was not."""
        assert self.headers["content-type"] == "text/html; charset=UTF-8"
        assert self.text.endswith("\n")
        return self.status, self.text[:-1]


class Core:
    """One instance of the service."""

    def __init__(
        self,
        store: AsyncStore,
        runner: asyncio.Runner,
        clock: ManualClock,
        *,
        config: JsonObject = NO_JITTER,
        base_path: str = "",
        development: bool = False,
    ) -> None:
        self.store = store
        self.runner = runner
        self.clock = clock
        self.base_path = base_path
        apps = Apps(config, Secrets([SECRET]), development=development)
        self.service = CoreService(apps, store=store, keys=Keys(), base_path=base_path, clock=clock)

    def again(self, *, config: JsonObject = NO_JITTER, development: bool = False) -> Core:
        """Another instance on the same store."""
        return Core(self.store, self.runner, self.clock, config=config, development=development)

    def pass_time(self, span: timedelta) -> None:
        """Let time pass."""
        self.clock.advance(span)

    def clean_up(self) -> int:
        """Delete what is over."""
        return self.runner.run(CoreUpkeep(self.service).clean_up())

    def make_keys(self) -> None:
        """What the background does every second."""
        self.runner.run(CoreUpkeep(self.service).make_keys())

    def run(self, story: Coroutine[Any, Any, T]) -> T:
        """Run something on the service's loop."""
        return self.runner.run(story)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        cdi: str | None = "5.4",
        content: bytes | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Reply:
        """One request; *content* instead of a body that is JSON."""
        given: dict[str, str | bytes] = dict(headers or {}) | ({} if cdi is None else {"cdi-version": cdi})
        if body is not None:
            content = json.dumps(body).encode()
            given["content-type"] = "application/json; charset=utf-8"

        sent = [
            (name.encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in given.items()
        ]

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await serve_http(self.service, scope, receive, send)

        transport = httpx2.ASGITransport(app=app, client=("127.0.0.1", 5))
        async with httpx2.AsyncClient(transport=transport, base_url="http://core") as client:
            answer = await client.request(method, path, content=content, headers=sent)
        if not self.base_path:
            demand_described(method, answer.url.path, answer.status_code, answer.text, answer.headers)
        return Reply(status=answer.status_code, text=answer.text, headers=answer.headers)

    def get(self, path: str, **more: Any) -> Reply:
        """GET."""
        return self.run(self.ask("GET", path, **more))

    def post(self, path: str, body: object = None, **more: Any) -> Reply:
        """POST."""
        return self.run(self.ask("POST", path, body, **more))

    def put(self, path: str, body: object = None, **more: Any) -> Reply:
        """PUT."""
        return self.run(self.ask("PUT", path, body, **more))

    # --- what back ends do -----------------------------------------------------------------------------------

    def create(self, user: str = "ada", *, cdi: str = "5.4", prefix: str = "", **more: object) -> Body:
        """Create a session; *more* replaces members of the body."""
        body = new_session(user) | more
        return self.post(f"{prefix}/recipe/session", body, cdi=cdi).json

    def refresh(self, token: str, *, cdi: str = "5.4", prefix: str = "", **more: object) -> Body:
        """Exchange a refresh token."""
        body = {"refreshToken": token, "enableAntiCsrf": False, "useDynamicSigningKey": True} | more
        return self.post(f"{prefix}/recipe/session/refresh", body, cdi=cdi).json

    def verify(self, token: str, *, cdi: str = "5.4", prefix: str = "", **more: object) -> Body:
        """Verify an access token."""
        body = verification(token) | more
        return self.post(f"{prefix}/recipe/session/verify", body, cdi=cdi).json

    def look(self, handle: str, *, cdi: str = "5.4") -> Body:
        """A session by its handle."""
        return self.get(f"/recipe/session?sessionHandle={handle}", cdi=cdi).json


def new_session(user: str = "ada") -> Body:
    """The body that creates a session."""
    return {"userId": user, "enableAntiCsrf": False, "userDataInJWT": {}, "userDataInDatabase": {}}


def verification(token: str) -> Body:
    """The body that verifies an access token."""
    return {
        "accessToken": token,
        "doAntiCsrfCheck": False,
        "enableAntiCsrf": False,
        "checkDatabase": False,
    }


def access(answer: Body) -> str:
    """The access token of an answer."""
    return cast("str", answer["accessToken"]["token"])


def refresh_of(answer: Body) -> str:
    """The refresh token of an answer."""
    return cast("str", answer["refreshToken"]["token"])


def handle_of(answer: Body) -> str:
    """The session's handle of an answer."""
    return cast("str", answer["session"]["handle"])


def header(token: str) -> Body:
    """The header of a JWT."""
    return _part(token, 0)


def claims(token: str) -> Body:
    """The payload of a JWT."""
    return _part(token, 1)


def _part(token: str, place: int) -> Body:
    text = token.split(".")[place]
    return cast("Body", json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def sha(text: str) -> str:
    """Lower-case hex SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def milliseconds(instant: datetime) -> int:
    """Since the epoch."""
    return int(instant.timestamp() * 1000)


Stores = Callable[["Path"], "AsyncStore"]
STORES: dict[str, Stores] = {
    "memory": lambda _folder: AsyncMemoryStore(),
    "sqlite": lambda folder: AsyncSqliteStore(folder / "core.sqlite3"),
}


@contextmanager
def world(make: Stores, folder: Path) -> Generator[Core]:
    """A service on a fresh store."""
    with asyncio.Runner() as runner:
        store = runner.run(_made(make, folder))
        try:
            yield Core(store, runner, ManualClock(START))
        finally:
            runner.run(store.close())


async def _made(make: Stores, folder: Path) -> AsyncStore:
    return make(folder)
