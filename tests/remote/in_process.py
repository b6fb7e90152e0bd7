"""
`segue core` in this process, behind the port of its clients: the real service, a store in memory, a clock by hand.

Two hosts, of which one is down; what it serves can be kept to an older version. House rule: nothing is played here but
the network.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from segue.core.apps import Apps
from segue.flow import Flow, drive, performer
from segue.migration.web import WebResponse
from segue.remote.settings import RemoteCore
from segue.remote.wire import CoreRequest, Unanswered
from segue.service.core.service import CoreRequest as Asked
from segue.service.core.service import CoreService
from segue.stores.memory import AsyncMemoryStore
from segue.tokens.secrets import Secrets
from tests.service.core.world import Keys

if TYPE_CHECKING:
    from segue.json import JsonValue
    from tests.support.clock import ManualClock

T = TypeVar("T")

KEY = "the-key-of-the-core-in-tests-0123456789"
SECRET = b"the secret of the core in tests: 0123456789"
UP = "http://up:2/base"
HOSTS = ("http://down:1", UP)


class AsyncInProcess:
    """The port `AsyncCoreWire`."""

    def __init__(
        self, clock: ManualClock, *, newest: str = "5.6", hosts: tuple[str, ...] = HOSTS, **config: JsonValue
    ) -> None:
        self.core = RemoteCore(hosts=hosts, api_key=KEY)
        self.store = AsyncMemoryStore()
        self.secrets = Secrets([SECRET])
        self.broken = False
        self.asked: list[str] = []
        settings: dict[str, JsonValue] = {
            "access_token_validity_jitter": 0,
            "api_keys": KEY,
            "supertokens_max_cdi_version": newest,
            **config,
        }
        self.service = CoreService(
            Apps(settings, self.secrets, development=False),
            store=self.store,
            keys=Keys(),
            base_path="/base",
            clock=clock,
        )

    async def exchange(self, request: CoreRequest) -> WebResponse | Unanswered:
        """Ask the service, unless it is down."""
        if request.host.host == "down" or self.broken:
            return Unanswered(reason="connection refused", sent=False)
        headers = dict(request.headers)
        path, _, query = request.target.partition("?")
        self.asked.append(path.removeprefix("/base"))
        answer = await self.service.answer(
            Asked(
                method=request.method,
                path=path,
                query=query.encode(),
                body=request.body or b"",
                api_key=headers.get("api-key"),
                cdi_version=headers.get("cdi-version"),
                client_ip="127.0.0.1",
            )
        )
        return WebResponse(status=answer.status, body=answer.body)

    async def pause(self, seconds: float) -> None:
        """The core in tests is never busy."""
        raise AssertionError(f"asked to wait {seconds} s")

    async def close(self) -> None:
        """Let go of the store."""
        await self.store.close()


class InProcess:
    """The same for blocking callers: the port `CoreWire`."""

    def __init__(self, clock: ManualClock, **given: Any) -> None:
        self.runner = asyncio.Runner()
        self.inner = AsyncInProcess(clock, **given)
        self.core = self.inner.core

    def exchange(self, request: CoreRequest) -> WebResponse | Unanswered:
        """As `AsyncInProcess`."""
        return self.runner.run(self.inner.exchange(request))

    def pause(self, seconds: float) -> None:
        """As `AsyncInProcess`."""
        self.runner.run(self.inner.pause(seconds))

    def close(self) -> None:
        """As `AsyncInProcess`."""
        self.runner.run(self.inner.close())
        self.runner.close()

    def run(self, flow: Flow[T]) -> T:
        """Drive a flow over this wire."""
        return drive(flow, performer({"CoreWire": self}))

    def ask(self, method: str, path: str, body: bytes = b"") -> WebResponse:
        """A call that no client of ours makes."""
        where, _, query = path.partition("?")
        asked = Asked(
            method=method,
            path=f"/base{where}",
            query=query.encode(),
            body=body,
            api_key=KEY,
            client_ip="127.0.0.1",
        )
        answer = self.runner.run(self.inner.service.answer(asked))
        return WebResponse(status=answer.status, body=answer.body)
